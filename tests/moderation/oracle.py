"""What the rules mean, as directly as it can be written: every place is tried for every word and every pattern.

Shares nothing with the code under test but the shape of its results. Knows the characters of ``ALPHABET`` only.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from moderation.matcher import Action, RuleSpec

INVISIBLE = "\u200b\u200d\ufe0f\u00ad\u0301\u0308"
SIMPLIFIED = {"壞": "坏", "蟲": "虫"}
WORD_CHARACTERS = set("abcsfi0123456789яб")
ALPHABET = "abcABCｂＡßﬁ 坏壞虫蟲蛋🙂👍яб가각.-0147\u3000\n" + INVISIBLE
KOREAN_TAILS = {chr(code) for code in range(0x1160, 0x1200)}
KOREAN = {chr(code) for code in range(0x1100, 0x1200)}
MASK = "█"
Span = tuple[int, int]


@dataclass(frozen=True)
class Verdict:
    shown: str
    findings: list[tuple[int, int, int]]  # rule, start, end
    blocked: tuple[int, int, int] | None


@dataclass
class Searched:
    text: str = ""
    origins: list[int] = field(default_factory=list)
    length: int = 0

    def span(self, start: int, end: int) -> Span:
        """In the original: whole characters, and the dropped ones after them."""
        last = self.origins[end - 1]
        return self.origins[start], min([one for one in self.origins if one > last], default=self.length)


def search(text: str) -> Searched:
    result = Searched(length=len(text))
    for offset, character in enumerate(text):
        for one in unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold()):
            plain = " " if one.isspace() else SIMPLIFIED.get(one, one)
            if one in INVISIBLE or (plain == " " and result.text.endswith(" ")):
                continue
            result.text += plain
            result.origins.append(offset)
    return result


def judge(rules: Sequence[RuleSpec], text: str, before: str = "") -> Verdict:
    """What becomes of a text that comes after ``before``."""
    found = [(start, place, end) for place, rule in enumerate(rules) for start, end in matches(rule, text)]
    found.sort()
    acting = [one for one in found if not rules[one[1]].dry_run]
    stop = next((one for one in acting if rules[one[1]].action is Action.BLOCK), None)
    masked = [one for one in acting if rules[one[1]].action is Action.MASK]
    hidden = {place for start, _, end in masked for place in range(start, end)}
    limit = stop[0] if stop else len(text)
    shown = "".join(MASK if place in hidden else character for place, character in enumerate(text[:limit]))
    findings = [(rules[place].id, start, min(end, limit)) for start, place, end in found if start < limit]
    return Verdict(shown, findings, (rules[stop[1]].id, stop[0], stop[2]) if stop else None)


def matches(rule: RuleSpec, text: str) -> list[Span]:
    """Overlapping candidates joined until none overlap."""
    spans = list({*candidates(rule, search(text))})
    while True:
        pair = next(((a, b) for a in spans for b in spans if a != b and a[0] < b[1] and b[0] < a[1]), None)
        if pair is None:
            return spans
        joined = min(pair[0][0], pair[1][0]), max(pair[0][1], pair[1][1])
        spans = [one for one in spans if one not in pair and one != joined] + [joined]


def candidates(rule: RuleSpec, searched: Searched) -> Iterator[Span]:
    excused = [span for word in rule.exceptions for span in places(word, searched.text)]
    found = {span for word in rule.words for span in places(word, searched.text)}
    if rule.pattern:
        found |= set(pattern_places(rule.pattern, searched.text))
    for start, end in found:
        if rule.checksum and not luhn(searched.text[start:end]):
            continue
        if not any(first <= start and end <= last for first, last in excused):
            yield searched.span(start, end)


def places(written: str, text: str) -> Iterator[Span]:
    word = search(written.removeprefix("*").removesuffix("*")).text.strip()
    for start in range(len(text) - len(word) + 1):
        end = start + len(word)
        left, right = text[start - 1 : start] if start else "", text[end : end + 1]
        if text[start:end] != word:
            continue
        if not written.startswith("*") and word[0] in WORD_CHARACTERS and left in WORD_CHARACTERS:
            continue
        if not written.endswith("*") and inside(word[-1], right):
            continue
        yield start, end


def inside(last: str, following: str) -> bool:
    return (last in WORD_CHARACTERS and following in WORD_CHARACTERS) or (last in KOREAN and following in KOREAN_TAILS)


def pattern_places(pattern: str, text: str) -> Iterator[Span]:
    """By Python's own engine, at every pair of places. ``\\b`` means: no word character on the other side."""
    core = pattern.removeprefix(r"\b").removesuffix(r"\b")
    compiled = re.compile(core, re.DOTALL | re.ASCII)
    for start in range(len(text)):
        if pattern.startswith(r"\b") and start and text[start - 1] in WORD_CHARACTERS:
            continue
        for end in range(start + 1, len(text) + 1):
            if pattern.endswith(r"\b") and text[end : end + 1] and text[end] in WORD_CHARACTERS:
                continue
            if compiled.fullmatch(text, start, end):
                yield start, end


def luhn(found: str) -> bool:
    digits = [int(one) for one in found if one.isdigit()]
    doubled = [digit * 2 - 9 * (digit > 4) if place % 2 else digit for place, digit in enumerate(reversed(digits))]
    return 12 <= len(digits) <= 19 and sum(doubled) % 10 == 0


def may_begin(rules: Sequence[RuleSpec], text: str, place: int) -> bool:
    """Whether at this place of the text (searched) a listed word may have begun that more text would decide."""
    rest = text[place:]
    for written in (word for rule in rules for word in rule.words):
        word = search(written.removeprefix("*").removesuffix("*")).text.strip()
        if not written.startswith("*") and word[0] in WORD_CHARACTERS and place and text[place - 1] in WORD_CHARACTERS:
            continue
        looks_ahead = not written.endswith("*") and (word[-1] in WORD_CHARACTERS or word[-1] in KOREAN)
        if word.startswith(rest) and (word != rest or looks_ahead):
            return True
    return False
