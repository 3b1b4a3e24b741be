"""Patterns that would keep a worker's event loop busy are refused, or left out when they are there all the same."""

import random

import pytest
from django.core.exceptions import ValidationError

from chatsite.bench import corpus
from moderation import compiling, costs
from moderation.automaton import BEGINS
from moderation.matcher import Action, InvalidRule, Matcher, RuleSpec
from moderation.models import Rule
from moderation.patterns import validate_pattern
from moderation.starter import STARTERS

COSTLY = [".{0,100}x.{0,100}", "[ab]{0,16}a[ab]{200}c", "a.{0,250}b", "(?:.?){60}x.{60}"]
PART = "a.{{0,30}}{letter}"  # alone within the bound, many together not


def parts(count: int) -> list[RuleSpec]:
    return [RuleSpec(1 + n, Action.MASK, pattern=PART.format(letter=chr(ord("b") + n))) for n in range(count)]


@pytest.mark.parametrize("source", COSTLY)
@pytest.mark.parametrize("for_replies", [True, False])
def test_a_costly_pattern_is_refused(source: str, for_replies: bool) -> None:
    with pytest.raises(InvalidRule, match="too costly, more than 100 steps a character: shorten its repetitions"):
        validate_pattern(source, for_replies=for_replies)
    with pytest.raises(InvalidRule, match="too costly") as refused:
        Matcher([RuleSpec(7, Action.FLAG, pattern=source)])
    assert refused.value.rule == 7


def test_check_digits_cost_a_thread_for_each_beginning() -> None:
    validate_pattern("(?:.?){20}x", for_replies=True)
    with pytest.raises(InvalidRule, match="too costly"):
        validate_pattern("(?:.?){20}x", for_replies=True, checksum="luhn")


@pytest.mark.parametrize(
    "source", ["a.{0,30}b", "password.{0,100}secret", r"foo.{0,50}bar", ".{1,256}", "(a|aa){1,50}b"]
)
def test_ordinary_repetitions_are_not(source: str) -> None:
    validate_pattern(source, for_replies=True)


def test_what_is_measured_and_installed_fits_with_room(monkeypatch: pytest.MonkeyPatch) -> None:
    starters = [one.rule().spec for one in STARTERS]
    monkeypatch.setattr(costs, "MOST_STEPS", costs.MOST_STEPS // 2)
    Matcher(corpus.patterns(50))
    monkeypatch.setattr(costs, "MOST_TOGETHER", costs.MOST_TOGETHER // 4)
    Matcher(starters)


def test_the_bound_holds_for_texts_it_was_not_counted_on() -> None:
    """Steps that are not remembered, on random letters of the patterns."""
    machine = Matcher(parts(3)).compiled.machine
    shape, steps = machine.root(within=False), 0
    for character in random.Random(7).choices("abcdefgh", k=5_000):  # noqa: S311 - not a secret
        if character not in shape:
            leads = machine.lead(character)
            steps += sum(1 + len(leads[number]) for number in (*shape.places, BEGINS[shape.within]))
        shape = shape[character].shape
    assert 0 < steps < costs.MOST_TOGETHER * 5_000


def test_together_they_cost_too_much_and_the_costliest_are_left_out() -> None:
    specs = parts(9)
    with pytest.raises(InvalidRule, match=r"With the other patterns that are on .* more than 200 steps") as refused:
        Matcher(specs)
    assert 1 <= refused.value.rule <= 9
    matcher, lost = compiling.compiled(specs)
    assert matcher is not None
    assert len(lost) + len(matcher.rules) == 9
    assert len(matcher.rules) >= 3


@pytest.mark.django_db
def test_a_rule_is_not_saved_that_is_too_costly_with_the_others() -> None:
    specs = parts(9)
    for spec in specs[:8]:
        Rule.objects.create(name=f"Rule {spec.id}", kind=Rule.Kind.PATTERN, pattern=spec.pattern)
    last = Rule(name="Last", kind=Rule.Kind.PATTERN, pattern=specs[8].pattern)
    with pytest.raises(ValidationError) as problem:
        last.full_clean()
    assert "With the other patterns that are on" in problem.value.message_dict["pattern"][0]
    last.enabled = False
    last.full_clean()
    Rule.objects.filter(enabled=True).update(enabled=False)
    last.enabled = True
    last.full_clean()
