"""For how long a message waits is told with it, so that what was left long ago is not sent unasked."""

from types import SimpleNamespace
from uuid import uuid4

import pytest

from accounts.models import User
from conversations import drafts
from conversations.models import Draft
from tests.conversations.talk import say

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model")]


def test_it_is_told_for_how_long_each_waits(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    where = say(alice).conversation.pk
    one, two = uuid4(), uuid4()
    now = 1_800_000_000.9
    monkeypatch.setattr("conversations.drafts.time", SimpleNamespace(time=lambda: now))
    drafts.wait(alice, where, one, "one")
    now += 700
    kept = drafts.wait(alice, where, two, "two")
    told = [
        {"client_id": str(one), "text": "one", "waited_s": 700},
        {"client_id": str(two), "text": "two", "waited_s": 0},
    ]
    assert kept.waiting == drafts.read(alice, where).waiting == told
    page = drafts.for_page(alice, where)
    assert page
    assert page["waiting"] == told
    assert drafts.take_back(alice, where, one).taken == {"client_id": str(one), "text": "one"}


def test_a_clock_that_was_set_back_makes_no_time_below_zero_and_what_has_no_time_waits_for_ever(alice: User) -> None:
    where = say(alice).conversation.pk
    waiting = [{"client_id": "a", "text": "a", "at": 9_999_999_999}, {"client_id": "b", "text": "b"}]
    Draft.objects.create(owner=alice, conversation_id=where, waiting=waiting)
    first, second = drafts.read(alice, where).waiting
    assert first["waited_s"] == 0
    assert second["waited_s"] > 1_000_000_000
