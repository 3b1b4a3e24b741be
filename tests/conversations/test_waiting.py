"""Messages that wait for a reply to end: in order, on all devices, sent once or taken back once, never both."""

from functools import partial
from uuid import UUID, uuid4

import pytest

from accounts.models import User
from conversations import drafts
from conversations.models import Draft, Message
from conversations.refusals import Refused
from conversations.services import Sent
from tests.conversations.browsing import Browse
from tests.conversations.talk import say, settle
from tests.limits.stories import policy
from tests.races import at_once
from tests.tabs import OpenTab

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model", "no_connections_left")]


@pytest.fixture
def sent(alice: User) -> Sent:
    """Alice asked something, and the reply is not there yet."""
    return say(alice)


def texts(user: User, sent: Sent) -> list[str]:
    return [one["text"] for one in drafts.read(user, sent.conversation.pk).waiting]


def wait(user: User, sent: Sent, text: str, *, before: UUID | None = None) -> UUID:
    client_id = uuid4()
    drafts.wait(user, sent.conversation.pk, client_id, text, before)
    return client_id


def refused(user: User, sent: Sent, text: str) -> Refused:
    with pytest.raises(Refused) as no:
        wait(user, sent, text)
    return no.value


# --- In the row -------------------------------------------------------------------------------------------------------


def test_messages_wait_in_order_and_one_taken_back_may_have_its_place_again(alice: User, sent: Sent) -> None:
    one, two, three = (wait(alice, sent, text) for text in ("one", "two", "three"))
    kept = drafts.take_back(alice, sent.conversation.pk, two)
    assert kept.taken == {"client_id": str(two), "text": "two"}
    assert texts(alice, sent) == ["one", "three"]
    wait(alice, sent, "two, better", before=three)
    assert texts(alice, sent) == ["one", "two, better", "three"]
    drafts.take_back(alice, sent.conversation.pk, one)
    wait(alice, sent, "one is gone", before=one)
    assert texts(alice, sent)[-1] == "one is gone", "where its place is gone, it is last"


def test_to_wait_again_under_the_same_name_changes_nothing(alice: User, sent: Sent) -> None:
    client_id = wait(alice, sent, "one")
    again = drafts.wait(alice, sent.conversation.pk, client_id, "one")
    assert (again.changed, len(again.waiting)) == (False, 1)


def test_what_was_typed_waits_now_and_is_a_draft_no_more(alice: User, sent: Sent) -> None:
    where = sent.conversation.pk
    drafts.save(alice, where, "and then", 0)
    wait(alice, sent, "and then?")
    assert drafts.read(alice, where).text == ""
    drafts.save(alice, where, "something else", 2)
    wait(alice, sent, "third")
    assert drafts.read(alice, where).text == "something else"


def test_ten_may_wait(alice: User, sent: Sent) -> None:
    for number in range(10):
        wait(alice, sent, f"number {number}")
    no = refused(alice, sent, "one more")
    assert (no.code, no.allowed) == ("queue_full", 10)
    assert texts(alice, sent) == [f"number {number}" for number in range(10)]


@pytest.mark.parametrize(("text", "code"), [(" \n", "empty"), ("x" * 101, "too_long")])
def test_only_what_could_be_sent_may_wait(alice: User, sent: Sent, text: str, code: str) -> None:
    policy(alice, prompt_chars=100)
    assert refused(alice, sent, text).code == code
    assert not Draft.objects.exists()


def test_it_is_sent_when_the_reply_has_ended_and_waits_no_more(alice: User, sent: Sent) -> None:
    first, second = wait(alice, sent, "first"), wait(alice, sent, "second")
    with pytest.raises(Refused) as no:
        say(alice, "first", sent.conversation, client_id=first, waited=True)
    assert no.value.code == "busy"
    assert texts(alice, sent) == ["first", "second"]
    settle(sent)
    answer = say(alice, "first", sent.conversation, client_id=first, waited=True)
    assert answer.draft == 3
    assert texts(alice, sent) == ["second"]
    settle(answer)
    say(alice, "second", sent.conversation, client_id=second, waited=True)
    assert texts(alice, sent) == []
    assert [one.text for one in Message.objects.filter(role="user")] == ["Hello?", "first", "second"]


def test_what_is_typed_stays_when_one_that_waited_is_sent(alice: User, sent: Sent) -> None:
    client_id = wait(alice, sent, "first")
    drafts.save(alice, sent.conversation.pk, "fir", 1)
    settle(sent)
    say(alice, "first", sent.conversation, client_id=client_id, waited=True)
    assert drafts.read(alice, sent.conversation.pk).text == "fir"


def test_one_that_was_taken_back_is_not_sent(alice: User, sent: Sent) -> None:
    client_id = wait(alice, sent, "rather not")
    settle(sent)
    assert drafts.take_back(alice, sent.conversation.pk, client_id).taken
    with pytest.raises(Refused) as no:
        say(alice, "rather not", sent.conversation, client_id=client_id, waited=True)
    assert no.value.code == "taken_back"
    assert Message.objects.count() == 2


def test_one_that_was_sent_is_not_taken_back_and_does_not_wait_again(alice: User, sent: Sent) -> None:
    client_id = wait(alice, sent, "gone")
    settle(sent)
    first = say(alice, "gone", sent.conversation, client_id=client_id, waited=True)
    assert drafts.take_back(alice, sent.conversation.pk, client_id).taken is None
    assert drafts.wait(alice, sent.conversation.pk, client_id, "gone").waiting == []
    again = say(alice, "gone", sent.conversation, client_id=client_id, waited=True)
    assert (again.message, again.reply, again.draft) == (first.message, first.reply, None)


def test_a_message_that_is_refused_still_waits(alice: User, sent: Sent) -> None:
    client_id = wait(alice, sent, "too long by now")
    settle(sent)
    policy(alice, prompt_chars=3)
    with pytest.raises(Refused):
        say(alice, "too long by now", sent.conversation, client_id=client_id, waited=True)
    assert texts(alice, sent) == ["too long by now"]
    assert drafts.take_back(alice, sent.conversation.pk, client_id).taken


# --- Races ------------------------------------------------------------------------------------------------------------


def test_two_pages_that_send_the_same_at_once_send_it_once(alice: User, sent: Sent) -> None:
    client_id = wait(alice, sent, "once")
    settle(sent)
    answers = at_once(*[partial(say, alice, "once", sent.conversation, client_id=client_id, waited=True)] * 4)
    assert len({(one.message, one.reply) for one in answers}) == 1
    assert Message.objects.filter(role="user", text="once").count() == 1
    assert texts(alice, sent) == []


@pytest.mark.parametrize("attempt", range(5))
def test_sent_or_taken_back_but_never_both(alice: User, sent: Sent, attempt: int) -> None:
    client_id = wait(alice, sent, "either")
    settle(sent)
    answer, kept = at_once(
        partial(say, alice, "either", sent.conversation, client_id=client_id, waited=True),
        partial(drafts.take_back, alice, sent.conversation.pk, client_id),
    )
    was_sent = isinstance(answer, Sent)
    assert was_sent or answer.code == "taken_back"
    assert (kept.taken is not None) != was_sent
    assert Message.objects.filter(client_id=client_id).exists() == was_sent
    assert texts(alice, sent) == []


# --- The socket -------------------------------------------------------------------------------------------------------


def test_both_devices_see_what_waits_and_either_may_send_it(alice: User, sent: Sent, open_tab: OpenTab) -> None:
    laptop, phone = open_tab(alice), open_tab(alice)
    where, client_id = sent.conversation.pk, str(uuid4())
    laptop.say(type="draft", conversation=where, wait=client_id, text="when you are done")
    answer = laptop.next("draft")
    [waits] = answer["waiting"]
    assert (waits["client_id"], waits["text"]) == (client_id, "when you are done")
    assert "saved" not in answer
    assert phone.next("drafted")["revision"] == answer["revision"]
    phone.say(type="draft", conversation=where)
    assert [one["client_id"] for one in phone.next("draft")["waiting"]] == [client_id]
    settle(sent)
    saved = phone.send("when you are done", conversation=where, client_id=client_id, waited=True)
    assert (saved["type"], saved["draft"]) == ("sent", 2)
    assert laptop.next("drafted")["revision"] == 2
    late = laptop.send("when you are done", conversation=where, client_id=client_id, waited=True)
    assert (late["type"], late["message"]) == ("sent", saved["message"])
    assert "draft" not in late


def test_what_is_taken_back_comes_with_its_text_to_one_device(alice: User, sent: Sent, open_tab: OpenTab) -> None:
    client_id = wait(alice, sent, "on second thought")
    laptop, phone = open_tab(alice), open_tab(alice)
    phone.next("hello")
    laptop.say(type="draft", conversation=sent.conversation.pk, take_back=client_id)
    taken = laptop.next("draft")
    assert taken["taken"] == {"client_id": str(client_id), "text": "on second thought"}
    assert taken["waiting"] == []
    assert phone.next("drafted")["revision"] == taken["revision"]
    phone.say(type="draft", conversation=sent.conversation.pk, take_back=client_id)
    assert "taken" not in phone.next("draft")


def test_a_full_queue_says_so_and_names_the_message(alice: User, sent: Sent, open_tab: OpenTab) -> None:
    for number in range(10):
        wait(alice, sent, f"number {number}")
    tab, client_id = open_tab(alice), str(uuid4())
    tab.say(type="draft", conversation=sent.conversation.pk, wait=client_id, text="one more")
    no = tab.next("refused")
    assert (no["code"], no["client_id"], no["about"], no["allowed"]) == ("queue_full", client_id, "draft", 10)
    assert "10 messages wait already" in no["detail"]


def test_it_works_by_request_too(alice: User, sent: Sent, browse: Browse) -> None:
    browser, client_id = browse(alice), uuid4()
    about = {"type": "draft", "conversation": sent.conversation.pk}
    asked = browser.post("/drafts/", {**about, "wait": client_id, "text": "later"})
    assert [one["text"] for one in asked.json()["waiting"]] == ["later"]
    settle(sent)
    frame = {"type": "send", "client_id": client_id, "conversation": sent.conversation.pk, "text": "later"}
    assert browser.post("/messages/", {**frame, "waited": True}).json()["type"] == "sent"
    assert browser.post("/drafts/", {**about, "take_back": client_id}).json()["waiting"] == []
