"""Why a file, or one conversation in it, is not imported."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


class Unreadable(ValueError):  # noqa: N818 - an answer to a person, not a fault
    """Nothing (more) of this file can be imported. ``code`` is one of ``FILES``."""

    def __init__(self, code: str, **words: Any) -> None:
        super().__init__(code)
        self.code, self.words = code, words

    def __str__(self) -> str:
        return str(FILES[self.code]) % self.words


class Unfit(ValueError):  # noqa: N818 - one conversation is skipped
    """This conversation cannot be imported. ``code`` is one of ``CONVERSATIONS``."""

    def __init__(self, code: str, **words: Any) -> None:
        super().__init__(code)
        self.code, self.words = code, words

    def __str__(self) -> str:
        return sentence(self.code, self.words)


@dataclass(frozen=True, slots=True)
class Bad:
    """What was skipped: which file of an archive, its number in it (from 1), at which byte it begins, and why."""

    entry: str
    number: int
    offset: int
    code: str
    words: dict[str, Any]
    title: str = ""

    def __str__(self) -> str:
        return sentence(self.code, self.words)


def sentence(code: str, words: dict[str, Any]) -> str:
    """In the active language."""
    if "expected" in words:
        words = {**words, "expected": str(EXPECTED[words["expected"]]) % words}
    return str(CONVERSATIONS[code]) % words


FILES: "dict[str, StrPromise]" = {
    "empty": _("The file is empty."),
    "not_json": _("This is no JSON, and no zip archive: import the file as the other program exported it."),
    "compressed": _("This is a compressed file, but no zip archive. Unpack it first."),
    "encoding": _("The file is not in UTF-8."),
    "broken_zip": _("The archive is damaged, or in a form that is not read: %(reason)s."),
    "encrypted": _("The archive is encrypted. Unpack it first."),
    "names": _("The archive has a name in it that leads out of it: %(name)s. It is refused as a whole."),
    "nested": _("There is no conversation in this archive, but other archives, which are not opened. Unpack it first."),
    "no_conversations": _("There is no file with conversations in this archive."),
    "too_many_files": _("The archive has more than %(allowed)d files in it."),
    "too_large": _("The file has more than %(allowed)d MB."),
    "unpacked": _("Unpacked, the archive has more than %(allowed)d MB."),
    "ratio": _("%(name)s in the archive unpacks to more than %(allowed)d times its size: such archives are refused."),
    "too_many": _("The file has more than %(allowed)d conversations. Divide it."),
    "rules": _("Rules of this site forbid texts in more than %(allowed)d conversations: no more of the file is read."),
}

CONVERSATIONS: "dict[str, StrPromise]" = {
    "not_object": _("Not a conversation: an object in braces is expected."),
    "unknown": _("Not a conversation of a program that is known here."),
    "broken": _("The JSON is broken here."),
    "cut_off": _("The file ends in the middle of it."),
    "too_deep": _("It is nested deeper than %(allowed)d levels."),
    "too_large": _("It has more than %(allowed)d MB."),
    "too_many_messages": _("It has more than %(allowed)d messages."),
    "too_long": _("A message in it has more than %(allowed)d characters."),
    "too_many_turns": _("It has %(has)d turns; you are allowed %(allowed)d in a conversation."),
    "nothing": _("There is nothing said in it."),
    "circle": _("Its messages answer each other in a circle."),
    "field": _("%(field)s must be %(expected)s."),
    "version": _("It is of version %(has)s; version %(allowed)s is read here."),
    "twice": _("Two messages in it have the same id: %(id)s."),
    "changed": _("The message at position %(position)d was changed after it was exported: its SHA-256 is another."),
    "parent": _("The message at position %(position)d answers one that does not come before it."),
    "trashed": _("It is in your trash. Restore it, then import it again."),
    "busy": _("A reply is being written in it. Import it again afterwards."),
    "owner": _("It does not say whose it is: export it with people's names."),
    "blocked": _("A rule of this site forbids a text in it."),
}

EXPECTED: "dict[str, StrPromise]" = {  # of a field: what it must be
    "text": _("a text"),
    "short": _("a text of at most %(most)d characters"),
    "uuid": _("a UUID"),
    "time": _("a time as in 2026-11-26T09:00:00.000000Z"),
    "whole": _("a whole number from 0"),
    "one_of": _("one of %(allowed)s"),
    "list": _("a list"),
    "objects": _("a list of objects"),
    "parts": _("a list of texts and objects"),
    "complete": _("“complete”, for a message of a person"),
    "rising": _("higher with each message"),
    "rating": _("1 or -1"),
    "parameter": _("a parameter of a conversation, as this site takes it"),
    "options": _("an object of parameters, stop, seed and whole"),
}
