"""Conversations of some age, as the tests of retention need them."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from accounts import api_keys
from accounts.models import User
from conversations.models import Conversation, Draft, IndexEntry, Message, Rating, SavedPrompt, Share
from conversations.search import index
from limits.models import Usage
from moderation.models import Incident
from retention.models import Rule


def talk(owner: User, days: int = 0, text: str = "How old do whales get?", **more: Any) -> Conversation:
    """One with a question and its answer, in the search, shared and with a draft, unchanged for so many days."""
    at = timezone.now() - timedelta(days=days)
    for name in ("archived_at", "trashed_at"):
        if more.get(name) is True:
            more[name] = at
    made = Conversation.objects.create(owner=owner, client_id=uuid4(), title="Whales", length=2, updated_at=at, **more)
    question = Message.objects.create(conversation=made, position=0, role="user", text=text)
    Message.objects.create(conversation=made, position=1, role="assistant", text="Very.", parent=question)
    Share.objects.create(owner=owner, conversation=made, title="Whales", messages=[{"text": text}], created_at=at)
    Draft.objects.create(owner=owner, conversation=made, text="And seals?")
    index.catch_up()
    assert IndexEntry.objects.filter(conversation=made).count() == 3
    return made


def rule(what: str, days: int | None, *, on: bool = True, **whose: Any) -> Rule:
    return Rule.objects.create(what=what, days=days, is_on=on, **whose)


def left() -> set[str]:
    """Whose conversations there still are."""
    return set(Conversation.objects.values_list("owner__username", flat=True))


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def secret(alice: User) -> str:
    """Of Alice's key; she has some of everything."""
    one = talk(alice)
    Rating.objects.create(reply=Message.objects.get(conversation=one, role="assistant"), value=1)
    SavedPrompt.objects.create(owner=alice, name="Brief", text="Be brief")
    Usage.objects.create(
        reply=uuid4(),
        user=alice,
        model="m",
        day="2026-01-01",
        reserved=9,
        charged=7,
        charge_failed=False,
        charge_blocked=False,
    )
    Incident.objects.create(message=uuid4(), user=alice, user_name="alice", where="prompt", excerpt="bad …")
    return api_keys.create(alice, "Nightly", scopes=["chat"])[1]
