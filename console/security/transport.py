"""How requests reach the site: HTTPS, proxies, hosts, cookies. Judged by the settings and by the request itself."""

from collections.abc import Iterator

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from console.security.found import Finding, State, right

YEAR_S = 31_536_000
NEARBY = {"localhost", "127.0.0.1", "[::1]", "::1"}


def findings(request: HttpRequest) -> Iterator[Finding]:
    yield _https(request)
    yield _hsts()
    yield _proxies(request)
    yield _hosts(request)
    yield _cookies()
    yield _debug()
    yield _server()


def _https(request: HttpRequest) -> Finding:
    subject = _("HTTPS")
    if request.is_secure() and settings.HTTPS:
        return right(subject, _("This page came over HTTPS."))
    if settings.HTTPS:
        seen = _("CHATSITE_HTTPS is on, but this page did not come over HTTPS.")
        return Finding(
            subject, "wrong", seen, _("Let the proxy send X-Forwarded-Proto, and name it in CHATSITE_PROXIES.")
        )
    host = request.get_host().rpartition(":")[0] or request.get_host()
    state: State = "attention" if host in NEARBY else "wrong"
    seen = _("Passwords and conversations travel unencrypted: CHATSITE_HTTPS is off.")
    return Finding(
        subject, state, seen, _("Put a proxy with TLS in front (docker/proxy has examples), then set CHATSITE_HTTPS.")
    )


def _hsts() -> Finding:
    subject = _("HSTS")
    if settings.SECURE_HSTS_SECONDS >= YEAR_S:
        return right(subject, _("Browsers remember for a year to come over HTTPS only."))
    seen = _("Browsers are not told to come over HTTPS only.")
    return Finding(subject, "attention", seen, _("It comes with CHATSITE_HTTPS."))


def _proxies(request: HttpRequest) -> Finding:
    subject = _("Proxies")
    passed_on = "HTTP_X_FORWARDED_FOR" in request.META
    address = request.META.get("REMOTE_ADDR", "")
    believed = getattr(request, "scope", {}).get("proxy", "")
    if believed and passed_on:
        return right(
            subject,
            _("The proxy %(proxy)s says that you ask from %(address)s.") % {"proxy": believed, "address": address},
        )
    if passed_on:
        seen = _(
            "A proxy passed this request on, but %(address)s is not in CHATSITE_PROXIES: "
            "all people seem to be at one address."
        )
        to_do = _("Add the proxy's address or network to CHATSITE_PROXIES.")
        return Finding(subject, "wrong", seen % {"address": address}, to_do)
    if settings.PROXIES:
        seen = _(
            "CHATSITE_PROXIES is set, but this request from %(address)s came past the proxy, "
            "or the proxy does not say for whom it asks."
        )
        to_do = _("Let only the proxy reach the site's port, and let it set X-Forwarded-For.")
        return Finding(subject, "attention", seen % {"address": address}, to_do)
    return right(subject, _("There is none: you ask from %(address)s.") % {"address": address})


def _hosts(request: HttpRequest) -> Finding:
    subject = _("Host names")
    wide = [host for host in settings.ALLOWED_HOSTS if host == "*" or host.startswith(".")]
    if wide:
        seen = _("The site answers to names that are not its own: %(names)s.") % {"names": ", ".join(wide)}
        return Finding(subject, "wrong", seen, _("Name each host in CHATSITE_HOSTS."))
    return right(subject, _("The site answers to %(names)s only.") % {"names": ", ".join(settings.ALLOWED_HOSTS)})


def _cookies() -> Finding:
    subject = _("Cookies")
    names = (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME)
    closed = settings.SESSION_COOKIE_HTTPONLY and settings.CSRF_COOKIE_HTTPONLY
    if closed and settings.SESSION_COOKIE_SECURE and all(name.startswith("__Host-") for name in names):
        return right(subject, _("They travel over HTTPS only, belong to this host, and no script reads them."))
    seen = _("They may travel unencrypted: without CHATSITE_HTTPS they are not marked as secure.")
    return Finding(subject, "attention", seen, _("It comes with CHATSITE_HTTPS."))


def _debug() -> Finding:
    subject = _("Debug mode")
    if settings.DEBUG:
        seen = _("It is on: errors show settings and code to everybody.")
        return Finding(subject, "wrong", seen, _("Remove CHATSITE_DEBUG."))
    return right(subject, _("It is off."))


def _server() -> Finding:
    subject = _("Web server")
    if settings.SERVER == "uvicorn":
        return right(subject, _("It lets go of who sends slowly, and keeps no body that is too large."))
    seen = _("daphne keeps a whole body before the site can refuse it, and waits for who sends it letter by letter.")
    return Finding(
        subject, "attention", seen, _("Remove CHATSITE_SERVER, or let a proxy in front bound bodies and their time.")
    )
