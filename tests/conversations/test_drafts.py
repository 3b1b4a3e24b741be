"""What is typed and not sent: kept for all devices of a person, and no device overwrites what it has not seen."""

from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from accounts.models import User
from conversations import drafts
from conversations.drafts import Kept
from conversations.models import Conversation, Draft, Message
from conversations.refusals import Refused
from tests.conversations.browsing import Browse
from tests.conversations.talk import say, settle
from tests.limits.stories import policy
from tests.races import at_once
from tests.screen import Frame
from tests.tabs import OpenTab, Tab

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model", "no_connections_left")]


@pytest.fixture
def talk(alice: User) -> Conversation:
    """A conversation of Alice's, in which a reply has ended."""
    sent = say(alice)
    settle(sent)
    return sent.conversation


def save(user: User, conversation: UUID | None, text: str, revision: int = 0, after: str | None = None) -> Kept:
    return drafts.save(user, conversation, text, revision, after)


def typed(tab: Tab, text: str, revision: int = 0, conversation: UUID | None = None, **more: Any) -> Frame:
    """The tab says what is in its field; the answer."""
    tab.say(type="draft", conversation=conversation, text=text, revision=revision, **more)
    return tab.next("draft")


# --- The row ----------------------------------------------------------------------------------------------------------


def test_a_draft_is_kept_for_each_conversation_and_for_a_new_one(alice: User, talk: Conversation) -> None:
    for conversation, text in ((None, "begins so"), (talk.pk, "goes on so")):
        kept = save(alice, conversation, text)
        assert (kept.saved, kept.revision, kept.changed) == (True, 1, True)
    assert [drafts.read(alice, one).text for one in (None, talk.pk)] == ["begins so", "goes on so"]
    assert Draft.objects.count() == 2


def test_nothing_typed_makes_no_row(alice: User, talk: Conversation) -> None:
    kept = save(alice, talk.pk, "", 7)
    assert (kept.saved, kept.revision, kept.changed) == (True, 0, False)
    assert drafts.read(alice, talk.pk) == Kept(talk.pk)
    assert not Draft.objects.exists()


def test_an_older_device_overwrites_nothing(alice: User) -> None:
    first = save(alice, None, "laptop")
    second = save(alice, None, "phone", first.revision)
    late = save(alice, None, "laptop again", first.revision)
    assert (late.saved, late.text, late.revision) == (False, "phone", second.revision)
    assert drafts.read(alice, None).text == "phone"
    assert save(alice, None, "both", late.revision).saved


def test_the_same_words_are_no_conflict_and_no_change(alice: User) -> None:
    save(alice, None, "a")
    newest = save(alice, None, "ab", 1)
    again = save(alice, None, "ab", 1)
    assert (again.saved, again.revision, again.changed) == (True, newest.revision, False)


def test_a_page_that_is_left_may_name_the_words_that_are_on_their_way(alice: User) -> None:
    save(alice, None, "a")
    save(alice, None, "on its way", 1)
    assert save(alice, None, "on its way, and more", 1, after="on its way").saved
    no = save(alice, None, "something else", 1, after="on its way")
    assert (no.saved, no.text) == (False, "on its way, and more")


def test_an_emptied_field_is_kept_as_such(alice: User) -> None:
    save(alice, None, "words")
    assert save(alice, None, "", 1).saved
    assert drafts.read(alice, None) == Kept(None, revision=2)
    assert save(alice, None, "from before", 1).saved is False


def test_twice_a_message_is_kept_and_no_more(alice: User) -> None:
    policy(alice, prompt_chars=100)
    with pytest.raises(Refused) as no:
        save(alice, None, "字" * 201)
    assert (no.value.code, no.value.allowed) == ("draft_too_long", 200)
    assert str(no.value.detail) == "The draft has 201 characters; 200 are kept."
    assert not Draft.objects.exists()
    assert save(alice, None, "字" * 200).saved


def test_what_no_database_stores_is_replaced(alice: User) -> None:
    assert save(alice, None, "a\x00b").saved
    assert drafts.read(alice, None).text == "a�b"
    assert save(alice, None, "a\x00b", 0).changed is False


@pytest.mark.parametrize(
    ("draft", "sent", "left"),
    [
        ("Hello", "Hello", ""),
        ("Hel", "Hello", ""),
        ("Hello ", "Hello there", ""),
        ("Hello there", "Hello", "Hello there"),
        ("Something else", "Hello", "Something else"),
    ],
)
def test_what_was_sent_is_a_draft_no_more(alice: User, talk: Conversation, draft: str, sent: str, left: str) -> None:
    kept = save(alice, talk.pk, draft)
    other = save(alice, None, draft)
    answer = say(alice, sent, talk)
    assert drafts.read(alice, talk.pk).text == left
    assert answer.draft == (None if left else kept.revision + 1)
    assert drafts.read(alice, None) == Kept(None, draft, [], other.revision), "another conversation's stays"


def test_a_message_that_begins_a_conversation_takes_the_draft_with_it(alice: User) -> None:
    save(alice, None, "Hello")
    assert say(alice, "Hello").draft == 2
    assert drafts.read(alice, None).text == ""


def test_a_refused_message_leaves_the_draft(alice: User, talk: Conversation) -> None:
    save(alice, talk.pk, "Hello")
    policy(alice, prompt_chars=3)
    with pytest.raises(Refused):
        say(alice, "Hello", talk)
    assert drafts.read(alice, talk.pk).text == "Hello"


def test_of_many_devices_at_once_one_wins_and_the_others_are_told(alice: User, talk: Conversation) -> None:
    save(alice, talk.pk, "seen by all")
    all_kept = at_once(*(partial(save, alice, talk.pk, f"device {number}", 1) for number in range(6)))
    winners = [kept for kept in all_kept if kept.saved]
    assert len(winners) == 1
    assert {(kept.text, kept.revision) for kept in all_kept} == {(winners[0].text, 2)}


def test_first_words_on_many_devices_at_once_are_one_row(alice: User) -> None:
    all_kept = at_once(*(partial(save, alice, None, f"device {number}") for number in range(6)))
    assert sum(kept.saved is True for kept in all_kept) == 1
    assert {kept.text for kept in all_kept} == {Draft.objects.get().text}
    assert Draft.objects.get().revision == 1


# --- The socket -------------------------------------------------------------------------------------------------------


def test_the_other_device_hears_that_there_is_another_text_and_asks_for_it(
    alice: User, bob: User, talk: Conversation, open_tab: OpenTab
) -> None:
    laptop, phone, his = open_tab(alice), open_tab(alice), open_tab(bob)
    for tab in (laptop, phone, his):
        tab.next("hello")
    where = str(talk.pk)
    answer = typed(laptop, "from the laptop", 0, talk.pk)
    assert answer == {"type": "draft", "conversation": where, "revision": 1, "saved": True}
    assert phone.next("drafted") == {"type": "drafted", "conversation": where, "revision": 1}
    phone.say(type="draft", conversation=where)
    assert phone.next("draft") == {
        "type": "draft",
        "conversation": where,
        "revision": 1,
        "text": "from the laptop",
        "waiting": [],
    }
    for tab in (laptop, his):
        tab.say(type="ping")
        tab.next("pong")
        assert "drafted" not in [frame["type"] for frame in tab.frames]


def test_a_device_that_comes_too_late_is_told_what_is_there(alice: User, open_tab: OpenTab) -> None:
    laptop, phone = open_tab(alice), open_tab(alice)
    typed(laptop, "one")
    typed(laptop, "one two", 1)
    late = typed(phone, "three", 1)
    assert (late["saved"], late["text"], late["revision"]) == (False, "one two", 2)
    assert typed(phone, "one two three", late["revision"])["saved"] is True


def test_who_sends_is_told_the_drafts_new_revision_and_the_others_hear(
    alice: User, talk: Conversation, open_tab: OpenTab
) -> None:
    laptop, phone = open_tab(alice), open_tab(alice)
    typed(laptop, "Hello", 0, talk.pk)
    phone.next("drafted")
    sent = laptop.send("Hello", conversation=talk.pk)
    assert sent["draft"] == 2
    assert phone.next("changed")["conversation"] == str(talk.pk)
    assert phone.next("drafted")["revision"] == 2, "and after the news, which a page reads first"
    assert "draft" not in phone.send("Something new"), "where nothing was typed, nothing is said of it"


def test_too_long_a_draft_is_refused_with_a_word(alice: User, open_tab: OpenTab) -> None:
    tab = open_tab(alice)
    tab.say(type="draft", conversation=None, text="x" * 64_001, revision=0)
    no = tab.next("refused")
    assert (no["code"], no["allowed"], no["about"], no["client_id"]) == ("draft_too_long", 64_000, "draft", "")
    assert "64000 are kept" in no["detail"]


@pytest.mark.parametrize(
    "said",
    [
        {"text": "Let me in", "revision": 0},
        {"wait": uuid4(), "text": "Let me in"},
        {"take_back": uuid4()},
        {},
    ],
)
def test_mallory_and_even_the_team_find_no_draft(
    alice: User, bob: User, mallory: User, grace: User, open_tab: OpenTab, *, talk: Conversation, said: Any
) -> None:
    save(alice, talk.pk, "a secret draft")
    drafts.wait(alice, talk.pk, uuid4(), "a secret that waits")
    for other in (bob, mallory, grace):
        tab = open_tab(other)
        tab.say(type="draft", conversation=talk.pk, **said)
        error = tab.next("error")
        assert (error["code"], error["about"]) == ("not_found", "draft")
        assert "secret" not in str(tab.frames)
    row = Draft.objects.get()
    assert (row.owner, row.text, len(row.waiting), row.revision) == (alice, "a secret draft", 1, 2)


def test_the_draft_of_a_new_conversation_is_each_ones_own(alice: User, bob: User, open_tab: OpenTab) -> None:
    hers, his = open_tab(alice), open_tab(bob)
    typed(hers, "Alice's")
    assert typed(his, "Bob's")["revision"] == 1
    his.say(type="draft", conversation=None)
    assert his.next("draft")["text"] == "Bob's"


# --- The request and the page -----------------------------------------------------------------------------------------


def test_a_page_saves_as_it_is_left_by_request(
    alice: User, talk: Conversation, browse: Browse, open_tab: OpenTab
) -> None:
    phone = open_tab(alice)
    phone.next("hello")
    browser = browse(alice)
    frame = {"type": "draft", "conversation": talk.pk, "text": "last words", "revision": 0}
    assert browser.post("/drafts/", frame).json()["saved"] is True
    assert phone.next("drafted")["revision"] == 1
    assert browser.post("/drafts/", {"type": "draft", "conversation": talk.pk}).json()["text"] == "last words"
    no = browser.post("/drafts/", {**frame, "text": "x" * 64_001, "revision": 1})
    assert (no.status_code, no.json()["code"]) == (422, "draft_too_long")
    for bad in ({"type": "ping"}, {"type": "draft", "text": "x"}, b"not json"):
        assert browser.post("/drafts/", bad).status_code == 400
    assert browser.get("/drafts/").status_code == 405


def test_other_sites_write_no_drafts(alice: User, browse: Browse) -> None:
    frame = {"type": "draft", "conversation": None, "text": "Forged", "revision": 0}
    assert browse(alice, csrf=True).post("/drafts/", frame).status_code == 403
    assert browse(None).post("/drafts/", frame).status_code == 401
    assert not Draft.objects.exists()


def test_drafts_go_with_the_conversation_and_never_into_the_log(
    alice: User, talk: Conversation, open_tab: OpenTab, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    tab = open_tab(alice)
    typed(tab, "marmalade", 0, talk.pk)
    tab.say(type="draft", conversation=talk.pk, wait=uuid4(), text="orange marmalade")
    tab.next("draft")
    assert "marmalade" not in caplog.text
    Conversation.objects.filter(pk=talk.pk).delete()
    assert not Draft.objects.exists()
    assert not Message.objects.exists()
