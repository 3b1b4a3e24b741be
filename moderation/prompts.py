"""Patterns without a longest match, and those with ``^`` or ``$``: for whole texts only, and run by RE2.

Found are the leftmost-longest, one after the other: RE2 has no way to ask for all. After ``MOST_FOUND`` of them all
the rest of the text is one match.
"""

from collections.abc import Iterator
from typing import Any

import re2

from moderation.normal import UNSPACED
from moderation.refusals import InvalidRule, gettext_noop
from moderation.tree import Chars, Either, Node, Pattern, Ranges, Repeat, Sequence

MEMORY = 32 << 20
MOST_FOUND = 1_000  # of one rule in one text: RE2 may read the whole rest of a text for each


class LongPattern:
    """Compiled for whole texts. Raises ``InvalidRule`` when RE2 refuses it."""

    def __init__(self, pattern: Pattern) -> None:
        before = r"\A" if pattern.at_start else f"(?:^|{OUTSIDE})" if pattern.edge_before else ""
        after = r"\z" if pattern.at_end else f"(?:$|{OUTSIDE})" if pattern.edge_after else ""
        self._compiled = compiled(f"{before}({written(pattern.body)}){after}")

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        places = _Places(text)
        at = count = 0
        while found := self._compiled.search(places.encoded, at):
            start, at = found.span(1)
            count += 1
            if count > MOST_FOUND:
                yield places.character(start), len(text)
                return
            yield places.character(start), places.character(at)


class _Places:
    """A text as RE2 reads it, and which character stands at a byte, asked for from front to back."""

    def __init__(self, text: str) -> None:
        self.encoded = text.encode(errors="replace")  # a lone surrogate: one byte, one character
        self._byte = self._character = 0

    def character(self, byte: int) -> int:
        passed = self.encoded[self._byte : byte]
        self._character += len(passed.decode())
        self._byte = byte
        return self._character


def compiled(source: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.longest_match = True
    options.max_mem = MEMORY
    try:
        return re2.compile(source, options)
    except re2.error as error:
        reason = error.args[0]
        raise InvalidRule(
            gettext_noop("RE2 refuses this pattern: %(reason)s."),
            reason=reason.decode(errors="replace") if isinstance(reason, bytes) else reason,
        ) from error


def written(node: Node) -> str:
    """The same for RE2, with every class spelled out."""
    match node:
        case Chars(ranges):
            return f"[{_ranges(ranges)}]"
        case Sequence(parts):
            return "".join(map(written, parts))
        case Either(options):
            return f"(?:{'|'.join(map(written, options))})"
        case Repeat(part, least, most):
            return f"(?:{written(part)}){{{least},{'' if most is None else most}}}"


def _ranges(ranges: Ranges) -> str:
    return "".join(rf"\x{{{low:x}}}-\x{{{high:x}}}" for low, high in ranges)


OUTSIDE = rf"(?:[^\pL\pN\pM]|[{_ranges(UNSPACED)}])"
