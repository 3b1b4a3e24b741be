"""Several rules over one text: what wins, what is reported, and that order does not matter."""

import itertools
import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from moderation.matcher import MASK, Action, Match, Matcher, RuleSpec, Screened

BLOCK = RuleSpec(1, Action.BLOCK, words=("attack plan",))
HIDE = RuleSpec(2, Action.MASK, words=("plan", "plan b"))
NOTE = RuleSpec(3, Action.FLAG, words=("b", "attack"))
DRY = RuleSpec(4, Action.BLOCK, words=("lunch",), dry_run=True)


def screen(text: str, *rules: RuleSpec) -> Screened:
    return Matcher(rules).screen(text)


def test_nothing_found() -> None:
    assert screen("all is well", BLOCK, HIDE, NOTE, DRY) == Screened("all is well", (), None)
    assert screen("", BLOCK) == Screened("", (), None)


def test_a_block_ends_the_text_before_its_first_character() -> None:
    screened = screen("the attack plan is this", BLOCK)
    assert screened.text == "the "
    assert screened.blocked == Match(1, 4, 15)
    assert screened.matches == (Match(1, 4, 15),)


def test_a_mask_keeps_every_place_where_it_was() -> None:
    text = "plan b or plan c"
    screened = screen(text, HIDE)
    assert screened.text == "██████ or ████ c"
    assert len(screened.text) == len(text)
    assert screened.matches == (Match(2, 0, 6), Match(2, 10, 14))


def test_a_flag_changes_nothing() -> None:
    assert screen("a b", NOTE) == Screened("a b", (Match(3, 2, 3),), None)


def test_block_beats_mask_beats_flag() -> None:
    screened = screen("attack plan b", BLOCK, HIDE, NOTE)
    assert screened == Screened("", (Match(1, 0, 11),), Match(1, 0, 11))
    screened = screen("a plan b", HIDE, NOTE)
    assert screened.text == "a ██████"
    assert screened.matches == (Match(2, 2, 8), Match(3, 7, 8))


def test_of_two_blocks_the_first_counts_then_the_first_rule() -> None:
    late = RuleSpec(8, Action.BLOCK, words=("two",))
    early = RuleSpec(9, Action.BLOCK, words=("one",))
    assert screen("one two", late, early).blocked == Match(9, 0, 3)
    other = RuleSpec(10, Action.BLOCK, pattern="one t")
    assert screen("one two", other, early).blocked == Match(10, 0, 5)
    assert screen("one two", early, other).blocked == Match(9, 0, 3)


def test_what_runs_into_a_block_is_reported_up_to_it() -> None:
    hide = RuleSpec(2, Action.MASK, words=("my attack",))
    screened = screen("my attack plan", hide, BLOCK)
    assert screened.text == "███"
    assert screened.matches == (Match(2, 0, 3), Match(1, 3, 14))


def test_what_stands_behind_a_block_is_not_reported() -> None:
    assert screen("attack plan, plan b", BLOCK, HIDE).matches == (Match(1, 0, 11),)


def test_a_dry_run_only_reports() -> None:
    assert screen("lunch plan", DRY, HIDE) == Screened("lunch ████", (Match(4, 0, 5), Match(2, 6, 10)), None)


def test_masks_of_two_rules_make_one_run() -> None:
    other = RuleSpec(5, Action.MASK, words=("b is",))
    assert screen("plan b is", HIDE, other).text == MASK * 9


def test_find_has_all_whatever_is_blocked() -> None:
    found = Matcher([BLOCK, HIDE, NOTE]).find("attack plan b")
    assert found == [Match(1, 0, 11), Match(3, 0, 6), Match(2, 7, 13), Match(3, 12, 13)]


@pytest.mark.parametrize("order", list(itertools.permutations([0, 1, 2, 3])))
def test_the_order_of_rules_changes_nothing_that_is_shown(order: tuple[int, ...]) -> None:
    rules = [HIDE, NOTE, DRY, RuleSpec(6, Action.MASK, pattern=r"\d{3}")]
    text = "a plan b for lunch at 12345"
    expected = screen(text, *rules)
    screened = screen(text, *(rules[place] for place in order))
    assert screened.text == expected.text
    assert set(screened.matches) == set(expected.matches)


def test_the_order_of_words_changes_nothing() -> None:
    words = ["a", "ab*", "*bc", "a b", "坏", "坏人", "*人*"]
    text = "a abc 坏人 a b xbc"
    expected = screen(text, RuleSpec(1, Action.MASK, words=tuple(words)))
    for seed in range(20):
        random.Random(seed).shuffle(words)  # noqa: S311 - the same orders each time
        assert screen(text, RuleSpec(1, Action.MASK, words=tuple(words))) == expected


def test_a_rule_with_words_and_a_pattern_joins_what_overlaps() -> None:
    both = RuleSpec(1, Action.MASK, words=("key",), pattern=r"key: \w{1,9}")
    assert screen("my key: abc", both).matches == (Match(1, 3, 11),)


def test_one_matcher_serves_all_threads() -> None:
    matcher = Matcher([HIDE, RuleSpec(6, Action.MASK, pattern=r"a.{0,30}z")])
    texts = [f"plan {number} a{'b' * (number % 40)}z 坏" for number in range(200)]
    alone = [Matcher(matcher.rules).screen(text) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(matcher.screen, texts)) == alone
