"""What people ask and what must come back: an echo of numbered tokens, so that one lost, doubled or foreign shows.

A token is a mark of three letters that no other question has, its number, characters of two to four bytes, and a space;
after every 25th a paragraph ends. Some paragraphs are quotations and some tokens stand out, so that the page has much
to render; with those marks a token has twelve characters, the most that the scripted engine says at once.
"""

import re
import string
from dataclasses import dataclass
from functools import cached_property

LETTERS = string.ascii_lowercase
A_PARAGRAPH = 25
A_QUOTATION = 3  # paragraphs
A_STRESS = 7  # tokens
LONGEST = 10_000  # tokens: their numbers have four digits
TOKEN = re.compile(r"([a-z]{3})(\d{4})é你🚀")


@dataclass(frozen=True)
class Question:
    """One message of a person. ``serial`` tells it from all others; with ``prompt`` it is for a real model."""

    serial: int
    tokens: int
    prompt: str = ""

    @cached_property
    def text(self) -> str:
        return self.prompt or "".join(self._token(number) for number in range(self.tokens))

    def tokens_in(self, said: str) -> int:
        """How many of its tokens a text holds; of a real model's text, how many words."""
        return len(said.split() if self.prompt else TOKEN.findall(said))

    @cached_property
    def mark(self) -> str:
        high, low = divmod(self.serial, 26)
        return LETTERS[high // 26 % 26] + LETTERS[high % 26] + LETTERS[low]

    def _token(self, number: int) -> str:
        paragraph, place = divmod(number, A_PARAGRAPH)
        begins = ">" if place == 0 and paragraph % A_QUOTATION == 1 else ""
        stress = "*" if not begins and number % A_STRESS == 3 else ""
        ends = "\n\n" if place == A_PARAGRAPH - 1 else " "
        return f"{begins}{stress}{self.mark}{number:04d}é你🚀{stress}{ends}"


@dataclass(frozen=True, slots=True)
class Difference:
    """How an answer differs from what the question asks for, in tokens."""

    lost: int
    doubled: int
    changed: int

    def __bool__(self) -> bool:
        return bool(self.lost or self.doubled or self.changed)


def compare(question: Question, said: str, *, whole: bool) -> Difference:
    """``said`` beside what the script must say: all of it, or with ``whole=False`` its beginning, to any character.

    What a real model must say nobody knows.
    """
    if question.prompt or said == question.text or (not whole and question.text.startswith(said)):
        return Difference(0, 0, 0)
    numbers = [int(number) for mark, number in TOKEN.findall(said) if mark == question.mark]
    known = set(numbers)
    expected = question.tokens if whole else max(known, default=-1) + 1
    lost = len(set(range(expected)) - known)
    doubled = len(numbers) - len(known)
    return Difference(lost, doubled, changed=0 if lost or doubled else 1)
