"""Patterns: the part of RE2's syntax that is meant here, read into a tree over searched characters.

Literals and classes are folded as texts are (``normal``), so ``[A-Z]`` is ``[a-z]``, ``\\s`` a space, ``.`` any
character. ``\\b`` stands at either end: no letter or digit directly before, or after. Groups only group, and lazy
repetition is greedy: which match is taken is not the pattern's to say.
"""

from typing import NoReturn

from moderation.normal import SPACE, fold
from moderation.refusals import InvalidRule, gettext_noop
from moderation.tree import (
    ANY,
    NOTHING,
    Chars,
    Either,
    Node,
    Pattern,
    Ranges,
    Repeat,
    Sequence,
    complement,
    longest,
    merged,
)

MOST_SOURCE = 1000
MOST_NESTED = 50
MOST_TIMES = 1000
WIDEST_RANGE = 1 << 16
MOST_IN_CLASSES = 1 << 17  # characters of all ranges: each is folded by itself
CLASSES = {"d": "0-9", "w": "0-9A-Za-z_", "s": " "}
CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}
GROUPS = gettext_noop("Character %(place)d: only (…), (?:…) and, at the beginning, (?i) are known here.")
FLAGS = ("(?i)", "(?s)", "(?is)", "(?si)")


def parse(source: str) -> Pattern:
    """Raises ``InvalidRule`` with the place, counted from 1."""
    if len(source) > MOST_SOURCE:
        raise InvalidRule(gettext_noop("A pattern has %(most)d characters at most."), most=MOST_SOURCE)
    return _Parser(source).pattern()


class _Parser:
    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.nested = 0
        self.divided = False  # by a | outside brackets
        self.in_classes = 0

    def pattern(self) -> Pattern:
        while any(self._took(flags) for flags in FLAGS):
            pass
        before, start = self._ends(("\\b", "^"))
        body = self._either()
        if self.at < len(self.source) and not self._rest_is_end():
            self._refuse(gettext_noop("Character %(place)d: this closing bracket was never opened."))
        after, end = self._ends(("\\b", "$"))
        if self.divided and (before or start or after or end):
            self.at = 0
            self._refuse(gettext_noop("Character %(place)d: where ends are asked for, write \\b(?:a|b)\\b."))
        return Pattern(body, before, after, start, end)

    def _ends(self, signs: tuple[str, str]) -> tuple[bool, bool]:
        edge = anchor = False
        while True:
            if self._took(signs[0]):
                edge = True
            elif self._took(signs[1]):
                anchor = True
            else:
                return edge, anchor

    def _rest_is_end(self) -> bool:
        rest = self.source[self.at :]
        return bool(rest) and not rest.replace("\\b", "").replace("$", "")

    def _either(self) -> Node:
        options = [self._sequence()]
        while self._took("|"):
            self.divided = self.divided or not self.nested
            options.append(self._sequence())
        return options[0] if len(options) == 1 else Either(tuple(options))

    def _sequence(self) -> Node:
        parts: list[Node] = []
        after_space = False
        while self.at < len(self.source) and self.source[self.at] not in "|)" and not self._rest_is_end():
            is_space = self.source[self.at].isspace()
            part = self._repeated(self._one())
            is_space = is_space and part == _SPACE
            if not (is_space and after_space):  # as in searched texts
                parts.append(part)
            after_space = is_space
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _repeated(self, part: Node) -> Node:
        began = self.at
        times = self._times()
        if times is None:
            return part
        self._took("?")
        if self._times() is not None:
            self.at = began
            self._refuse(gettext_noop("Character %(place)d: a repetition of a repetition; put the first in brackets."))
        return Repeat(part, *times) if longest(part) != 0 else NOTHING

    def _times(self) -> tuple[int, int | None] | None:
        simple: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        for sign, times in simple.items():
            if self._took(sign):
                return times
        return self._counted() if self._peek() == "{" else None

    def _counted(self) -> tuple[int, int | None]:
        inside, closed, _ = self.source[self.at + 1 :].partition("}")
        least, comma, most = inside.partition(",")
        if not closed or not least.isdecimal() or not (most.isdecimal() or not most) or not inside.isascii():
            self._refuse(gettext_noop("Character %(place)d: a repetition is {3}, {3,} or {3,5}; a bracket is \\{."))
        times = (int(least), (int(most) if most else None) if comma else int(least))
        if max(times[0], times[1] or 0) > MOST_TIMES or (times[1] is not None and times[1] < times[0]):
            self._refuse(
                gettext_noop(
                    "Character %(place)d: a repetition goes from the smaller to the larger number, at most 1000."
                )
            )
        self.at += len(inside) + 2
        return times

    def _one(self) -> Node:
        sign = self.source[self.at]
        if sign == "(":
            return self._group()
        if sign == "[":
            return self._class()
        if sign == "\\":
            return self._escaped()
        if sign in "*+?{":
            self._refuse(gettext_noop("Character %(place)d: nothing stands before this repetition."))
        if sign in "^$":
            self._refuse(gettext_noop("Character %(place)d: ^ and $ stand only at the two ends of a pattern."))
        self.at += 1
        return ANY if sign == "." else _literal(sign)

    def _group(self) -> Node:
        opened = self.at
        self.at += 1
        if self._took("?") and not (self._took(":") or self._took("i:") or self._took("P<") or self._took("<")):
            self._refuse(GROUPS)
        if self.source[self.at - 1] == "<":
            self._name()
        self.nested += 1
        if self.nested > MOST_NESTED:
            self._refuse(gettext_noop("Character %(place)d: brackets stand in brackets too often."))
        inside = self._either()
        self.nested -= 1
        if not self._took(")"):
            self.at = opened
            self._refuse(gettext_noop("Character %(place)d: this bracket is never closed."))
        return inside

    def _name(self) -> None:
        name, closed, _ = self.source[self.at :].partition(">")
        if not closed or not name.isidentifier():
            self._refuse(GROUPS)
        self.at += len(name) + 1

    def _escaped(self) -> Node:
        sign = self.source[self.at + 1 : self.at + 2]
        if sign == "b":
            self._refuse(gettext_noop("Character %(place)d: \\b stands only at the two ends: write \\b(?:a|b)\\b."))
        if sign.lower() in CLASSES and sign:
            self.at += 2
            return Chars(_shorthand(sign))
        return _literal(self._escaped_character())

    def _escaped_character(self) -> str:
        sign = self.source[self.at + 1 : self.at + 2]
        if sign == "x":
            return self._code()
        if not sign or (sign.isascii() and sign.isalnum() and sign not in CONTROLS):
            self._refuse(
                gettext_noop("Character %(place)d: \\%(sign)s is not known here; there are no references."),
                sign=sign,
            )
        self.at += 2
        return CONTROLS.get(sign, sign)

    def _code(self) -> str:
        rest = self.source[self.at + 2 :]
        digits = rest[1:].partition("}")[0] if rest.startswith("{") else rest[:2]
        try:
            character = chr(int(digits, 16))
        except (ValueError, OverflowError):
            self._refuse(gettext_noop("Character %(place)d: write a character's number as \\x41 or \\x{4e00}."))
        self.at += 2 + len(digits) + 2 * rest.startswith("{")
        return character

    def _class(self) -> Node:
        opened = self.at
        self.at += 1
        negated = self._took("^")
        ranges: list[tuple[int, int]] = []
        longer: list[Node] = []
        first = True
        while first or self._peek() != "]":
            first = False
            if self.at >= len(self.source):
                self.at = opened
                self._refuse(gettext_noop("Character %(place)d: this class is never closed."))
            self._member(ranges, longer)
        self.at += 1
        found = complement(merged(ranges)) if negated else merged(ranges)
        if not found:
            self.at = opened
            self._refuse(gettext_noop("Character %(place)d: this class has no character that can be found."))
        return Either((Chars(found), *longer)) if longer and not negated else Chars(found)

    def _member(self, ranges: list[tuple[int, int]], longer: list[Node]) -> None:
        if self.source[self.at : self.at + 2] == "[:":
            self._refuse(gettext_noop("Character %(place)d: write a range such as [a-z] for a named class."))
        sign = self.source[self.at + 1 : self.at + 2] if self._peek() == "\\" else ""
        if sign and sign.lower() in CLASSES:
            self.at += 2
            ranges.extend(_shorthand(sign))
            return
        began = self.at
        low = high = self._member_character()
        if self._peek() == "-" and self.source[self.at + 1 : self.at + 2] not in {"]", ""}:
            self.at += 1
            high = self._member_character()
        if low > high or ord(high) - ord(low) >= WIDEST_RANGE:
            self.at = began
            self._refuse(gettext_noop("Character %(place)d: a range goes upwards, over at most 65,536 characters."))
        self.in_classes += ord(high) - ord(low) + 1
        if self.in_classes > MOST_IN_CLASSES:
            self.at = began
            self._refuse(gettext_noop("Character %(place)d: all classes together have at most 131,072 characters."))
        _add_folded(low, high, ranges, longer)

    def _member_character(self) -> str:
        if self._peek() == "\\":
            return self._escaped_character()
        self.at += 1
        return self.source[self.at - 1]

    def _peek(self) -> str:
        return self.source[self.at : self.at + 1]

    def _took(self, sign: str) -> bool:
        took = self.source.startswith(sign, self.at)
        self.at += len(sign) * took
        return took

    def _refuse(self, template: str, sign: str = "") -> NoReturn:
        raise InvalidRule(template, place=self.at + 1, sign=sign)


def _character(character: str) -> Chars:
    return Chars(((ord(character), ord(character)),))


_SPACE = _character(SPACE)


def _literal(character: str) -> Node:
    folded = fold(character)
    return _character(folded) if len(folded) == 1 else Sequence(tuple(map(_character, folded)))


def _shorthand(sign: str) -> Ranges:
    ranges: list[tuple[int, int]] = []
    written = CLASSES[sign.lower()]
    for low, high in [("0", "9")] * ("0-9" in written) + [("a", "z")] * ("a-z" in written):
        ranges.append((ord(low), ord(high)))
    ranges.extend((ord(one), ord(one)) for one in "_ " if one in written)
    return merged(ranges) if sign.islower() else complement(merged(ranges))


def _add_folded(low: str, high: str, ranges: list[tuple[int, int]], longer: list[Node]) -> None:
    for code in range(ord(low), ord(high) + 1):
        folded = fold(chr(code))
        if len(folded) == 1:
            ranges.append((ord(folded), ord(folded)))
        elif folded:
            longer.append(_literal(chr(code)))
