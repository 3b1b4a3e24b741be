"""Word lists as they are written: lines, comments, what is wrong in which line, and whether a rule can be used."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from moderation import exceptions
from moderation.exceptions import MOST_EXCEPTIONS
from moderation.patterns import validate_pattern, validate_together
from moderation.refusals import InvalidRule
from moderation.words import MOST_WORDS, Word

if TYPE_CHECKING:
    from moderation.models import Rule

COMMENT = "#"
MOST_NAMED = 20  # lines of a list that a refusal names


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that cannot be used, and why."""

    line: int
    written: str
    reason: str

    def __str__(self) -> str:
        return _("Line %(line)d: %(reason)s") % {"line": self.line, "reason": self.reason}


@dataclass(slots=True)
class Examined:
    """A list, looked at line by line. ``words`` are those that can be used, what means the same once."""

    words: dict[Word, str] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)
    repeated: int = 0
    passed_over: int = 0  # empty lines and comments


def entries(text: str) -> list[str]:
    """The words of a list as they are written. ``\\#`` begins a word with ``#``."""
    return [word for _line, word in numbered(text)]


def numbered(text: str) -> Iterator[tuple[int, str]]:
    """The same, each with its line, counted from 1."""
    for line, written in enumerate(text.splitlines(), 1):
        word = written.strip()
        if word and not word.startswith(COMMENT):
            yield line, word[1:] if word.startswith("\\" + COMMENT) else word


def written(word: str) -> str:
    """The line that stands for this word."""
    return "\\" + word if word.startswith(COMMENT) else word


def examine(text: str) -> Examined:
    """Look at each line of a list."""
    seen = Examined()
    used = 0
    for line, word in numbered(text):
        used += 1
        try:
            read = Word.read(word, line)
        except InvalidRule as invalid:
            seen.refused.append(Refused(line, word, reason(invalid)))
            continue
        seen.repeated += read in seen.words
        seen.words.setdefault(read, word)
    seen.passed_over = len(text.splitlines()) - used
    return seen


def reason(invalid: InvalidRule) -> str:
    """Why, in the reader's language."""
    return _(invalid.template) % invalid.values


def problems(rule: "Rule") -> dict[str, list[str]]:
    """What is wrong with a rule that is to be saved, by field."""
    found: dict[str, list[str]] = {}
    if rule.is_pattern:
        found["pattern"] = _of_pattern(rule)
    elif "words" not in rule.get_deferred_fields():
        found["words"] = _of_list(rule.words) or _of_all_lists(rule)
    if "exceptions" not in rule.get_deferred_fields():
        found["exceptions"] = _of_exceptions(rule.exceptions)
    return {name: said for name, said in found.items() if said}


def named(refused: list[Refused]) -> list[str]:
    """The first lines that were refused, and how many more there are."""
    said = [str(one) for one in refused[:MOST_NAMED]]
    more = len(refused) - len(said)
    if more:
        said.append(ngettext("%d line more is wrong.", "%d lines more are wrong.", more) % more)
    return said


def _of_list(text: str) -> list[str]:
    seen = examine(text)
    if seen.refused:
        return named(seen.refused)
    if len(seen.words) > MOST_WORDS:
        detail = _("There are %(has)d different words; %(most)d are allowed.")
        return [detail % {"has": len(seen.words), "most": MOST_WORDS}]
    return [] if seen.words else [_("Write at least one word, one a line.")]


def _of_all_lists(rule: Any) -> list[str]:
    """Rules that hold for the same person are compiled into one."""
    if not rule.enabled:
        return []
    others = type(rule).objects.filter(enabled=True).exclude(pk=rule.pk)
    listed = others.aggregate(words=Sum("word_count"))["words"] or 0
    if listed + len(entries(rule.words)) <= MOST_WORDS:
        return []
    detail = _("The lists of the other rules that are on have %(has)d words; together %(most)d are allowed.")
    return [detail % {"has": listed, "most": MOST_WORDS}]


def _of_pattern(rule: Any) -> list[str]:
    if not rule.pattern:
        return [_("Write a pattern.")]
    try:
        validate_pattern(rule.pattern, for_replies=rule.scope != "prompt", checksum=rule.checksum)
        if rule.enabled:
            validate_together([*_other_patterns(rule), (rule.pattern, rule.checksum)])
    except InvalidRule as invalid:
        return [reason(invalid)]
    return []


def _other_patterns(rule: Any) -> Iterator[tuple[str, str]]:
    others = type(rule).objects.filter(enabled=True, kind=rule.kind).exclude(pk=rule.pk).order_by("pk")
    yield from others.values_list("pattern", "checksum")


def _of_exceptions(text: str) -> list[str]:
    refused = examine(text).refused
    for line, word in islice(numbered(text), MOST_EXCEPTIONS, MOST_EXCEPTIONS + 1):
        refused.append(Refused(line, word, reason(exceptions.too_many(line))))
    return named(refused)
