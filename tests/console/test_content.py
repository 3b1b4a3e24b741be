"""What the lists of conversations and messages tell administrators of what people wrote: nothing, by no question."""

import pytest
from django.test import Client

from accounts.models import User
from console import roles
from console.roles import Role
from conversations.models import Conversation
from tests.conversations.talk import say, settle

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("model")]
LOOKERS = [Role.OWNER, Role.ADMIN, Role.AUDITOR]


@pytest.fixture
def talk(alice: User) -> Conversation:
    sent = say(alice, "Marmalade for breakfast?")
    settle(sent, text="Rather honey.")
    return sent.conversation


def looking(role: Role) -> Client:
    person = User.objects.create_user(f"the-{role}", f"{role}@example.org", "x")
    roles.give(person, role, by=None)
    client = Client()
    client.force_login(person)
    return client


@pytest.mark.parametrize("role", LOOKERS)
@pytest.mark.parametrize(
    "question",
    [
        "message/?text__startswith=Marm",
        "message/?text__regex=^M",
        "message/?reasoning__contains=x",
        "message/?conversation__title__contains=Marm",
        "conversation/?title__startswith=Marm",
        "conversation/?title=Marmalade",
        "conversation/?messages__text__contains=Marm",
    ],
)
def test_texts_cannot_be_guessed_by_filters_that_the_page_does_not_have(
    talk: Conversation, role: Role, question: str
) -> None:
    answer = looking(role).get(f"/admin/conversations/{question}")
    assert answer.status_code == 400
    assert str(talk.pk)[:8] not in answer.text


def test_a_model_is_called_as_people_read_it(talk: Conversation) -> None:
    admin = looking(Role.ADMIN)
    page = admin.get("/admin/conversations/message/").content.decode()
    assert '<td class="field-answered_by">Scripted</td>' in page
    assert ">scripted<" not in page
    assert admin.get("/admin/conversations/message/?model=scripted").context["cl"].result_count == 1


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("conversation/?kind__exact=chat", True),
        ("conversation/?kind__exact=api", False),
        ("message/?role__exact=user", True),
        ("message/?state__exact=complete", True),
        ("message/?state__exact=failed", False),
        ("message/?model=none", False),
    ],
)
def test_the_filters_of_the_page_find_what_they_say(talk: Conversation, question: str, found: bool) -> None:
    listed = looking(Role.ADMIN).get(f"/admin/conversations/{question}")
    assert listed.status_code == 200
    assert bool(listed.context["cl"].result_count) is found
