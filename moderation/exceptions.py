"""A rule's exceptions: a candidate that lies inside one of these words does not count."""

from collections.abc import Sequence

from moderation.normal import is_word, joins
from moderation.refusals import InvalidRule, gettext_noop
from moderation.words import Word

MOST_EXCEPTIONS = 200  # of a rule: each is tried for each candidate


class Exceptions:
    def __init__(self, written: Sequence[str]) -> None:
        """Raises ``InvalidRule`` with the line."""
        if len(written) > MOST_EXCEPTIONS:
            raise too_many(MOST_EXCEPTIONS + 1)
        self.words = [Word.read(word, line) for line, word in enumerate(written, 1)]
        self.longest = max(len(word.text) for word in self.words)

    def cover(self, text: str, start: int, end: int, ended: bool) -> bool | None:
        """Whether one of them covers this part of the text; None while more text could tell."""
        undecided = False
        part = text[start:end]
        for word in self.words:
            inside = word.text.find(part)
            while inside >= 0:
                covers = _stands(word, text, start - inside, ended)
                if covers:
                    return True
                undecided |= covers is None
                inside = word.text.find(part, inside + 1)
        return None if undecided else False


def too_many(line: int) -> InvalidRule:
    return InvalidRule(
        gettext_noop("A rule has %(most)d exceptions at most; this one is one too many."),
        line=line,
        most=MOST_EXCEPTIONS,
    )


def _stands(word: Word, text: str, start: int, ended: bool) -> bool | None:
    """Whether the word stands there, None while that is not known."""
    if start < 0 or (word.edge_before and start > 0 and is_word(text[start - 1])):
        return False
    end = start + len(word.text)
    there = text[start:end]
    if len(there) < len(word.text):
        return None if not ended and word.text.startswith(there) else False
    if there != word.text:
        return False
    if not word.edge_after:
        return True
    if end < len(text):
        return not joins(text[end - 1], text[end])
    return True if ended else None
