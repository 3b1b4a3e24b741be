"""Tokens that say which they are and when they were said: who reads them can tell what is missing, and how old it is.

A token is 15 ASCII characters: two hexadecimal digits of the question it answers, four of its number in the reply,
eight of the moment it was said (microseconds of the clock that a machine's processes share, modulo 2**32), a space.
"""

import itertools
import re
import zlib
from dataclasses import dataclass

LENGTH = 15
STAMP = re.compile(r"([0-9a-f]{2})([0-9a-f]{4})([0-9a-f]{8})")
_UNDATED = "0" * 8 + " "
# Markdown as replies have it; each # becomes a stamp. No mark needs one without a space after it.
_MARKDOWN = (
    "\n\n## # # #\n\n# # # # **bold** # # # `# ` # # [# ](https://example.org/) # # # # # *and* # # # # #\n\n"
    "1. # # # #\n2. # # # # #\n   - # # #\n   - # # # #\n\n```python\ndef f(# ):\n    return # + # # #\n```\n\n"
    "# # # # # # # # # # # # # # # #\n\n> # # # # # #\n\n| # | # |\n|---|--:|\n| # | # |\n| # | # |\n\n"
    "# # # # # # # # # # # # # # # # # # # # # # # # # # # # # #"
)
_PARTS = tuple(part.lstrip(" ") for part in re.split(r"(?<!#)#(?!#)", _MARKDOWN)[:-1])
_WRAP_US = 2**32


@dataclass(frozen=True, slots=True)
class Stamp:
    """One token that was read. ``mark`` tells the question, ``said_us`` the moment."""

    mark: str
    number: int
    said_us: int

    @property
    def token(self) -> str:
        return f"{self.mark}{self.number:04x}{self.said_us:08x} "

    def delay_s(self, now: float) -> float:
        """Seconds from its moment to ``now`` (``time.monotonic()`` of the same machine)."""
        late = (int(now * 1e6) - self.said_us) % _WRAP_US
        return (late - _WRAP_US if late > _WRAP_US / 2 else late) / 1e6


def mark(question: str) -> str:
    """The two digits of a question."""
    return f"{zlib.crc32(question.encode()) & 0xFF:02x}"


def undated(question: str, tokens: int) -> tuple[str, ...]:
    """The tokens of a reply before it is known when each is said."""
    head = mark(question)
    return tuple(f"{head}{number:04x}{_UNDATED}" for number in range(tokens))


def marked(question: str, tokens: int) -> tuple[str, ...]:
    """So many tokens of a reply with Markdown in it: stamps, and what stands between them."""
    stamps = iter(undated(question, tokens))
    made: list[str] = []
    parts = itertools.cycle(_PARTS)
    while len(made) < tokens:
        part = next(parts)
        made += [part if made else part.lstrip()] if part else []
        made.append(next(stamps))
    return tuple(made[:tokens])


def dated(token: str, said: float) -> str:
    """The token, said at ``said`` (``time.monotonic()``). One that is only the end of a token stays as it is."""
    return f"{token[:6]}{int(said * 1e6) % _WRAP_US:08x} " if len(token) == LENGTH else token


def read(text: str) -> list[Stamp]:
    """All tokens in a text, in its order."""
    return [Stamp(mark, int(number, 16), int(said, 16)) for mark, number, said in STAMP.findall(text)]
