"""The list of a person's devices, the ending of sessions, and what ends them all."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client, override_settings
from django.utils import timezone

from accounts import sessions
from accounts.devices import device
from accounts.models import User
from audit.models import Entry
from chatsite.celery import app
from conversations import tasks
from limits import restraints

pytestmark = pytest.mark.django_db
PAGE = "/accounts/security/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1"


def signed_in(name: str, agent: str = FIREFOX, where: str = "192.0.2.1") -> Client:
    client = Client(headers={"user-agent": agent}, REMOTE_ADDR=where)
    assert client.post("/accounts/login/", {"login": name, "password": f"{name}'s password"}).status_code == 302
    return client


def is_in(client: Client) -> bool:
    return client.get("/accounts/usage/").status_code == 200


def row_of(client: Client) -> UserSession:
    row: UserSession = UserSession.objects.get(session_key=client.cookies["sessionid"].value)
    return row


def test_each_device_is_listed_with_its_place(alice: User, bob: User) -> None:
    here, _phone = signed_in("alice"), signed_in("alice", PHONE, "198.51.100.7")
    signed_in("bob", PHONE, "203.0.113.9")
    html = here.get(PAGE).content.decode()
    assert html.index("Firefox, Linux") < html.index("Safari, iPhone")
    assert "198.51.100.7" in html
    assert "203.0.113.9" not in html
    assert html.count("this device") == 1


def test_one_device_is_signed_out_and_the_others_stay(alice: User) -> None:
    here, phone, laptop = (signed_in("alice") for _ in range(3))
    row = row_of(phone)
    assert here.post(f"/accounts/sessions/{row.pk}/end/").headers["Location"] == PAGE
    assert [is_in(one) for one in (here, phone, laptop)] == [True, False, True]
    assert here.post(f"/accounts/sessions/{row.pk}/end/").status_code == 404
    assert Entry.objects.filter(action="sessions.ended", actor_id=alice.pk).count() == 1


def test_all_others_are_signed_out(alice: User) -> None:
    here, phone, laptop = (signed_in("alice") for _ in range(3))
    here.post("/accounts/sessions/end/")
    assert [is_in(one) for one in (here, phone, laptop)] == [True, False, False]
    assert "2 other devices are signed out." in here.get(PAGE).content.decode()


def test_nobody_ends_a_colleagues_session(alice: User, mallory: User) -> None:
    hers, mallorys = signed_in("alice"), signed_in("mallory")
    assert mallorys.post(f"/accounts/sessions/{row_of(hers).pk}/end/").status_code == 404
    mallorys.post("/accounts/sessions/end/")
    assert is_in(hers)


def test_ones_own_session_ends_by_signing_out_only(alice: User) -> None:
    here = signed_in("alice")
    assert here.post(f"/accounts/sessions/{row_of(here).pk}/end/").status_code == 404
    assert is_in(here)


def test_a_new_password_signs_out_every_other_device(alice: User) -> None:
    here, phone = signed_in("alice"), signed_in("alice")
    new = {"oldpassword": "alice's password", "password1": "a better word 4", "password2": "a better word 4"}
    assert here.post("/accounts/password/change/", new).status_code == 302
    assert [is_in(one) for one in (here, phone)] == [True, False]


def test_when_a_session_was_last_in_use_is_noted_now_and_then(alice: User) -> None:
    here = signed_in("alice")
    long_ago = timezone.now() - timedelta(days=1)
    UserSession.objects.update(last_seen_at=long_ago)
    sessions._noted.clear()
    here.get("/accounts/usage/", REMOTE_ADDR="198.51.100.20")
    noted = row_of(here)
    assert (noted.last_seen_at > long_ago, noted.ip) == (True, "198.51.100.20")
    here.get("/accounts/usage/", REMOTE_ADDR="198.51.100.21")
    assert row_of(here).last_seen_at == noted.last_seen_at, "not with each request"


def test_what_is_remembered_of_sessions_in_use_is_bounded(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MOST_NOTED", 2)
    for _ in range(5):
        is_in(signed_in("alice"))
    assert len(sessions._noted) <= 2


# --- Who may no longer be here ----------------------------------------------------------------------------------------


def test_who_is_suspended_is_signed_out_everywhere_and_stays_outside(alice: User, bob: User, grace: User) -> None:
    here, bobs = signed_in("alice"), signed_in("bob")
    restraints.suspend(alice, None, "Enough.", grace)
    assert (is_in(here), is_in(bobs)) == (False, True)
    answer = here.post("/accounts/login/", {"login": "alice", "password": "alice's password"}, follow=True)
    assert "This account is suspended" in answer.content.decode()
    assert "Enough." not in answer.content.decode()
    assert not is_in(here)
    restraints.lift(alice, grace)
    assert not is_in(here), "what was signed in before stays out"
    assert is_in(signed_in("alice"))


def test_a_wrong_password_does_not_tell_that_somebody_is_suspended(client: Client, alice: User, grace: User) -> None:
    restraints.suspend(alice, None, "Enough.", grace)
    answer = client.post("/accounts/login/", {"login": "alice", "password": "wrong"}, follow=True)
    assert "suspended" not in answer.content.decode()


def test_who_is_slowed_stays_signed_in(alice: User, grace: User) -> None:
    here = signed_in("alice")
    restraints.slow(alice, None, "Less.", grace)
    assert is_in(here)


def test_a_session_is_of_one_generation(alice: User) -> None:
    before = alice.get_session_auth_hash()
    sessions.end_all(alice, stops=False)
    alice.refresh_from_db()
    after = alice.get_session_auth_hash()
    assert before != after
    alice.session_generation = 0
    assert alice.get_session_auth_hash() == before, "those of before there were generations go on"


@pytest.mark.parametrize("generation", [0, 3])
def test_another_secret_key_signs_nobody_out(alice: User, generation: int) -> None:
    User.objects.update(session_generation=generation)
    with override_settings(SECRET_KEY="the old one"):
        here = signed_in("alice")
    with override_settings(SECRET_KEY="the new one", SECRET_KEY_FALLBACKS=["the old one"]):
        assert is_in(here)
    with override_settings(SECRET_KEY="the new one"):
        assert is_in(here), "it was renewed meanwhile"
    with override_settings(SECRET_KEY="yet another"):
        assert not is_in(here)


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox, Linux"),
        (PHONE, "Safari, iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/140.0 Safari/537 Edg/140.0", "Edge, Windows"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537 Chrome/140.0 Mobile Safari/537", "Chrome, Android"),
        ("curl/8.5", "unknown device"),
        ("", "unknown device"),
        ("<script>alert(1)</script>", "unknown device"),
    ],
)
def test_a_device_has_a_name(agent: str, words: str) -> None:
    assert device(agent) == words


def test_tells_of(alice: User, django_capture_on_commit_callbacks: Any) -> None:
    """Whoever switches a person off, or sets a password, by whatever form: what hangs on sessions hears so."""
    from accounts.models import sessions_ended  # noqa: PLC0415

    heard: list[bool] = []

    def hear(stops: bool, **more: Any) -> None:
        heard.append(stops)

    sessions_ended.connect(hear)
    try:
        for change in ({}, {"password": "x"}, {"is_active": False}):
            with django_capture_on_commit_callbacks(execute=True):
                if "password" in change:
                    alice.set_password("another")
                else:
                    alice.__dict__.update(change)
                alice.save()
    finally:
        sessions_ended.disconnect(hear)
    assert heard == [False, True]


def test_expired_sessions_go_and_so_do_their_rows_in_the_list(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "AT_ONCE", 2)
    here, *old = (signed_in("alice") for _ in range(6))
    new = signed_in("alice")
    keys = [one.cookies["sessionid"].value for one in old]
    long_ago = timezone.now() - timedelta(days=1)
    Session.objects.filter(pk__in=keys).update(expire_date=long_ago)
    UserSession.objects.filter(session_key__in=keys).update(last_seen_at=long_ago)
    Session.objects.filter(pk=new.cookies["sessionid"].value).delete()  # as if it were not saved yet
    before = Session.objects.count()
    tasks.forget()
    assert Session.objects.count() == before - 5
    assert not UserSession.objects.filter(session_key__in=keys).exists()
    assert is_in(here)
    assert {row.session_key for row in UserSession.objects.all()} == {
        one.cookies["sessionid"].value for one in (here, new)
    }
    assert "forget" in {one["task"].rpartition(".")[2] for one in app.conf.beat_schedule.values()}
