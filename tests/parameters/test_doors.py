"""Setting parameters over HTTP, in the first message, and the dialog in which a person does it."""

import re
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import User
from conversations import frames
from conversations.models import Conversation, Message
from conversations.parameters import Chosen, instructions
from inference import serving
from inference.model import Model
from limits.models import Policy
from moderation.models import Incident, Rule
from tests.conversations.talk import reply_of, say
from tests.tabs import OpenTab

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model", "web")]


@pytest.fixture
def thinker(model: Model, monkeypatch: pytest.MonkeyPatch) -> Model:
    """The model that is served reasons, whoever asks."""
    thinking = replace(model, reasoning=True)
    monkeypatch.setattr(serving, "models", lambda: (thinking,))
    return thinking


@pytest.fixture
def signed_in(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


def post(client: Client, path: str, **said: Any) -> Any:
    return client.post(path, said, content_type="application/json")


def set_(client: Client, conversation: Conversation, **said: Any) -> Any:
    return post(client, f"/c/{conversation.pk}/parameters/", **said)


def test_what_is_named_changes_and_the_rest_stays(signed_in: Client, alice: User, thinker: Model) -> None:
    talk = say(alice).conversation
    answer = set_(signed_in, talk, instructions="  Be brief. ", temperature=0.5)
    assert (answer.status_code, answer.json()["type"]) == (200, "parameters")
    answer = set_(signed_in, talk, effort="high", max_tokens=100, top_p=0.9)
    expected = Chosen("Be brief.", 0.5, 0.9, 100, "high")
    assert answer.json()["parameters"] == expected.fields()
    assert Chosen.of(Conversation.objects.get()) == expected
    answer = set_(signed_in, talk, instructions="", temperature=None, top_p=None, max_tokens=None, effort=None)
    assert answer.json()["parameters"] == Chosen().fields()
    assert Chosen.of(Conversation.objects.get()) == Chosen()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"temperature": 2.1}, "temperature must be a number from 0 to 2"),
        ({"temperature": "hot"}, "temperature must be a number from 0 to 2"),
        ({"temperature": True}, "temperature must be a number from 0 to 2"),
        ({"top_p": 0}, "top_p must be a number from 0.01 to 1"),
        ({"max_tokens": 0}, "max_tokens must be a number from 1"),
        ({"max_tokens": 1.5}, "max_tokens must be a whole number"),
        ({"effort": "most"}, "effort must be one of low, medium, high"),
        ({"effort": 3}, "effort must be one of low, medium, high"),
        ({"instructions": ["x"]}, "instructions must be text"),
        ({"seed": 3}, "seed is not known"),
    ],
)
def test_what_is_no_parameter_is_named(signed_in: Client, alice: User, said: dict[str, Any], words: str) -> None:
    talk = say(alice).conversation
    answer = set_(signed_in, talk, **said)
    assert answer.status_code == 400
    assert words in answer.json()["detail"]
    with pytest.raises(frames.Malformed, match=re.escape(words)):
        frames.command({"type": "send", "client_id": str(uuid4()), "text": "Hi", "parameters": said})
    assert Chosen.of(Conversation.objects.get()) == Chosen()


def test_parameters_must_be_an_object() -> None:
    with pytest.raises(frames.Malformed, match="parameters must be an object"):
        frames.command({"type": "send", "client_id": str(uuid4()), "text": "Hi", "parameters": [1]})


def test_what_is_not_allowed_is_refused_in_words(signed_in: Client, alice: User) -> None:
    talk = say(alice).conversation
    Policy.objects.create(user=alice, output_tokens=50)
    answer = set_(signed_in, talk, max_tokens=51)
    assert (answer.status_code, answer.json()["code"], answer.json()["allowed"]) == (422, "max_tokens", 50)
    assert answer.json()["detail"] == "A reply may have 50 tokens at most; you asked for 51."
    assert set_(signed_in, talk, effort="low").json()["code"] == "effort"


def test_what_stays_as_it_was_is_not_refused(alice: User, signed_in: Client, thinker: Model) -> None:
    talk = say(alice).conversation
    assert set_(signed_in, talk, instructions="Be brief.", max_tokens=900).status_code == 200
    Policy.objects.create(user=alice, may_set_instructions=False, output_tokens=50)
    assert set_(signed_in, talk, temperature=1).status_code == 200
    assert set_(signed_in, talk, instructions="Be long.").json()["code"] == "instructions"
    assert Chosen.of(Conversation.objects.get()) == Chosen("Be brief.", 1, None, 900)


def test_rules_hold_and_leave_an_incident(alice: User, signed_in: Client) -> None:
    fields: dict[str, Any] = {"kind": "words", "scope": "prompt", "message": "Not here.", "dry_run": False}
    Rule.objects.create(name="one", action="block", words="frobnicate", **fields)
    Rule.objects.create(name="two", action="mask", words="swordfish", **fields)
    talk = say(alice).conversation
    answer = set_(signed_in, talk, instructions="Frobnicate.")
    assert (answer.status_code, answer.json()["code"], answer.json()["detail"]) == (422, "blocked", "Not here.")
    incident = Incident.objects.get()
    assert (answer.json()["incident"], incident.conversation) == (str(incident.pk), talk.pk)
    answer = set_(signed_in, talk, instructions="Say swordfish.")
    assert answer.json()["parameters"]["instructions"] == "Say █████████."
    assert Incident.objects.filter(action="mask", conversation=talk.pk).count() == 1


def test_nobody_sets_what_is_anothers(alice: User, bob: User, mallory: User, grace: User) -> None:
    talk = say(alice).conversation
    for person in (bob, mallory, grace):
        with pytest.raises(Conversation.DoesNotExist):
            instructions.set_parameters(person, talk.pk, Chosen("Obey me."))
    assert Chosen.of(Conversation.objects.get()) == Chosen()


def test_the_first_message_brings_them_over_the_socket(alice: User, open_tab: OpenTab) -> None:
    tab = open_tab(alice)
    tab.say(
        type="send", client_id=str(uuid4()), text="Hello", parameters={"instructions": "Be brief.", "temperature": 0}
    )
    tab.until(lambda frame: frame["type"] == "sent")
    talk = Conversation.objects.get()
    assert Chosen.of(talk) == Chosen("Be brief.", 0.0)
    reply = Message.objects.replies().get()
    assert reply.options == {"instructions": "Be brief.", "temperature": 0}
    tab.say(type="send", client_id=str(uuid4()), text="Hello", parameters={"effort": "low"})
    refused = tab.until(lambda frame: frame["type"] == "refused")
    assert refused["code"] == "effort"
    assert Conversation.objects.count() == 1


def test_later_messages_bring_none(alice: User, signed_in: Client) -> None:
    talk = say(alice).conversation
    Message.objects.replies().update(state="complete", text="Yes.")
    newest = Message.objects.replies().get().pk
    said = {
        "type": "send",
        "client_id": str(uuid4()),
        "text": "And?",
        "conversation": str(talk.pk),
        "parent": str(newest),
    }
    answer = post(signed_in, "/messages/", **said, parameters={"instructions": "Be brief."})
    assert answer.status_code == 200
    assert reply_of(Message.objects.replies().order_by("-position")[0].pk).options is None


# --- The dialog -------------------------------------------------------------------------------------------------------


def field(page: str, name: str) -> str:
    found = re.search(rf'<(?:input|textarea)[^>]* name="{name}"[^>]*>', page)
    return found[0] if found else ""


def test_what_was_not_named_stays_as_another_request_has_set_it(alice: User, thinker: Model) -> None:
    talk = say(alice).conversation
    instructions.set_parameters(alice, talk.pk, Chosen("Be brief.", temperature=0.5))
    known = instructions.set_parameters(alice, talk.pk, Chosen(effort="high", model="gone"), {"effort"})
    assert known == Chosen("Be brief.", temperature=0.5, effort="high")
    assert Chosen.of(Conversation.objects.get(pk=talk.pk)) == known


def test_the_dialog_shows_what_is_set_and_what_is_allowed(signed_in: Client, alice: User, thinker: Model) -> None:
    Policy.objects.create(user=alice, prompt_chars=500, output_tokens=80)
    talk = say(alice).conversation
    instructions.set_parameters(alice, talk.pk, Chosen("Be <brief>.", temperature=0.5, effort="high"))
    page = signed_in.get("/parameters/", {"conversation": str(talk.pk)}).content.decode()
    assert "Be &lt;brief&gt;.</textarea>" in page
    assert 'maxlength="500"' in field(page, "instructions")
    assert 'value="0.5"' in field(page, "temperature")
    assert 'max="80"' in field(page, "max_tokens")
    assert re.search(r'value="high" checked', page)
    fresh = signed_in.get("/parameters/").content.decode()
    assert "Be &lt;brief" not in fresh


def test_the_dialog_has_no_field_for_what_one_may_not_set(signed_in: Client, alice: User, model: Model) -> None:
    assert field(signed_in.get("/parameters/").content.decode(), "effort") == ""
    Policy.objects.create(user=alice, may_set_instructions=False, may_set_parameters=False)
    page = signed_in.get("/parameters/").content.decode()
    assert field(page, "instructions") + field(page, "temperature") + field(page, "max_tokens") == ""
    assert "You may not set instructions." in page
    assert "You may not change how the model writes." in page


def test_numbers_are_written_as_browsers_read_them(signed_in: Client, alice: User) -> None:
    talk = say(alice).conversation
    instructions.set_parameters(alice, talk.pk, Chosen(temperature=0.5, max_tokens=1000))
    page = signed_in.get("/parameters/", {"conversation": str(talk.pk)}, headers={"Accept-Language": "zh-hans"})
    assert 'value="0.5"' in field(page.content.decode(), "temperature")
    assert 'value="1000"' in field(page.content.decode(), "max_tokens")


def test_the_page_shows_the_mark_and_the_effort(signed_in: Client, alice: User, thinker: Model) -> None:
    talk = say(alice).conversation
    url = f"/c/{talk.pk}/"
    assert re.search(r'id="instructed"[^>]* hidden', signed_in.get(url).content.decode())
    instructions.set_parameters(alice, talk.pk, Chosen("Be brief.", effort="low"))
    page = signed_in.get(url).content.decode()
    assert not re.search(r'id="instructed"[^>]* hidden', page)
    assert '<option value="low" selected>' in page
    Policy.objects.create(user=alice, may_set_instructions=False, may_set_parameters=False)
    page = signed_in.get(url).content.decode()
    assert re.search(r'id="instructed"[^>]* hidden', page)
    assert "data-effort" not in page


def test_without_a_model_that_reasons_there_is_no_effort(signed_in: Client) -> None:
    assert not serving.model().reasoning
    assert "data-effort" not in signed_in.get("/").content.decode()
