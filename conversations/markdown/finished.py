"""The HTML of finished messages, kept for a while in memory: thirty of them take some 50 ms, and people come back.

What is erased or deleted is forgotten at once by the process in which that is done, and by each other when the feed
tells it (``inference.events.forgetting``). One that reads no feed holds it until so many messages were shown there
since, and uses it no more: it is kept by the message, which nobody loads again.
"""

from collections.abc import Iterable
from uuid import UUID

from django.core.cache.backends.locmem import LocMemCache
from django.utils.safestring import SafeString

from conversations.markdown import render

MOST = 256
LONGEST = 8_000  # characters: all that is kept takes some 2 MB, 20 at most
REASONING = "r"  # after a message's name, that of its reasoning

_kept = LocMemCache("finished messages", {"timeout": None, "OPTIONS": {"MAX_ENTRIES": MOST, "CULL_FREQUENCY": 16}})


def html(text: str, message: UUID, part: str = "") -> SafeString:
    """``text`` of this message, rendered under its name."""
    scope = message.hex + part
    if len(text) > LONGEST:
        return render(text, scope)
    known: tuple[str, SafeString] | None = _kept.get(scope)
    if known is None or known[0] != text:
        known = text, render(text, scope)
        _kept.set(scope, known)
    return known[1]


def forget(messages: Iterable[UUID]) -> None:
    """They are gone."""
    _kept.delete_many([message.hex + part for message in messages for part in ("", REASONING)])
