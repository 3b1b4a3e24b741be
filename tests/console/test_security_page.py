"""The security page: each thing that can be wrong is seen, named, and says what to do."""

import os
import time
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from allauth.mfa.models import Authenticator
from django.http import HttpRequest
from django.test import Client, RequestFactory
from pytest_django import Settings

from accounts.models import User
from console.security import staff, stores, transport
from console.security.found import WORST_FIRST, Finding
from tests.stores import OwnRedis

PAGE = "/admin/security/"
KEY = "k" * 60


def by_subject(found: Iterable[Finding]) -> dict[str, Finding]:
    return {str(one.subject): one for one in found}


def asked(**meta: Any) -> HttpRequest:
    return RequestFactory().get(PAGE, headers={"host": "localhost"}, **meta)


def through(proxy: str, **meta: str) -> Any:
    request: Any = asked(HTTP_X_FORWARDED_FOR="203.0.113.9", **meta)
    request.scope = {"proxy": proxy} if proxy else {}
    return request


# --- How requests reach the site --------------------------------------------------------------------------------------


def transport_of(request: HttpRequest, subject: str) -> Finding:
    return by_subject(transport.findings(request))[subject]


@pytest.fixture
def https(settings: Settings) -> None:
    settings.HTTPS = True
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SESSION_COOKIE_SECURE = True
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"


@pytest.mark.usefixtures("https")
def test_a_site_behind_a_good_proxy_is_right(settings: Settings) -> None:
    settings.PROXIES = ["10.0.0.1"]
    request = through("10.0.0.1")
    request.META["wsgi.url_scheme"] = "https"
    request._get_scheme = lambda: "https"
    assert {one.state for one in transport.findings(request)} == {"right"}


@pytest.mark.usefixtures("https")
def test_https_that_no_proxy_tells_of_is_wrong() -> None:
    found = transport_of(asked(), "HTTPS")
    assert found.state == "wrong"
    assert "X-Forwarded-Proto" in found.to_do


def test_without_https_nobody_but_this_machine_may_be_served(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    near, far = asked(), asked()
    far.META["HTTP_HOST"] = "chat.example:8000"
    assert [transport_of(one, "HTTPS").state for one in (near, far)] == ["attention", "wrong"]
    assert [transport_of(near, subject).state for subject in ("HSTS", "Cookies")] == ["attention", "attention"]


@pytest.mark.parametrize(
    ("believed", "trusted", "state", "words"),
    [
        ("10.0.0.1", ["10.0.0.1"], "right", "203.0.113.9"),
        ("", [], "wrong", "not in CHATSITE_PROXIES"),
        ("", ["10.0.0.1"], "wrong", "not in CHATSITE_PROXIES"),
    ],
)
def test_a_proxy_is_told_by_this_request(
    settings: Settings, believed: str, trusted: list[str], state: str, words: str
) -> None:
    settings.PROXIES = trusted
    found = transport_of(through(believed, REMOTE_ADDR="203.0.113.9"), "Proxies")
    assert (found.state, words in found.seen) == (state, True)


def test_a_request_past_the_proxy_is_seen(settings: Settings) -> None:
    assert transport_of(asked(), "Proxies").state == "right"
    settings.PROXIES = ["10.0.0.1"]
    assert transport_of(asked(), "Proxies").state == "attention"


@pytest.mark.parametrize(("hosts", "state"), [(["localhost"], "right"), (["*"], "wrong"), ([".example.org"], "wrong")])
def test_hosts_are_named(settings: Settings, hosts: list[str], state: str) -> None:
    request = asked()
    settings.ALLOWED_HOSTS = ["localhost"]
    request.get_host()
    settings.ALLOWED_HOSTS = [*hosts, "localhost"]
    assert transport_of(request, "Host names").state == state


def test_debug_is_wrong(settings: Settings) -> None:
    assert transport_of(asked(), "Debug mode").state == "right"
    settings.DEBUG = True
    assert transport_of(asked(), "Debug mode").state == "wrong"


def test_of_the_other_server_it_says_what_it_lacks(settings: Settings) -> None:
    assert transport_of(asked(), "Web server").state == "right"
    settings.SERVER = "daphne"
    found = transport_of(asked(), "Web server")
    assert found.state == "attention"
    assert "CHATSITE_SERVER" in found.to_do


# --- Where things lie -------------------------------------------------------------------------------------------------


def stored(subject: str) -> Finding:
    return by_subject(stores.findings())[subject]


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    tmp_path.chmod(0o700)
    return tmp_path


def test_an_old_key_is_to_be_renewed(settings: Settings, folder: Path) -> None:
    settings.SECRET_KEY = KEY
    assert stored("Secret key").state == "right"
    (folder / "secret_key").write_text(KEY)
    assert stored("Secret key").seen == "It is 0 days old."
    then = time.time() - 366 * 86_400
    os.utime(folder / "secret_key", (then, then))
    assert (stored("Secret key").state, stored("Secret key").seen) == ("attention", "It is 366 days old.")
    settings.SECRET_KEY = "short"
    assert stored("Secret key").state == "wrong"


def test_an_open_folder_is_seen(folder: Path) -> None:
    assert stored("Data folder").state == "right"
    folder.chmod(0o750)
    assert stored("Data folder").state == "attention"


@pytest.mark.parametrize(
    ("url", "state", "words"),
    [
        ("unix:///run/redis", "right", "this machine"),
        ("redis://localhost:6379/0", "right", "this machine"),
        ("redis://[::1]:6379/0", "right", "this machine"),
        ("redis://:secret@redis.example:6379/0", "wrong", "unencrypted"),
        ("redis://redis.example:6379/0", "wrong", "unencrypted"),
        ("redis://8.8.8.8:6379/0", "wrong", "unencrypted"),
        ("redis://redis:6379/0", "attention", "right if nobody else is in its network"),
        ("redis://10.0.0.5:6379/0", "attention", "unencrypted"),
        ("redis://[fd00::5]:6379/0", "attention", "unencrypted"),
        ("redis://redis.chatsite.svc.cluster.local:6379/0", "attention", "unencrypted"),
        ("rediss://redis.example:6379/0", "wrong", "without a password"),
        ("rediss://:secret@redis.example:6379/0", "right", "encrypted"),
    ],
)
def test_redis_over_the_network_is_encrypted_and_asks_who(settings: Settings, url: str, state: str, words: str) -> None:
    settings.REDIS_URL = url
    assert (stored("Redis").state, words in stored("Redis").seen) == (state, True)
    assert "secret" not in f"{stored('Redis').seen} {stored('Redis').to_do}"


@pytest.mark.parametrize(
    ("host", "mode", "state"),
    [
        ("", "", "right"),
        ("/run/pg", "", "right"),
        ("127.0.0.1", "", "right"),
        ("db.example", "", "wrong"),
        ("db.example", "prefer", "wrong"),
        ("8.8.8.8", "", "wrong"),
        ("postgres", "", "attention"),
        ("postgres", "prefer", "attention"),
        ("postgres", "require", "right"),
        ("192.168.1.2", "", "attention"),
        ("db.internal", "", "attention"),
        ("db.example", "require", "right"),
        ("db.example", "verify-full", "right"),
    ],
)
def test_postgresql_over_the_network_is_encrypted(
    monkeypatch: pytest.MonkeyPatch, host: str, mode: str, state: str
) -> None:
    database = {"ENGINE": "django.db.backends.postgresql", "HOST": host, "OPTIONS": {"sslmode": mode} if mode else {}}
    monkeypatch.setattr(stores, "settings", SimpleNamespace(DATABASES={"default": database}))
    assert stores._database().state == state


@pytest.mark.parametrize(
    ("bind", "token", "state"),
    [("127.0.0.1", "", "right"), ("192.0.2.1", "", "attention"), ("192.0.2.1", "a token", "right")],
)
def test_metrics_in_the_open_are_seen(settings: Settings, bind: str, token: str, state: str) -> None:
    settings.METRICS_BIND, settings.METRICS_TOKEN = bind, token
    assert stored("Metrics").state == state


def test_backups_have_an_age(settings: Settings, folder: Path) -> None:
    settings.BACKUP_DIR = folder
    assert (stored("Backups").state, str(folder) in stored("Backups").seen) == ("attention", True)
    made = folder / "chatsite-1.backup.zip"
    made.touch()
    assert stored("Backups").state == "right"
    then = time.time() - 3 * 86_400
    os.utime(made, (then, then))
    assert (stored("Backups").state, stored("Backups").seen) == ("attention", "The newest is 3 days old.")


# --- Who looks after it -----------------------------------------------------------------------------------------------


def of_the_staff() -> Finding:
    return by_subject(staff.findings())["Second factors of the staff"]


def test_staff_without_a_second_factor_are_named(settings: Settings, alice: User, bob: User, grace: User) -> None:
    User.objects.filter(pk=bob.pk).update(is_staff=True, is_active=False)
    assert (of_the_staff().state, of_the_staff().seen) == ("attention", "1 person of the staff has none: grace.")
    assert "CHATSITE_SECOND_FACTOR=staff" in of_the_staff().to_do
    settings.SECOND_FACTOR = "staff"
    assert "CHATSITE_SECOND_FACTOR" not in of_the_staff().to_do
    Authenticator.objects.create(user=grace, type=Authenticator.Type.RECOVERY_CODES, data={})
    assert of_the_staff().state == "attention"
    Authenticator.objects.create(user=grace, type=Authenticator.Type.TOTP, data={})
    assert of_the_staff().state == "right"


def test_not_all_names_of_many_are_told(monkeypatch: pytest.MonkeyPatch, alice: User, bob: User) -> None:
    User.objects.update(is_staff=True)
    monkeypatch.setattr(staff, "MOST_NAMED", 1)
    assert of_the_staff().seen == "2 of the staff have none: alice, …."


# --- The page ---------------------------------------------------------------------------------------------------------


def test_the_worst_comes_first_with_what_to_do(client: Client, grace: User, settings: Settings) -> None:
    client.force_login(grace)
    settings.DEBUG = True
    shown = client.get(PAGE)
    states = [one.state for _, one in shown.context["rows"]]
    assert states[0] == "wrong"
    assert states == sorted(states, key=WORST_FIRST.index)
    assert "Remove CHATSITE_DEBUG." in shown.content.decode()
    assert all(one.to_do for _, one in shown.context["rows"] if one.state != "right")
    assert settings.SECRET_KEY not in shown.content.decode()


def test_what_browsers_reported_is_shown_as_text(client: Client, grace: User) -> None:
    client.force_login(grace)
    assert "Nothing in the last 30 days." in client.get(PAGE).content.decode()
    said = {"violated-directive": "img-src", "blocked-uri": "https://<script>/x", "document-uri": "http://localhost/"}
    answer = client.post("/csp-reports", orjson.dumps({"csp-report": said}), content_type="application/csp-report")
    assert answer.status_code == 204
    shown = client.get(PAGE).content.decode()
    assert "img-src" in shown
    assert "&lt;script&gt;" in shown
    assert "<script>/" not in shown


def test_without_redis_the_rest_is_shown(own_redis: OwnRedis, client: Client, grace: User) -> None:
    client.force_login(grace)
    own_redis.kill()
    assert "nothing is known of reports" in client.get(PAGE).content.decode()
    own_redis.start()


def test_it_is_in_the_navigation_of_those_who_may_see_it(client: Client, grace: User) -> None:
    client.force_login(grace)
    assert f'href="{PAGE}"' in client.get("/admin/").content.decode()
