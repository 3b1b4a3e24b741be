"""E-mail addresses and phone numbers in a text, found however they are written, and what is put in their place.

They are looked for as the rules of moderation look for words: full-width letters, digits of other scripts and invisible
characters hide nothing. Line by line, as neither goes on in the next line. The work is linear in the text: a text that
could be nothing but numbers is not asked about each of them (``MOST_DIGITS``); there every long number is one.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from moderation.normal import normalise

EMAIL, PHONE, REMOVED = "[e-mail]", "[phone]", "[removed]"
MOST_DIGITS = 4_000  # in lines of a text that could hold a phone number, for each to be looked at
FEWEST_DIGITS = 7

_SPACED = "0-9_a-z\u00df-\u024f\u0370-\u03ff\u0400-\u052f"  # letters of scripts with spaces between words, folded
_UNSPACED = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3"
_SIGN = re.compile(r"@|%40")
# Of an address: what stands before its sign, beginning with a letter so that marks around it stay, and after it.
_LOCAL = tuple(
    re.compile(rf"[{letters}](?:[{letters}!#$%&'+.?^{{}}~-]{{0,63}}[{letters}~+-])?\Z")
    for letters in (_SPACED, _UNSPACED)
)
_QUOTED = re.compile(r'"[^"]{1,64}"\Z')
_DOMAIN = tuple(
    re.compile(
        rf"(?:[{letters}](?:[{letters}-]{{0,62}}[{letters}])?\.){{1,8}}(?=[^0-9])[{letters}-]{{1,62}}[{letters}]"
    )
    for letters in (_SPACED, _UNSPACED)
)
_LITERAL = re.compile(r"\[(?:ipv6:)?[0-9a-f.:]{7,45}\]")

# However a number is cut into groups; after + or the digits that stand for it, it needs no country to be one.
_GROUPS = r"(?:[ ().\-/\u2010-\u2015]{0,3}[0-9])"
_ABROAD = re.compile(rf"(?<![0-9])(?:\+|(?<![0-9+.,-])(?:00|011)(?=[ ().\-1-9])){_GROUPS}{{7,15}}(?![0-9])")
_LONG = re.compile(rf"[0-9]{_GROUPS}{{{FEWEST_DIGITS - 1},}}")
_DIGIT = re.compile(r"[0-9]")


class Span(NamedTuple):
    """A place in a text, and the mark that is put there."""

    start: int
    end: int
    mark: str


def emails(text: str) -> Iterator[Span]:
    """Where the e-mail addresses are."""
    for found in _by_lines(text, _may_hold_address, _addresses):
        yield Span(*found, EMAIL)


def phones(text: str, regions: Sequence[str]) -> Iterator[Span]:
    """Where phone numbers are: with a country's code, and as they are written within these regions ("CN")."""
    digits = sum(count for line in text.splitlines() if (count := _digits(line)) >= FEWEST_DIGITS)
    find = _any_long if digits > MOST_DIGITS else lambda line: _numbers(line, regions)
    for found in _by_lines(text, lambda line: _digits(line) >= FEWEST_DIGITS, find):
        yield Span(*found, PHONE)


def replaced(text: str, spans: Iterable[Span]) -> tuple[str, Counter[str]]:
    """The text with marks in place of the spans, and how many of each. Where some overlap, the first mark holds."""
    parts: list[str] = []
    counted: Counter[str] = Counter()
    end = 0
    for span in _apart(spans):
        parts += (text[end : span.start], span.mark)
        counted[span.mark] += 1
        end = span.end
    return "".join((*parts, text[end:])), counted


def _apart(spans: Iterable[Span]) -> list[Span]:
    found: list[Span] = []
    for span in sorted(spans, key=lambda one: (one.start, -one.end)):
        if found and span.start < found[-1].end:
            found[-1] = found[-1]._replace(end=max(found[-1].end, span.end))
        else:
            found.append(span)
    return found


def _by_lines(
    text: str, may_hold: Callable[[str], bool], find: Callable[[str], Iterable[tuple[int, int]]]
) -> Iterator[tuple[int, int]]:
    at = 0
    for line in text.splitlines(keepends=True):
        if may_hold(line):
            searched, origins = normalise(line)
            for start, end in find(searched):
                yield at + origins[start], at + _after(origins, end, len(line))
        at += len(line)


def _after(origins: Sequence[int], end: int, length: int) -> int:
    """Where the character after a match begins: what is invisible between the two goes with the match."""
    place = bisect_right(origins, origins[end - 1])
    return origins[place] if place < len(origins) else length


def _may_hold_address(line: str) -> bool:
    return "@" in line or "%40" in line or "\uff20" in line or "\ufe6b" in line


def _digits(line: str) -> int:
    return len(_DIGIT.findall(line)) if line.isascii() else sum(map(str.isdigit, line))


def _addresses(line: str) -> Iterator[tuple[int, int]]:
    for sign in _SIGN.finditer(line):
        before = line[max(0, sign.start() - 66) : sign.start()]
        start = next((found for one in (*_LOCAL, _QUOTED) if (found := one.search(before))), None)
        end = next((found for one in (*_DOMAIN, _LITERAL) if (found := one.match(line, sign.end()))), None)
        if start and end:
            yield sign.start() - len(start[0]), end.end()


def _numbers(line: str, regions: Sequence[str]) -> Iterator[tuple[int, int]]:
    yield from (found.span() for found in _ABROAD.finditer(line))
    if not _LONG.search(line):
        return
    # Here, as it takes 7 MB and 0.1 s: only a process that takes numbers out needs it.
    from phonenumbers import Leniency, PhoneNumberMatcher  # noqa: PLC0415

    for region in regions:
        for match in PhoneNumberMatcher(line, region, Leniency.VALID):
            yield match.start, match.end


def _any_long(line: str) -> Iterator[tuple[int, int]]:
    return (found.span() for found in _LONG.finditer(line))
