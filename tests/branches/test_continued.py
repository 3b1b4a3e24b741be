"""A reply that goes on where another was cut or stopped: what is said, what it costs, whoever dies meanwhile."""

from datetime import timedelta

import pytest

from accounts.models import User
from conversations.models import Message
from conversations.services import Sent, stop
from inference.model import Model
from limits.ledger import unsettled
from limits.models import Usage
from moderation.matcher import MASK
from moderation.models import Incident
from tests.branches.stories import once_more, talk
from tests.conversations.talk import reply_of, say
from tests.screen import Screen
from tests.waiting import until
from tests.web import Web
from tests.worker.test_rules import rule
from tests.worker.test_takeover import let_lapse, tokens
from tests.workers import STORY, Hire

pytestmark = pytest.mark.django_db(transaction=True)


def cut(user: User, hire: Hire, at: int = 40, text: str = STORY) -> Message:
    """A reply that met its length limit."""
    sent = say(user, "Tell me a story")
    Message.objects.filter(pk=sent.reply).update(max_tokens=at)
    hire(text=text).ticket().result(15)
    reply = reply_of(sent)
    assert (reply.state, reply.completion_tokens) == ("cut", at)
    return reply


def charged(sent: Sent | Message) -> tuple[int, int, int]:
    """Tokens read, written and charged for a reply."""
    usage = Usage.objects.get(reply=sent.reply if isinstance(sent, Sent) else sent.pk)
    assert usage.state == "settled"
    return usage.prompt_tokens, usage.completion_tokens, usage.charged


def test_it_says_the_rest_and_only_that_is_charged(alice: User, hire: Hire, web: Web) -> None:
    old = cut(alice, hire)
    sent = once_more(alice, old, goes_on=True)
    reader = web.follow(sent.reply)
    hire(text=STORY).ticket().result(15)
    screen, new = reader.end(), reply_of(sent)
    assert (new.state, new.text, screen.text) == ("complete", STORY, STORY)
    assert screen.states == []
    assert new.completion_tokens == tokens(STORY)
    assert charged(sent) == (0, tokens(STORY) - 40, tokens(STORY) - 40)
    assert charged(old)[1] + charged(sent)[1] == tokens(STORY)
    assert reply_of(old.pk).text == old.text
    assert unsettled(timedelta()) == []


def test_it_may_be_cut_and_continued_again(alice: User, hire: Hire) -> None:
    old = cut(alice, hire)
    for _ in range(2):
        sent = once_more(alice, old, goes_on=True)
        Message.objects.filter(pk=sent.reply).update(max_tokens=old.completion_tokens + 30)
        hire(text=STORY).ticket().result(15)
        old = reply_of(sent)
        assert (old.state, charged(sent)) == ("cut", (0, 30, 30))
    assert old.completion_tokens == 100
    assert STORY.startswith(old.text)
    assert tokens(old.text) == 100


def test_a_worker_that_dies_while_it_goes_on_loses_and_doubles_nothing(alice: User, hire: Hire, web: Web) -> None:
    old = cut(alice, hire)
    first, heir = hire(text=STORY, rate=400), hire(text=STORY)
    sent = once_more(alice, old, goes_on=True)
    reader = web.follow(sent.reply)
    ticket = first.ticket()
    reader.until(lambda screen: len(screen.text) > len(old.text) + 100)
    with first.frozen():
        let_lapse(sent)
        heir.ticket(lapsed=True).result(15)
        screen = reader.end()
    ticket.result(15)
    new = reply_of(sent)
    assert (new.state, new.text, screen.text) == ("complete", STORY, STORY)
    assert new.attempt == 2
    assert charged(sent) == (0, tokens(STORY) - 40, tokens(STORY) - 40)


def test_it_is_stopped_before_it_began(alice: User, hire: Hire) -> None:
    old = cut(alice, hire)
    sent = once_more(alice, old, goes_on=True)
    stop(alice, sent.reply)
    new = reply_of(sent)
    assert (new.state, new.text, new.completion_tokens) == ("stopped", old.text, 40)
    usage = Usage.objects.get(reply=sent.reply)
    assert (usage.state, usage.charged) == ("released", 0)
    again = once_more(alice, new, goes_on=True)
    hire(text=STORY).ticket().result(15)
    assert reply_of(again).text == STORY
    assert charged(again)[2] == tokens(STORY) - 40


def test_it_is_stopped_on_its_way(alice: User, hire: Hire, web: Web) -> None:
    old = cut(alice, hire)
    sent = once_more(alice, old, goes_on=True)
    reader = web.follow(sent.reply)
    ticket = hire(text=STORY, rate=200).ticket()
    reader.until(lambda screen: len(screen.text) > len(old.text) + 50)
    stop(alice, sent.reply)
    ticket.result(10)
    new = reply_of(sent)
    assert new.state == "stopped"
    assert STORY.startswith(new.text)
    assert charged(sent)[2] == tokens(new.text) - 40


def test_a_word_that_is_split_between_both_is_found(alice: User, hire: Hire, web: Web) -> None:
    """The gate of the second begins with the end of the first."""
    text = "All of it was for bidden fruit in the garden."
    old = cut(alice, hire, at=5, text=text)
    assert old.text.rstrip().endswith("for")
    rule("block", "for bidden")
    sent = once_more(alice, old, goes_on=True)
    reader = web.follow(sent.reply)
    hire(text=text).ticket().result(15)
    new = reply_of(sent)
    assert new.state == "blocked"
    assert "bidden" not in new.text + reader.end().text
    assert Incident.objects.get().message == new.pk


def test_a_word_of_which_the_first_told_a_part_is_masked_from_there(alice: User, hire: Hire) -> None:
    text = "All of it was for bidden fruit in the garden."
    old = cut(alice, hire, at=5, text=text)
    rule("mask", "for bidden")
    sent = once_more(alice, old, goes_on=True)
    hire(text=text).ticket().result(15)
    new = reply_of(sent)
    assert (new.state, new.text) == ("complete", old.text + f"{MASK * 6} fruit in the garden.")
    assert len(Incident.objects.all()) == 1


def test_where_the_engine_cannot_go_on_after_all_it_begins_anew(alice: User, hire: Hire, web: Web) -> None:
    old = cut(alice, hire)
    sent = once_more(alice, old, goes_on=True)
    reader = web.follow(sent.reply)
    reader.until(lambda screen: screen.text == old.text)
    hire(text="Another story.", continues_prefix=False).ticket().result(15)
    screen, new = reader.end(), reply_of(sent)
    assert (new.state, new.text, screen.text) == ("complete", "Another story.", "Another story.")
    assert len(screen.states) == 1
    assert charged(sent)[1] == tokens("Another story.")
    assert charged(sent)[0] > 0


def test_what_was_begun_anew_is_charged_whole_whoever_goes_on_from_there(alice: User, hire: Hire, web: Web) -> None:
    old = cut(alice, hire)
    sent = once_more(alice, old, goes_on=True)
    granted = (reply_of(sent).max_tokens or 0) - 40
    reader = web.follow(sent.reply)
    other = STORY.upper()
    first = hire(text=other, rate=400, continues_prefix=False)
    first.ticket()
    reader.until(lambda screen: len(screen.text) > 200 and other.startswith(screen.text))
    first.leave()
    left = reply_of(sent)
    assert (left.inherited_tokens, left.max_tokens, left.epoch) == (0, granted, 1)
    hire(text=other).ticket().result(15)
    new = reply_of(sent)
    assert (new.state, new.text, reader.end().text) == ("complete", other, other)
    assert (new.attempt, new.epoch) == (2, 1)
    assert charged(sent)[1] == tokens(other) == new.completion_tokens


def test_a_page_that_has_the_beginning_is_told_the_rest(alice: User, hire: Hire, web: Web, model: Model) -> None:
    old = cut(alice, hire)
    sent = once_more(alice, old, goes_on=True)
    until(lambda: reply_of(sent).state == "queued", what="the reply to wait")
    reader = web.follow(sent.reply, has=Screen(old.text))
    hire(text=STORY).ticket().result(15)
    assert reader.end().text == STORY
    assert not any(old.text in frame.get("text", "") for frame in reader.screen.frames)


def test_the_model_reads_the_branch_and_not_its_other_versions(alice: User, hire: Hire) -> None:
    _, old = talk(alice, "one")
    sent = once_more(alice, old)
    hire(echo=True, text="").ticket().result(15)
    assert reply_of(sent).text == "one"
