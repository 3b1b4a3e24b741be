"""Word lists from files and into files: text, one word a line, or CSV, the first column."""

import csv
import io
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from audit import log as audit
from moderation import lists
from moderation.lists import Refused
from moderation.models import Rule

MOST_BYTES = 8 << 20  # of a file
HEADINGS = frozenset({"word", "words", "term", "phrase", "词", "词语", "敏感词"})
BYTE_ORDER_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


class NoList(ValueError):  # noqa: N818 - an answer to a person, not a fault
    """What was given is no list of words; the text says why."""


@dataclass(slots=True)
class Preview:
    """What an import would do. ``added`` are the words that are new to the rule, as they are written."""

    lines: int = 0
    added: list[str] = field(default_factory=list)
    known: int = 0
    repeated: int = 0
    passed_over: int = 0
    refused: list[Refused] = field(default_factory=list)


def read(content: bytes, name: str = "") -> tuple[str, str]:
    """The list in a file, one word a line, and the encoding it was read in. Raises NoList."""
    if len(content) > MOST_BYTES:
        raise NoList(_("The file is larger than %(most)d MB.") % {"most": MOST_BYTES >> 20})
    text, encoding = _decoded(content)
    if "\x00" in text:
        raise NoList(_("This is no text file."))
    return (_first_column(text) if name.lower().endswith(".csv") else text), encoding


def preview(rule: Rule, text: str, *, replace: bool = False) -> Preview:
    """Look at each line; nothing is changed."""
    seen = lists.examine(text)
    known = {} if replace else lists.examine(rule.words).words
    return Preview(
        lines=len(text.splitlines()),
        added=[word for read_as, word in seen.words.items() if read_as not in known],
        known=sum(read_as in known for read_as in seen.words),
        repeated=seen.repeated,
        passed_over=seen.passed_over,
        refused=seen.refused,
    )


@transaction.atomic
def take(rule: Rule, text: str, *, replace: bool = False, by: Any = None) -> Preview:
    """Put the words of a list into the rule; lines that cannot be used are left out.

    Raises ValidationError when the rule would then be none that can be used.
    """
    rule = Rule.objects.select_for_update().get(pk=rule.pk)
    found = preview(rule, text, replace=replace)
    kept = [] if replace else rule.words.splitlines()
    rule.words = "\n".join([*kept, *map(lists.written, found.added)])
    rule.changed_by = by
    rule.clean()
    rule.save(update_fields=["words", "changed_by", "changed_at"])
    details = {"added": len(found.added), "words": rule.word_count, "replaced": replace}
    audit.record("rule.words_imported", actor=by, subject=rule, details=details)
    return found


def as_text(rule: Rule) -> str:
    """The list, with its comments."""
    return "".join(f"{line}\n" for line in rule.words.splitlines())


def as_csv(rule: Rule) -> str:
    """The words in one column, with a heading."""
    table = io.StringIO()
    csv.writer(table, lineterminator="\n").writerows([["word"], *([word] for word in lists.entries(rule.words))])
    return table.getvalue()


def _decoded(content: bytes) -> tuple[str, str]:
    """UTF-8, UTF-16 where it says so, else the encoding that Chinese lists often have."""
    marked = next((name for mark, name in BYTE_ORDER_MARKS.items() if content.startswith(mark)), "")
    for encoding in (marked,) if marked else ("utf-8", "gb18030"):
        try:
            return content.decode(encoding), encoding.removesuffix("-sig")
        except UnicodeDecodeError:
            continue
    raise NoList(_("The file is neither UTF-8 nor UTF-16 nor GB 18030."))


def _first_column(text: str) -> str:
    """One line for each row, so that lines keep their numbers; a word that begins with # is meant."""
    try:
        rows = [row[0].strip() if row else "" for row in csv.reader(io.StringIO(text, newline=""))]
    except csv.Error as error:
        raise NoList(_("This is no CSV: %(why)s.") % {"why": error}) from error
    if rows and rows[0].lower() in HEADINGS:
        rows[0] = ""
    return "\n".join(" ".join(lists.written(row).splitlines()) for row in rows)
