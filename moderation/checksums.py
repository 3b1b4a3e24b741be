"""Check digits: what looks like a card, an identity card or an account, and is none, is no match."""

import re
from collections.abc import Callable

NOT_IN_A_NUMBER = re.compile(r"[^0-9a-z]+")
CARD_DIGITS = range(12, 20)
ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ID_CHECKS = "10x98765432"
ID = re.compile(r"\d{17}[\dx]")
IBAN = re.compile(r"[a-z]{2}\d{2}[0-9a-z]{11,30}")


def luhn(number: str) -> bool:
    """Bank cards, ISO/IEC 7812."""
    if not number.isdecimal() or len(number) not in CARD_DIGITS:
        return False
    digits = [int(digit) for digit in reversed(number)]
    return (sum(digits[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])) % 10 == 0


def resident_id(number: str) -> bool:
    """Chinese identity cards, GB 11643: ISO 7064 mod 11-2."""
    if not ID.fullmatch(number):
        return False
    total = sum(weight * int(digit) for weight, digit in zip(ID_WEIGHTS, number, strict=False))
    return ID_CHECKS[total % 11] == number[17]


def iban(number: str) -> bool:
    """Bank accounts, ISO 13616: mod 97."""
    if not IBAN.fullmatch(number):
        return False
    return int("".join(str(int(character, 36)) for character in number[4:] + number[:4])) % 97 == 1


CHECKSUMS: dict[str, Callable[[str], bool]] = {"luhn": luhn, "cn_id": resident_id, "iban": iban}


def holds(checksum: str, found: str) -> bool:
    """Whether the searched text that was found has right check digits; separators do not count."""
    return CHECKSUMS[checksum](NOT_IN_A_NUMBER.sub("", found))
