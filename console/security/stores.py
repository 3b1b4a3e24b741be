"""Where secrets and data lie, and how the site reaches them."""

import stat
import time
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.security.found import Finding, right

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

OLD_DAYS = 365  # of the secret key
STALE_DAYS = 2  # of the newest backup
LEAST_KEY = 50  # characters
DAY_S = 86_400
PRIVATE_ENDS = (".internal", ".local", ".svc", ".home.arpa")  # of names that no public name server knows
ENCRYPTED = {"require", "verify-ca", "verify-full"}


def findings() -> Iterator[Finding]:
    yield _secret_key()
    yield _folder()
    yield _redis()
    yield _database()
    yield _metrics()
    yield _backups()


def _secret_key() -> Finding:
    subject = _("Secret key")
    if len(settings.SECRET_KEY) < LEAST_KEY:
        seen = _("It is too short to sign sessions with.")
        return Finding(
            subject, "wrong", seen, _("Set CHATSITE_SECRET_KEY to 50 random characters or more, or remove it.")
        )
    file: Path = settings.DATA_DIR / "secret_key"
    if not file.exists() or file.read_text() != settings.SECRET_KEY:
        return right(subject, _("It comes from CHATSITE_SECRET_KEY; how old it is cannot be seen."))
    days = int((time.time() - file.stat().st_mtime) // DAY_S)
    seen = ngettext("It is %(days)d day old.", "It is %(days)d days old.", days) % {"days": days}
    if days <= OLD_DAYS:
        return right(subject, seen)
    return Finding(subject, "attention", seen, _("Make a new one: docs/operation.md says how, and who signs in again."))


def _folder() -> Finding:
    subject = _("Data folder")
    if stat.S_IMODE(settings.DATA_DIR.stat().st_mode) & 0o077:
        seen = _("Other users of this machine may look into %(folder)s.") % {"folder": settings.DATA_DIR}
        return Finding(subject, "attention", seen, _("Take their rights away: chmod 700."))
    return right(subject, _("Only the site's own user may look into it."))


def _redis() -> Finding:
    parts = urlsplit(settings.REDIS_URL)
    if parts.scheme == "unix" or is_nearby(parts.hostname or ""):
        return right("Redis", _("It is on this machine."))
    if parts.scheme != "rediss":
        seen = _("Live text travels unencrypted to %(host)s.") % {"host": parts.hostname}
        to_do = _("Use a rediss:// address in REDIS_URL, or a private network of its own.")
        return _in_the_open("Redis", parts.hostname or "", seen, to_do)
    if not parts.password:
        seen = _("%(host)s is asked without a password.") % {"host": parts.hostname}
        return Finding("Redis", "wrong", seen, _("Set one in Redis and in REDIS_URL."))
    return right("Redis", _("It is reached encrypted and with a password."))


def _database() -> Finding:
    subject = _("Database")
    database: dict[str, Any] = settings.DATABASES["default"]
    if "postgresql" not in database["ENGINE"]:
        return right(subject, _("It is a file in the data folder."))
    host = str(database.get("HOST") or "")
    if not host or host.startswith("/") or is_nearby(host):
        return right(subject, _("It is on this machine."))
    mode = database.get("OPTIONS", {}).get("sslmode", "")
    if mode in ENCRYPTED:
        return right(subject, _("It is reached encrypted (sslmode=%(mode)s).") % {"mode": mode})
    seen = _("What people wrote may travel unencrypted to %(host)s.") % {"host": host}
    return _in_the_open(subject, host, seen, _("Add ?sslmode=verify-full (or at least require) to DATABASE_URL."))


def _in_the_open(subject: "StrOrPromise", host: str, seen: str, to_do: str) -> Finding:
    """In a network that is only the site's own, as Compose makes one, it may be so: that cannot be seen from here."""
    if not is_private(host):
        return Finding(subject, "wrong", seen, to_do)
    means = _("That is a private name or address: right if nobody else is in its network, as whoever is could listen.")
    return Finding(subject, "attention", f"{seen} {means}", to_do)


def _metrics() -> Finding:
    subject = _("Metrics")
    if is_nearby(settings.METRICS_BIND) or settings.METRICS_TOKEN:
        return right(subject, _("Only this machine, and whoever has the token, may read them."))
    seen = _("The workers' metrics listen on %(address)s, and no token is set, so nobody but this machine gets any.")
    to_do = _("Set CHATSITE_METRICS_TOKEN, or leave CHATSITE_METRICS_BIND at 127.0.0.1.")
    return Finding(subject, "attention", seen % {"address": settings.METRICS_BIND}, to_do)


def _backups() -> Finding:
    """The newest in the folder where the site's own are kept; what is carried elsewhere cannot be seen."""
    subject = _("Backups")
    newest = max((one.stat().st_mtime for one in settings.BACKUP_DIR.glob("*.backup.zip")), default=None)
    to_do = _("Run manage.py backup, or let CHATSITE_BACKUP_HOURS=24 do it, and keep copies elsewhere.")
    if newest is None:
        seen = _("There is none in %(folder)s.") % {"folder": settings.BACKUP_DIR}
        return Finding(subject, "attention", seen, to_do)
    days = int((time.time() - newest) // DAY_S)
    seen = ngettext("The newest is %(days)d day old.", "The newest is %(days)d days old.", days) % {"days": days}
    return right(subject, seen) if days <= STALE_DAYS else Finding(subject, "attention", seen, to_do)


def is_nearby(host: str) -> bool:
    """Whether what is sent there stays on this machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def is_private(host: str) -> bool:
    """Whether an address, or a name, leads to no machine of the public network."""
    try:
        return not ip_address(host.strip("[]")).is_global
    except ValueError:
        return "." not in host or host.endswith(PRIVATE_ENDS)
