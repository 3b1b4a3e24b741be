"""A reply in a tab that formats: blocks as the server rendered them, then the raw text that no block holds yet.

Tokens tell which they are, so at every moment it is known what must be readable; a real model's do not.
"""

import re
from bisect import bisect
from functools import cache

from tests.faults.question import LONGEST, TOKEN, Question
from tests.screen import PARTS, Frame, Screen

MARKS = re.compile(r"[\s*>]+")  # the raw text has some that the formatted text has not


class Page(Screen):
    """``odd`` says what was shown first that should not have been; of text without numbers that is not known."""

    def __init__(self, *, numbered: bool) -> None:
        super().__init__()
        self.odd = ""
        self._numbered = numbered
        self._retold: set[str] = set()
        self._has_new_blocks = False

    @property
    def words(self) -> str:
        """All that can be read, without marks and spaces: a token may stand half in a block and half behind it."""
        return MARKS.sub("", self.shown())

    def expect_all(self) -> None:
        """All blocks will be told again: of those that belong together only some may stand here."""
        self._retold = set(PARTS)

    def read(self, frame: Frame) -> None:
        if frame["type"] == "html":
            self._forget_blocks(frame["part"])
            super().read(frame)
            self._has_new_blocks = True
            return
        if self._has_new_blocks:  # those that belong together have come by now
            self._check()
        super().read(frame)
        if frame["type"] == "state" and frame["state"] != "continuing":
            self._retold.clear()
        self._check()

    def _forget_blocks(self, part: str) -> None:
        if part in self._retold:
            self._retold.discard(part)
            self._blocks[part].clear()

    def _check(self) -> None:
        self._has_new_blocks = False
        if self.odd or not self._numbered or "text" in self._retold:
            return
        shown, due = TOKEN.findall(self.words), tokens_in_bytes(self.cursor[2])
        marks = {mark for mark, _ in shown}
        if [int(number) for _, number in shown] != list(range(due)) or len(marks) > 1:
            self.odd = f"{due} tokens are due at {self.cursor}, shown are {' '.join(map(''.join, shown))}"


def tokens_in_bytes(size: int) -> int:
    """How many whole tokens the first bytes of an answer hold."""
    return bisect(_ends(), size)


@cache
def _ends() -> list[int]:
    """The byte after each token of an answer, the same for all."""
    token = re.compile(TOKEN.pattern.encode())
    return [match.end() for match in token.finditer(Question(0, LONGEST).text.encode())]
