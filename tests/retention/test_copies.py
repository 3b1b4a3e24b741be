"""A copy of all that one has."""

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import Client
from django.utils import timezone

from accounts.models import ApiKey, User
from audit.models import Entry
from retention import belongings, copies, erasing
from retention.models import DataCopy
from tests.accounts.factors import confirm, set_up_app
from tests.retention.stories import secret, signed_in, talk

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["secret"]


async def joined(answer: Any) -> bytes:
    parts = [part async for part in answer.streaming_content]
    answer.close()
    return b"".join(parts)


def test_all_that_is_ones_own_comes_in_one_zip(alice: User, bob: User, secret: str) -> None:
    talk(bob, text="Bob's own words")
    client = Client(headers={"user-agent": "A browser"}, REMOTE_ADDR="192.0.2.7")
    client.post("/accounts/login/", {"login": "alice", "password": "alice's password"})
    confirm(client, "alice")
    code, _recovery = set_up_app(client)
    signed_in(bob)
    client.post("/accounts/data/copy/")
    client.post("/accounts/data/copy/")
    made = DataCopy.objects.get()  # while one is waited for, it is that one
    copies.make(made.pk)
    page = client.get("/accounts/data/").content.decode()
    address = f"/accounts/data/copy/{made.pk}/"
    assert address in page
    answer: Any = client.get(address)
    whole = async_to_sync(joined)(answer)
    files = read(whole)
    assert files["account.json"]["email"] == "alice@example.org"
    assert [one["text"] for one in files["conversations.jsonl"]["messages"]] == ["How old do whales get?", "Very."]
    assert files["prompts.json"][0]["text"] == "Be brief"
    assert files["drafts.json"][0]["text"] == "And seals?"
    assert files["usage.json"][0]["charged"] == 7
    assert files["ratings.json"][0]["value"] == 1
    assert files["keys.json"][0]["name"] == "Nightly"
    assert [(one["ip"], one["user_agent"]) for one in files["sessions.json"]] == [("192.0.2.7", "A browser")]
    assert {one["type"] for one in files["factors.json"]} == {"totp", "recovery_codes"}
    with zipfile.ZipFile(io.BytesIO(whole)) as zipped:
        text = b"".join(map(zipped.read, zipped.namelist()))
    session = str(client.session.session_key)
    for hidden in (secret, ApiKey.objects.get().digest, alice.password, session, code, "Bob's own"):
        assert hidden.encode() not in text
    assert Entry.objects.filter(action="data_copy.downloaded").count() == 1


def read(whole: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(whole)) as files:
        return {name: json.loads(files.read(name)) for name in files.namelist() if ".json" in name}


def test_a_copy_is_for_nobody_else_and_expires(alice: User, grace: User) -> None:
    made = copies.ask(alice)
    address = f"/accounts/data/copy/{made.pk}/"
    assert signed_in(alice).get(address).status_code == 404  # not made yet
    assert copies.make_waiting() == 1
    assert not copies.make(made.pk)  # once
    assert signed_in(grace).get(address).status_code == 404
    answer = signed_in(alice).get(address)
    answer.close()
    assert answer.status_code == 200
    answer.close()
    assert made.path.stat().st_mode & 0o077 == 0
    assert copies.expire() == 0
    DataCopy.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert signed_in(alice).get(address).status_code == 404
    assert copies.expire() == 1
    assert not made.path.exists()


def test_a_new_copy_takes_the_place_of_the_one_before(alice: User, bob: User) -> None:
    bobs, first = copies.ask(bob), copies.ask(alice)
    assert copies.make_waiting() == 2
    second = copies.ask(alice)
    assert first.path.exists(), "until the new one is there"
    assert copies.make(second.pk)
    assert set(DataCopy.objects.all()) == {bobs, second}
    assert [one.path.exists() for one in (bobs, first, second)] == [True, False, True]


def test_a_maker_that_was_taken_for_gone_leaves_what_the_other_made(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = copies.ask(alice)
    write = belongings.write

    def slowly(user: User, path: Path) -> None:
        monkeypatch.setattr(belongings, "write", write)
        DataCopy.objects.update(started_at=timezone.now() - timedelta(hours=2))
        assert copies.make(made.pk)
        write(user, path)

    monkeypatch.setattr(belongings, "write", slowly)
    assert not copies.make(made.pk)
    assert made.path.exists()
    assert DataCopy.objects.get().state == "done"


def test_what_a_killed_maker_left_goes_too(alice: User, grace: User) -> None:
    expired = copies.ask(alice)
    copies.make(expired.pk)
    left = [expired.path.with_suffix(".1.part")]
    left[0].touch()
    DataCopy.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    copies.expire()
    running = copies.ask(alice)
    DataCopy.objects.update(state="running", started_at=timezone.now())
    left.append(running.path.with_suffix(".2.part"))
    left[1].touch()
    erasing.erase(alice, by=grace)
    assert not any(path.exists() for path in left)


def test_one_that_fails_says_so(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    made = copies.ask(alice)
    monkeypatch.setattr("retention.belongings.account", lambda user: 1 / 0)
    assert not copies.make(made.pk)
    assert "failed" in signed_in(alice).get("/accounts/data/").content.decode()
    assert not list(made.path.parent.glob(f"{made.pk}*"))
