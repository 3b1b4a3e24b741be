"""Tokens of what a program says again with each call are counted once, and none is counted for what is far too long."""

import pytest

from accounts.models import User
from conversations import checks, counted
from conversations.refusals import Refused
from inference.model import Model
from inference.protocol import Turn
from limits.policies import limits_of


class Words:
    """Counts words, and how often it is asked."""

    turn_overhead = prompt_overhead = 0

    def __init__(self, *, exact: bool = True) -> None:
        self.exact = exact
        self.asked = 0

    def count(self, text: str) -> int:
        self.asked += 1
        return len(text.split())

    def most(self, text: str) -> int:
        return len(text)


@pytest.fixture(autouse=True)
def nothing_known() -> None:
    counted._known.clear()


def test_a_text_is_counted_once_for_each_model() -> None:
    words = Words()
    assert [counted.count(words, model, "one two") for model in ("a", "a", "b")] == [2, 2, 2]
    assert words.asked == 2
    assert counted.count(words, "a", "one two three") == 3


def test_an_estimate_is_not_kept() -> None:
    guess = Words(exact=False)
    assert [counted.count(guess, "a", "one two") for _ in range(2)] == [2, 2]
    assert counted.count(Words(), "a", "one two") == 2
    assert guess.asked == 2


def test_the_oldest_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counted, "MOST", 2)
    words = Words()
    for text in ("one", "two", "three", "three", "two", "one"):
        counted.count(words, "a", text)
    assert words.asked == 4
    assert len(counted._known) == 2


def test_what_is_far_too_long_is_not_counted(alice: User, model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    words = Words()
    monkeypatch.setattr(checks, "tokenizer_for", lambda model: words)
    longest = model.context_window * checks.LONGEST_TOKEN
    for length, asked in ((longest, 1), (longest + 1, 0)):
        turns = [Turn("assistant", "x" * length)]
        words.asked = 0
        if asked:
            assert checks.check_earlier(alice, turns, limits_of(alice.pk), model).tokens == 1
        else:
            with pytest.raises(Refused, match="too_long"):
                checks.check_earlier(alice, turns, limits_of(alice.pk), model)
        assert words.asked == asked
