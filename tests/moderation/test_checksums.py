"""Check digits: real-looking numbers, and what is off by one digit."""

import pytest

from moderation.checksums import CHECKSUMS, holds
from moderation.matcher import Action, Matcher, RuleSpec

RIGHT = [
    ("luhn", "4111111111111111"),
    ("luhn", "4111 1111 1111 1111"),
    ("luhn", "3782-822463-10005"),
    ("luhn", "6222021234567890128"),
    ("cn_id", "11010519491231002x"),
    ("cn_id", "440524188001010014"),
    ("iban", "gb82west12345698765432"),
    ("iban", "de89 3704 0044 0532 0130 00"),
]


@pytest.mark.parametrize(("checksum", "number"), RIGHT)
def test_right_numbers(checksum: str, number: str) -> None:
    assert holds(checksum, number)


@pytest.mark.parametrize(("checksum", "number"), RIGHT)
def test_any_other_last_digit_is_wrong(checksum: str, number: str) -> None:
    others = [number[:-1] + digit for digit in "0123456789" if digit != number[-1]]
    assert not any(holds(checksum, other) for other in others)


@pytest.mark.parametrize("checksum", sorted(CHECKSUMS))
@pytest.mark.parametrize("text", ["", "0", "abc", "坏", "1" * 100, "0000", "11010519491231002"])
def test_what_is_no_such_number_at_all(checksum: str, text: str) -> None:
    assert not holds(checksum, text)


def test_too_few_and_too_many_digits_for_a_card() -> None:
    assert not holds("luhn", "0" * 11)
    assert holds("luhn", "0" * 12)
    assert holds("luhn", "0" * 19)
    assert not holds("luhn", "0" * 20)


def test_a_card_is_found_behind_another_number() -> None:
    """The longest digits in a row fail; the card in them does not."""
    rule = RuleSpec(1, Action.MASK, pattern=r"(?:\d[ -]?){12,18}\d", checksum="luhn")
    assert Matcher([rule]).screen("it cost 25 4111 1111 1111 1111 in all").text == "it cost 25 " + "█" * 19 + " in all"


def test_a_number_with_wrong_digits_is_shown() -> None:
    rule = RuleSpec(1, Action.BLOCK, pattern=r"\b\d{16}\b", checksum="luhn")
    assert Matcher([rule]).screen("order 4111111111111112").blocked is None
    assert Matcher([rule]).screen("order 4111111111111111").blocked is not None


def test_an_identity_card_in_full_width_with_a_capital_x() -> None:
    rule = RuleSpec(1, Action.MASK, pattern=r"\d{17}[\dX]", checksum="cn_id")
    assert Matcher([rule]).screen("身份证１１０１０５１９４９１２３１００２Ｘ。").text == "身份证" + "█" * 18 + "。"
