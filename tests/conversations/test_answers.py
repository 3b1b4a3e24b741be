"""What a page is answered when limits or rules have a say: over the socket and by request alike."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import User
from conversations.models import Conversation, Message
from moderation.models import Incident
from tests.conversations.browsing import Browse
from tests.conversations.talk import reply_of, say, settle
from tests.conversations.test_limits import rule
from tests.limits.stories import policy, used
from tests.tabs import OpenTab

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model")]

Ask = Callable[[User, str], dict[str, Any]]


@pytest.fixture(params=["socket", "request"])
def ask(request: pytest.FixtureRequest, open_tab: OpenTab, browse: Browse) -> Ask:
    """Sends a message as this person; the answer to it."""

    def over_the_socket(user: User, text: str) -> dict[str, Any]:
        return open_tab(user).send(text)

    def by_request(user: User, text: str) -> dict[str, Any]:
        frame = {"type": "send", "client_id": uuid4(), "text": text}
        return dict(browse(user).post("/messages/", frame).json())

    return over_the_socket if request.param == "socket" else by_request


def test_a_refusal_says_what_is_left_and_until_when(alice: User, ask: Ask) -> None:
    policy(alice, tokens_per_day=1000)
    used(alice, 990)
    no = ask(alice, "Hello?")
    assert (no["type"], no["code"], no["allowed"], no["left"]) == ("refused", "quota_day", 1000, 10)
    assert datetime.fromisoformat(no["resets_at"]) > datetime.now(UTC)
    assert no["detail"]


def test_a_refusal_that_has_nothing_to_do_with_time_says_nothing_of_it(alice: User, ask: Ask) -> None:
    no = ask(alice, " ")
    assert no.keys() == {"type", "client_id", "code", "detail", "allowed"}


def test_a_blocked_message_is_refused_in_the_rules_own_words_and_may_be_appealed(
    alice: User, bob: User, ask: Ask, browse: Browse
) -> None:
    rule("block", "forbidden", message="Not here, please.")
    no = ask(alice, "A forbidden word")
    assert (no["code"], no["detail"]) == ("blocked", "Not here, please.")
    assert not Conversation.objects.exists()
    where, said = f"/incidents/{no['incident']}/appeal/", {"text": "It is the title of a book."}
    assert browse(bob).post(where, said).status_code == 404
    assert browse(alice).post(where, said).status_code == 202
    incident = Incident.objects.get()
    assert (incident.user, incident.where, incident.appeal) == (alice, "prompt", "It is the title of a book.")


def test_a_masked_message_is_told_as_it_was_saved(alice: User, bob: User, ask: Ask) -> None:
    rule("mask", "secret")
    sent = ask(alice, "A secret word")
    saved = Message.objects.get(pk=sent["message"])
    assert sent["text"] == saved.text
    assert "secret" not in saved.text
    assert "text" not in ask(bob, "A plain word")


def test_a_page_is_told_from_where_the_model_remembers(alice: User, open_tab: OpenTab, browse: Browse) -> None:
    first = say(alice, "First")
    settle(first)
    second = say(alice, "Second", first.conversation)
    settle(second)
    third = say(alice, "Third", first.conversation)
    where, page = {"type": "open", "conversation": first.conversation.pk}, f"/c/{first.conversation.pk}/"
    tab, hers = open_tab(alice), browse(alice)
    tab.say(**where)
    assert tab.next("messages")["remembered_from"] is None
    assert 'id="forgotten"' not in before_the_templates(hers.get(page))
    Message.objects.filter(pk=second.reply).update(remembered_from=reply_of(second).position - 1)
    for state in ("queued", "complete"):  # a reply that has not begun has read nothing yet
        Message.objects.filter(pk=third.reply).update(state=state, remembered_from=None if state == "queued" else 2)
        tab.say(**where, after=third.message)
        assert tab.next("messages")["remembered_from"] == str(second.message)
        html = before_the_templates(hers.get(page))
        assert html.count('id="forgotten"') == 1
        assert html.index("First") < html.index('id="forgotten"') < html.index(f'data-message="{second.message}"')


def before_the_templates(response: Any) -> str:
    assert response.status_code == 200
    html: str = response.content.decode()
    return html[: html.index("<template")]
