"""What was found, as a page shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models.functions import Substr
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from conversations.models import Conversation, Message
from conversations.search.asked import Asked
from conversations.search.find import PAGE, SHOWN, Group, find
from conversations.search.snippets import marked, snippet
from conversations.search.terms import READ


@dataclass(frozen=True, slots=True)
class Shown:
    """A conversation that was found, some of its messages, and how many more of them."""

    conversation: Conversation
    title: SafeString
    messages: list[Message]
    more: int


@dataclass(frozen=True, slots=True)
class Results:
    """``words`` say how many, also to who does not see them."""

    shown: list[Shown]
    words: str
    next_page: int | None


def results(user: User, asked: Asked) -> Results:
    found = find(user, asked.query, asked.filters)
    begin = (asked.page - 1) * PAGE
    groups = found.groups[begin : begin + PAGE]
    has_more = len(found.groups) > begin + PAGE
    return Results(
        _shown(user, asked, groups), _words(len(found.groups), found.is_all), asked.page + 1 if has_more else None
    )


def _shown(user: User, asked: Asked, groups: Sequence[Group]) -> list[Shown]:
    conversations = (
        Conversation.objects.visible_to(user).defer("instructions").in_bulk([one.conversation for one in groups])
    )
    wanted = [pk for group in groups for pk in group.messages[:SHOWN]]
    messages = _messages(user, wanted)
    marks = asked.query.marks
    for message in messages.values():
        message.snippet = snippet(message.said, marks)
    shown: list[Shown] = []
    for group in groups:
        conversation = conversations[group.conversation]
        here = [messages[pk] for pk in group.messages[:SHOWN] if pk in messages]
        shown.append(Shown(conversation, marked(conversation.title, marks), here, len(group.messages) - len(here)))
    return shown


def _messages(user: User, pks: Sequence[UUID]) -> dict[UUID, Message]:
    rows = Message.objects.visible_to(user).only("role", "created_at", "conversation")
    return rows.annotate(said=Substr("text", 1, READ)).in_bulk(pks)


def _words(count: int, is_all: bool) -> str:
    if not count:
        return _("Nothing was found.")
    words = ngettext("{n} conversation", "{n} conversations", count).format(n=count)
    return (
        words
        if is_all
        else _("{conversations}, of the newest matches. One more word finds less.").format(conversations=words)
    )
