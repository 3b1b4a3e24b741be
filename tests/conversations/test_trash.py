"""The trash is emptied of what lies there for too long, by the scheduler, and of nothing else."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from pytest_django import Settings

from accounts.models import User
from chatsite.celery import app
from conversations import shelf, tasks
from conversations.models import Conversation
from conversations.replies import queue
from conversations.shelf import emptying
from inference.model import Model
from limits.models import Usage
from tests.conversations.talk import reply_of, say, settle

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model")]


def thrown_away(user: User, days: float) -> Conversation:
    sent = say(user)
    settle(sent)
    shelf.trash(user, frozenset({sent.conversation.pk}))
    Conversation.objects.filter(pk=sent.conversation.pk).update(trashed_at=Now() - timedelta(days=days))
    return sent.conversation


def test_only_what_is_there_for_too_long_goes(alice: User, bob: User) -> None:
    old, new, his = thrown_away(alice, 30.1), thrown_away(alice, 29.9), thrown_away(bob, 31)
    kept = say(alice).conversation
    assert emptying.empty() == 2
    assert set(Conversation.objects.all()) == {new, kept}
    assert emptying.empty() == 0
    assert Usage.objects.count() == 4, "what they cost stays"
    assert {old.pk, his.pk}.isdisjoint(Conversation.objects.values_list("pk", flat=True))


def test_how_long_is_a_setting_and_none_is_for_ever(alice: User, settings: Settings) -> None:
    thrown_away(alice, 300)
    settings.TRASH_DAYS = 0
    assert emptying.empty() == 0
    settings.TRASH_DAYS = 299
    assert emptying.empty() == 1


def test_what_is_restored_is_nowhere_near_it(alice: User) -> None:
    back = thrown_away(alice, 300)
    shelf.restore(alice, frozenset({back.pk}))
    assert emptying.empty() == 0
    assert Conversation.objects.get() == back


def test_one_that_a_worker_still_writes_in_keeps_no_other_from_going(alice: User, model: Model) -> None:
    sent = say(alice)
    assert queue.claim(model.name)
    busy = sent.conversation
    Conversation.objects.filter(pk=busy.pk).update(trashed_at=Now() - timedelta(days=40))
    thrown_away(alice, 35)
    assert emptying.empty() == 1
    assert Conversation.objects.get() == busy
    assert reply_of(sent).stop_requested
    settle(sent, "stopped")
    assert emptying.empty() == 1


def test_a_run_has_an_end(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emptying, "AT_ONCE", 2)
    for _ in range(3):
        thrown_away(alice, 40)
    assert [emptying.empty(), emptying.empty(), emptying.empty()] == [2, 1, 0]


def test_the_scheduler_knows_of_it(alice: User) -> None:
    thrown_away(alice, 40)
    names = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert tasks.empty_trash.name in names
    tasks.empty_trash()
    assert not Conversation.objects.exists()
