"""All conversations in which something was said, however many: for an export, which is in no hurry."""

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

from accounts.models import User
from conversations.models import Conversation, IndexEntry
from conversations.search import index
from conversations.search.query import Query
from conversations.search.stores import Wanted, store
from conversations.states import State

AT_ONCE = 5000  # entries


def everywhere(user: User, query: Query) -> set[UUID]:
    """Those of this person, but for the trash: with all of the words in the title, or in one message."""
    found: set[UUID] = set()
    for of_titles in (True, False):
        wanted = Wanted(index.before_words(user.pk, of_titles=of_titles), query.phrases)
        for entries in _all(wanted):
            rows = IndexEntry.objects.visible_to(user).filter(pk__in=entries, conversation__trashed_at=None)
            rows = rows.filter(conversation__kind=Conversation.Kind.CHAT).exclude(message__state=State.BLOCKED)
            found.update(rows.values_list("conversation", flat=True))
    return found


def _all(wanted: Wanted) -> Iterator[list[int]]:
    """The newest first; those of the last moment of a part come again in the next."""
    while True:
        found = store().find(wanted, AT_ONCE, newest=True)
        yield [one.entry for one in found]
        if len(found) < AT_ONCE or found[0].at == found[-1].at:
            return
        wanted = replace(wanted, until=found[-1].at + 1)
