"""What was found, as a page shows it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
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
class Said:
    """A message that was found. ``snippet``: its words around the place, marked."""

    pk: UUID
    role: str
    created_at: datetime
    snippet: SafeString


@dataclass(frozen=True, slots=True)
class Shown:
    """A conversation that was found, some of its messages, and how many more of them."""

    conversation: Conversation
    title: SafeString
    messages: list[Said]
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
    mine = Conversation.objects.visible_to(user).defer("instructions")
    conversations = mine.in_bulk([one.conversation for one in groups])
    marks = asked.query.marks
    messages = _messages(user, [pk for group in groups for pk in group.messages[:SHOWN]], marks)
    shown: list[Shown] = []
    for group in groups:
        conversation = conversations.get(group.conversation)
        if conversation:  # else it was deleted a moment ago
            here = [messages[pk] for pk in group.messages[:SHOWN] if pk in messages]
            shown.append(Shown(conversation, marked(conversation.title, marks), here, len(group.messages) - len(here)))
    return shown


def _messages(user: User, pks: Sequence[UUID], marks: "re.Pattern[str]") -> dict[UUID, Said]:
    rows = Message.objects.visible_to(user).filter(pk__in=pks)
    found = rows.values_list("pk", "role", "created_at", Substr("text", 1, READ))
    return {pk: Said(pk, role, at, snippet(text, marks)) for pk, role, at, text in found}


def _words(count: int, is_all: bool) -> str:
    if not count:
        return _("Nothing was found.")
    words = ngettext("{n} conversation", "{n} conversations", count).format(n=count)
    if is_all:
        return words
    return _("{conversations}, of the newest matches. One more word finds less.").format(conversations=words)
