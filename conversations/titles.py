"""The title of a conversation, made from its first message."""

import re

LONGEST = 60  # characters
SHORTEST = 40  # a title that is cut goes back to the end of a word, but not below this
READ = 4 * LONGEST  # characters of a line: marks that never close would be looked for in all of it, each

_FENCE = re.compile(r"(?:```|~~~)[\w+-]*")
_LEADING_MARKS = re.compile(r"^(?:[#>]+\s*|[*+-]\s+)+")
_EMPHASIS = re.compile(r"(\*\*|~~|[*`])(?=\S)(.+?)(?<=\S)\1")


def title_from(text: str) -> str:
    """The first line with words in it, without Markdown's marks, cut between words."""
    lines = [" ".join(line.split())[:READ] for line in text.splitlines() if line.strip()]
    worded = (title for title in map(_plain, lines) if any(letter.isalnum() for letter in title))
    return _cut(next(worded, lines[0] if lines else ""))


def _plain(line: str) -> str:
    return "" if _FENCE.fullmatch(line) else _EMPHASIS.sub(r"\2", _LEADING_MARKS.sub("", line))


def _cut(line: str) -> str:
    if len(line) <= LONGEST:
        return line
    end = line.rfind(" ", SHORTEST, LONGEST)
    return line[: end if end > 0 else LONGEST - 1] + "…"
