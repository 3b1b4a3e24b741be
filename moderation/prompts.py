"""Patterns without a longest match, and those with ``^`` or ``$``: for whole texts only, and run by RE2.

Found are the leftmost-longest, one after the other: RE2 has no way to ask for all.
"""

from collections.abc import Iterator
from typing import Any

import re2

from moderation.normal import UNSPACED
from moderation.refusals import InvalidRule, gettext_noop
from moderation.tree import Chars, Either, Node, Pattern, Ranges, Repeat, Sequence

MEMORY = 32 << 20


class LongPattern:
    """Compiled for whole texts. Raises ``InvalidRule`` when RE2 refuses it."""

    def __init__(self, pattern: Pattern) -> None:
        before = r"\A" if pattern.at_start else f"(?:^|{OUTSIDE})" if pattern.edge_before else ""
        after = r"\z" if pattern.at_end else f"(?:$|{OUTSIDE})" if pattern.edge_after else ""
        self._compiled = compiled(f"{before}({written(pattern.body)}){after}")

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        at = 0
        while at <= len(text) and (found := self._compiled.search(text, at)):
            start, end = found.span(1)
            yield start, end
            at = end


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
