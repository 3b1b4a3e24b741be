"""Why something was found: the place in its own words, with what was looked for marked."""

import re
from bisect import bisect_right
from itertools import accumulate

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from conversations.search.terms import READ
from moderation.normal import fold, normalise

BEFORE, AFTER = 40, 140  # characters around the first place
PIECE = 256
_SIGNS = re.compile(r"\*\*|`+|\||(?<=\n)#+ |^#+ ")  # of Markdown
_SPACE = re.compile(r"\s+")


def snippet(text: str, marks: "re.Pattern[str]") -> SafeString:
    """HTML of the text around the first mark, or of its beginning."""
    first = _first(text, marks)
    begin = _begin(text, first)
    shown = text[begin : first + AFTER]
    return mark_safe(  # noqa: S308 - its parts are escaped
        ("…" if begin else "") + marked(shown, marks).strip() + ("…" if first + AFTER < len(text) else "")
    )


def marked(text: str, marks: "re.Pattern[str]") -> SafeString:
    """HTML of all of the text, on one line."""
    searched, origins = normalise(text)
    html, done = "", 0
    for found in marks.finditer(searched):
        if found.start() == found.end():
            continue
        begin, end = origins[found.start()], origins[found.end() - 1] + 1
        if begin >= done:
            html += f"{_plain(text[done:begin])}<mark>{_plain(text[begin:end])}</mark>"
            done = end
    return mark_safe(html + _plain(text[done:]))  # noqa: S308 - all parts are escaped


def _plain(text: str) -> str:
    return _SPACE.sub(" ", escape(_SIGNS.sub("", text)))


def _first(text: str, marks: "re.Pattern[str]") -> int:
    """Where the first mark begins; folding may change lengths, so it is counted piece by piece."""
    pieces = [fold(text[at : at + PIECE]) for at in range(0, min(len(text), READ), PIECE)]
    found = marks.search("".join(pieces))
    if not found:
        return 0
    ends = list(accumulate(map(len, pieces)))
    piece = bisect_right(ends, found.start())
    left = found.start() - (ends[piece - 1] if piece else 0)
    at = piece * PIECE
    while left > 0:
        left -= len(fold(text[at]))
        at += 1
    return at


def _begin(text: str, first: int) -> int:
    """A little before, at the end of a word if there is one."""
    begin = max(0, first - BEFORE)
    if not begin:
        return 0
    space = text.find(" ", begin, first)
    return space + 1 if space >= 0 else begin
