"""What a person wrote meets the rules before it is saved: blocked, masked, noted, or left alone."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from accounts.models import User
from moderation import incidents
from moderation.excerpts import excerpt, hide
from moderation.matcher import MASK, Action, Match
from moderation.models import Incident, Rule
from moderation.screening import Prompted, screen_prompt

pytestmark = pytest.mark.django_db


def make(words: str = "marmalade", action: str = "block", **more: Any) -> Rule:
    return Rule.objects.create(**{"name": words, "words": words, "action": action, "dry_run": False, **more})


def screen(user: User, text: str = "The marmalade is here.", message: UUID | None = None) -> Prompted:
    return screen_prompt(user.pk, text, conversation=None, message=message or uuid4())


def test_without_rules_a_text_stays_as_it_is(alice: User) -> None:
    assert screen(alice) == Prompted("The marmalade is here.")


def test_a_block_says_why_in_the_rules_own_words(alice: User) -> None:
    rule = make(message="Fruit stays at home.")
    screened = screen(alice)
    assert screened.blocked is not None
    assert (screened.blocked.detail, screened.blocked.rule) == ("Fruit stays at home.", rule.pk)
    assert screened.text == "The marmalade is here."
    assert not Incident.objects.exists()


def test_a_block_without_words_of_its_own_says_something(alice: User) -> None:
    make()
    blocked = screen(alice).blocked
    assert blocked is not None
    assert "cannot be sent" in blocked.detail


def test_the_incident_of_a_block_is_known_before_it_is_recorded(alice: User) -> None:
    make()
    message = uuid4()
    screened = screen(alice, message=message)
    kept = incidents.record(screened.findings, where="prompt", user_id=alice.pk, conversation=None, message=message)
    assert screened.blocked is not None
    assert kept == [screened.blocked.incident]
    assert incidents.appeal(alice, screened.blocked.incident, "Breakfast!").rule_name == "marmalade"


def test_a_mask_leaves_everything_else(alice: User) -> None:
    make(action="mask")
    screened = screen(alice, "The ｍarma\u200blade, MARMALADE!")
    assert screened.text == f"The {MASK * 10}, {MASK * 9}!"
    assert screened.blocked is None
    assert [(one.action, one.start, one.end) for one in screened.findings] == [
        (Action.MASK, 4, 14),
        (Action.MASK, 16, 25),
    ]


def test_a_flag_and_a_dry_run_only_note(alice: User) -> None:
    make("marmalade", "flag")
    make("here", "block", dry_run=True)
    screened = screen(alice)
    assert screened.text == "The marmalade is here."
    assert screened.blocked is None
    assert [(one.action, one.dry_run) for one in screened.findings] == [(Action.FLAG, False), (Action.BLOCK, True)]


def test_rules_for_replies_leave_prompts_alone(alice: User) -> None:
    make(scope="reply")
    assert screen(alice) == Prompted("The marmalade is here.")


def test_an_exception_is_no_finding(alice: User) -> None:
    make(exceptions="marmalade cat")
    assert screen(alice, "My marmalade cat.").findings == ()
    assert screen(alice, "My marmalade.").blocked is not None


def test_an_excerpt_lets_one_judge_and_no_more(alice: User) -> None:
    make("4111111111111111", "flag")
    make("hunter2", "flag")
    before, after = "b" * 60, "a" * 60
    (card, password) = screen(alice, f"{before} 4111111111111111 hunter2 {after}").findings
    assert card.excerpt == f"…{'b' * 39} 4{MASK * 11} h{MASK * 6} {'a' * 31}…"
    assert password.excerpt == f"…{'b' * 22} 4{MASK * 15} h{MASK * 6} {'a' * 39}…"


def test_an_excerpt_of_overlapping_matches_shows_one_character(alice: User) -> None:
    hidden = hide("The secret plan", [Match(1, 4, 10), Match(2, 4, 15), Match(1, 7, 10)])
    assert hidden == f"The s{MASK * 10}"
    assert excerpt(hidden, 0, 3) == hidden
