"""What the rules of a site keep from readers while a reply is written: never a letter too much, whoever dies."""

from typing import Any

import pytest
from django.contrib.auth.models import Group

from accounts.models import User
from conversations.services import stop
from moderation.models import Incident, Rule
from tests.conversations.talk import reply_of, say
from tests.screen import Screen
from tests.waiting import until
from tests.web import Web
from tests.worker.test_failures import take_over
from tests.workers import Hire

pytestmark = pytest.mark.django_db(transaction=True)

FILLER = "".join(f"{number}: 你好 naïve words. " for number in range(30))
WORD = "forbidden"


def rule(action: str, words: str = WORD, **more: Any) -> Rule:
    fields = {"name": f"{action} {words}"[:100], "kind": "words", "scope": "reply", "words": words, "dry_run": False}
    return Rule.objects.create(**{**fields, "action": action, "message": "", **more})


def shown(screen: Screen) -> list[str]:
    """The text as it grew on the page."""
    grown = [""]
    for frame in screen.frames:
        if frame["type"] == "text":
            grown.append(grown[-1] + frame["text"])
    return grown


def never_begun(screen: Screen, secret: str) -> None:
    """At no moment did the page end with the beginning of the secret, of two letters or more."""
    for text in shown(screen):
        assert secret not in text.lower()
        assert not any(text.lower().endswith(secret[:length]) for length in range(3, len(secret)))


@pytest.mark.parametrize("rate", [50, 2000])
def test_a_blocked_word_ends_the_reply_before_its_first_letter(alice: User, hire: Hire, web: Web, rate: int) -> None:
    rule("block")
    worker = hire(text=FILLER[:200] + "and Forbidden fruit " + FILLER, rate=rate)
    sent = say(alice)
    reader = web.follow(sent.reply)
    worker.ticket().result(15)
    screen, reply = reader.end(), reply_of(sent)
    assert (reply.state, screen.types[-1]) == ("blocked", "blocked")
    assert reply.text == screen.text == FILLER[:200] + "and "
    assert reply.cursor == screen.cursor
    never_begun(screen, WORD)
    assert "rule" in str(screen.end and screen.end["detail"])
    incident = Incident.objects.get()
    assert (incident.message, incident.where, incident.action, incident.user) == (reply.pk, "reply", "block", alice)
    assert not worker.worker.live


def test_a_masked_word_is_masked_everywhere_and_flagged_ones_stay(alice: User, hire: Hire, web: Web) -> None:
    rule("mask")
    rule("flag", "naïve")
    worker = hire(text=f"One {WORD}, two FORBIDDEN and a naïve end")
    sent = say(alice)
    reader = web.follow(sent.reply)
    worker.ticket().result(15)
    screen, reply = reader.end(), reply_of(sent)
    mask = "█" * len(WORD)
    assert reply.text == screen.text == f"One {mask}, two {mask} and a naïve end"
    assert reply.state == "complete"
    found = list(Incident.objects.order_by("start").values_list("action", "start"))
    assert found == [("mask", 4), ("mask", 19), ("flag", 35)]
    assert all(WORD not in one.excerpt.lower() for one in Incident.objects.filter(action="mask"))


def test_reasoning_goes_through_the_rules_too(alice: User, hire: Hire, web: Web) -> None:
    rule("mask")
    worker = hire(text="The answer.", reasoning=f"They want {WORD}")
    sent = say(alice)
    reader = web.follow(sent.reply)
    worker.ticket().result(15)
    screen, reply = reader.end(), reply_of(sent)
    assert reply.reasoning == screen.reasoning == "They want " + "█" * len(WORD)
    assert reply.text == "The answer."
    assert Incident.objects.get().where == "reasoning"


def test_a_word_at_the_very_end_is_found(alice: User, hire: Hire) -> None:
    rule("block")
    worker = hire(text=f"It is {WORD}")
    sent = say(alice)
    worker.ticket().result(15)
    assert (reply_of(sent).state, reply_of(sent).text) == ("blocked", "It is ")


def test_the_beginning_of_a_longer_word_is_told_in_the_end(alice: User, hire: Hire) -> None:
    rule("block", "forbidden fruit")
    worker = hire(text="It is forbidden fr")
    sent = say(alice)
    worker.ticket().result(15)
    assert (reply_of(sent).state, reply_of(sent).text) == ("complete", "It is forbidden fr")
    assert not Incident.objects.exists()


def test_what_is_held_back_is_told_at_a_stop(alice: User, hire: Hire, web: Web) -> None:
    rule("block", "forbidden fruit")
    worker = hire(text="Some words, then forbidden " + "… " * 2000, rate=4)
    sent = say(alice)
    reader = web.follow(sent.reply)
    ticket = worker.ticket()
    reader.until(lambda screen: "then" in screen.text)
    until(lambda: worker.worker.live and next(iter(worker.worker.live.values())).tokens >= 4)
    stop(alice, sent.reply)
    web.run(web.streams.feed.hasten_stop(sent.reply))
    ticket.result(15)
    screen, reply = reader.end(), reply_of(sent)
    assert (reply.state, reply.text) == ("stopped", screen.text)
    assert reply.text.startswith("Some words, then forbidden")


def test_another_worker_goes_on_without_a_letter_of_it(alice: User, hire: Hire, web: Web) -> None:
    rule("mask")
    story = f"{FILLER}{WORD} {FILLER}{WORD} {FILLER}"
    masked = story.replace(WORD, "█" * len(WORD))
    first, heir = hire(text=story, rate=100), hire(text=story, rate=1000)
    sent = say(alice)
    reader = web.follow(sent.reply)
    first.ticket()
    reader.until(lambda screen: "█" in screen.text)
    with first.frozen():
        take_over(heir, sent).result(15)
    screen, reply = reader.end(), reply_of(sent)
    assert reply.text == screen.text == masked
    assert reply.state == "complete"
    assert Incident.objects.count() == 2
    never_begun(screen, WORD)


def test_what_a_dead_worker_held_back_is_not_counted(alice: User, hire: Hire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conversations.replies.keeper.HEARTBEAT_S", 0.02)
    rule("block", "very " * 40 + "forbidden")
    story = "one two " + "very " * 40
    first, heir = hire(text=story, rate=10), hire(text=story)
    sent = say(alice)
    first.ticket()
    until(lambda: reply_of(sent).completion_tokens > 2, what="a token to be counted that is held back")
    with first.frozen():
        assert reply_of(sent).text == "one two "
        stop(alice, sent.reply)
        take_over(heir, sent).result(15)
        reply = reply_of(sent)
        assert (reply.state, reply.text, reply.completion_tokens) == ("stopped", "one two ", 2)


def test_rules_of_a_group_are_for_its_members(alice: User, bob: User, hire: Hire) -> None:
    team = Group.objects.create(name="team")
    rule("block").groups.add(team)
    bob.groups.add(team)
    worker = hire(text=f"It is {WORD}, you know")
    sent = {person: say(person) for person in (alice, bob)}
    worker.ticket().result(15)
    assert reply_of(sent[alice]).state == "complete"
    assert reply_of(sent[bob]).state == "blocked"


def test_a_dry_run_changes_nothing_and_is_on_record(alice: User, hire: Hire) -> None:
    rule("block", dry_run=True)
    worker = hire(text=f"It is {WORD}, you know")
    sent = say(alice)
    worker.ticket().result(15)
    assert (reply_of(sent).state, reply_of(sent).text) == ("complete", f"It is {WORD}, you know")
    assert Incident.objects.get().dry_run


def test_a_rule_holds_from_the_next_reply_on(alice: User, hire: Hire) -> None:
    worker = hire(text=f"It is {WORD}, you know")
    one = rule("block")
    states = []
    for enabled in (True, False, True):
        one.enabled = enabled
        one.save()
        sent = say(alice)
        worker.ticket().result(15)
        states.append(reply_of(sent).state)
    assert states == ["blocked", "complete", "blocked"]
