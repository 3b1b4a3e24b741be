"""What changed between two texts: nothing is lost of either, and long texts are compared in a bounded time."""

import random
import time

import pytest

from exports.differences import MOST_PARTS, differences


def sides(old: str, new: str) -> tuple[str, str]:
    pieces = differences(old, new)
    return tuple("".join(one.text for one in pieces if one.kind != other) for other in ("ins", "del"))  # type: ignore[return-value]


def test_a_word_that_was_changed_is_all_that_differs() -> None:
    pieces = differences("The capital is Lyon, in France.", "The capital is Paris, in France.")
    assert [(one.kind, one.text) for one in pieces] == [
        ("", "The capital is "), ("del", "Lyon"), ("ins", "Paris"), ("", ", in France."),
    ]  # fmt: skip


def test_chinese_is_compared_by_its_characters() -> None:
    assert [one.text for one in differences("首都是里昂。", "首都是巴黎。") if one.kind] == ["里昂", "巴黎"]


@pytest.mark.parametrize(
    ("old", "new"), [("", ""), ("a", ""), ("", "a"), ("a\r\n b\t", "a\n b"), ("x " * 9000, "x y" * 9000)]
)
def test_nothing_is_lost_of_either(old: str, new: str) -> None:
    assert sides(old, new) == (old, new)


def test_any_two_texts_are_put_together_again() -> None:
    pick = random.Random(7)  # noqa: S311 - no secret
    for _ in range(200):
        old, new = ("".join(pick.choices("ab 中\n.", k=pick.randrange(40))) for _ in range(2))
        assert sides(old, new) == (old, new)


def test_long_texts_take_no_longer() -> None:
    pick = random.Random(7)  # noqa: S311 - no secret
    old, new = ("".join(pick.choices("abcd \n", k=40 * MOST_PARTS)) for _ in range(2))
    began = time.process_time()
    assert sides(old, new) == (old, new)
    assert time.process_time() - began < 3
