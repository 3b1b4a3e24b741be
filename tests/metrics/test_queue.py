"""The queue's numbers are those of the rows."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.db.models.functions import Now

from accounts.models import User
from conversations.models import Message
from conversations.replies import backlog
from conversations.replies.backlog import Backlog, QueueCollector, backlogs
from inference.model import Model
from tests.conversations.talk import say, settle

CountQueries = Callable[[int], AbstractContextManager[None]]


def test_an_empty_queue_is_that_of_the_served_model(db: None, model: Model) -> None:
    assert backlogs() == [Backlog("scripted")]


def test_each_state_is_counted_once(alice: User, bob: User, model: Model) -> None:
    sent = [say(person) for person in (alice, bob, alice, bob, alice)]
    settle(sent[0])
    rows = Message.objects.filter
    rows(pk=sent[1].reply).update(state="writing", lease_until=Now() + timedelta(seconds=5))
    rows(pk=sent[2].reply).update(state="writing", lease_until=Now() - timedelta(seconds=1))
    rows(pk=sent[3].reply).update(state="writing", lease_until=None, created_at=Now() - timedelta(seconds=90))
    rows(pk=sent[4].reply).update(created_at=Now() - timedelta(seconds=30))
    (found,) = backlogs()
    assert (found.waiting, found.writing, found.lapsed) == (2, 1, 1)
    assert 90 <= found.oldest.total_seconds() < 95


def test_a_model_that_is_served_no_more_is_counted_too(alice: User, model: Model) -> None:
    Message.objects.filter(pk=say(alice).reply).update(model="another")
    found = {one.model: one.waiting for one in backlogs()}
    assert found == {"scripted": 0, "another": 1}


def test_one_query_whatever_waits(alice: User, model: Model, django_assert_num_queries: CountQueries) -> None:
    for _ in range(3):
        say(alice)
    with django_assert_num_queries(1):
        families = {family.name: family for family in QueueCollector().collect()}
    waiting = [one.value for one in families["chatsite_queue_replies"].samples if one.labels["state"] == "waiting"]
    assert waiting == [3]


def test_without_a_database_the_rest_is_still_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> list[Backlog]:
        raise DatabaseError("gone")

    monkeypatch.setattr(backlog, "backlogs", away)
    assert list(QueueCollector().collect()) == []
