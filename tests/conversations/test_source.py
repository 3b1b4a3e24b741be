"""A message as it was written, for those who may read it."""

from http import HTTPStatus
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import User
from conversations.models import Conversation, Message

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = "# Title\n\n<script>canary(1)</script> **字** $x^2$\n"


@pytest.fixture
def reply(alice: User) -> Message:
    conversation = Conversation.objects.create(owner=alice, client_id=uuid4(), title="Markdown")
    return Message.objects.create(conversation=conversation, role="assistant", position=1, text=TEXT, reasoning="Why")


def test_alice_gets_what_the_model_wrote_as_plain_text(client: Client, alice: User, reply: Message) -> None:
    client.force_login(alice)
    answer = client.get(f"/messages/{reply.pk}/source")
    assert answer.content.decode() == TEXT
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "no-store"


def test_others_find_nothing(client: Client, bob: User, reply: Message) -> None:
    assert client.get(f"/messages/{reply.pk}/source").status_code == HTTPStatus.UNAUTHORIZED
    client.force_login(bob)
    assert client.get(f"/messages/{reply.pk}/source").status_code == HTTPStatus.NOT_FOUND
    assert client.get(f"/messages/{uuid4()}/source").status_code == HTTPStatus.NOT_FOUND
    assert client.post(f"/messages/{reply.pk}/source").status_code == HTTPStatus.METHOD_NOT_ALLOWED
