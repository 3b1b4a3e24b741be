"""A conversation's title by the model: asked for after its first reply, in slots that no reply needs.

It delays nobody and nothing rests on it: it ends when a reply needs its slot, after a while, or on any error, and the
title made from the first message stays. So does a title that a person gave meanwhile.
"""

import asyncio
import logging
import re
import unicodedata
from contextlib import aclosing
from uuid import UUID

from channels.layers import get_channel_layer
from django.conf import settings
from django.db import DatabaseError
from django.db.models import QuerySet

from conversations import hints, metrics
from conversations.database import in_database
from conversations.models import Conversation
from conversations.replies.claimed import Claimed
from conversations.states import State
from conversations.titles import title_from
from inference.metrics import COMPLETION_TOKENS, PROMPT_TOKENS
from inference.model import Model
from inference.protocol import Engine, EngineError, Request, Sampling, Turn
from inference.worker import Worker
from moderation.models import Scope
from moderation.rules import matcher_for
from moderation.screening import screen_prompt

PATIENCE_S = 20.0
TOKENS = 32
THOUGHT_TOKENS = 256  # more, for a model that thinks before it replies
MOST_READ = 1_000  # characters of the question, and of the reply
LONGEST = 20  # characters of Chinese and the like; a word of letters counts as three
TASK = (
    "You give conversations their titles. Write one title for the conversation below, in its language: at most 6 "
    "words, or 20 characters where words are not separated by spaces. Write only the title: no quotation marks, no "
    "full stop, nothing before or after it."
)
ASK = (
    "The person wrote:\n{question}\n\nThe assistant replied:\n{reply}\n\n"
    "The title of this conversation, in the language of it:"
)

log = logging.getLogger(__name__)

_PART = re.compile(
    r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]|[^\s\u2e80-\u9fff\uac00-\ud7af\uf900-\uffef]+"
)
_LABEL = re.compile(r"^(?:the )?(?:title|标题|題目|标题是)\s*[:：]\s*", re.IGNORECASE)
_QUOTES = "\"'`*_“”‘’«»„「」『』《》〈〉【】 "
_ENDS = ".。,，;；:：…" + _QUOTES


def begin(worker: Worker, engine: Engine, claimed: Claimed, end: State | None, text: str) -> None:
    """A reply has ended so, with this text: ask for a title if it is the conversation's first, and a slot is free."""
    is_first = len(claimed.said) == 1 and end in (State.COMPLETE, State.CUT)
    if settings.TITLES and worker.model.titles and is_first and text.strip():
        conversation = claimed.reply.conversation_id
        request = ask(worker.model, str(claimed.reply.pk), claimed.said[0].turn.text, text)
        worker.in_spare_time(_name(engine, request, conversation, claimed.person))


def ask(model: Model, name: str, question: str, reply: str) -> Request:
    """What the engine is asked. It fits the smallest window: what is read has at most a token for a character or so."""
    most = min(MOST_READ, model.context_window // 8)
    return Request(
        id=f"title-{name}",
        turns=(Turn("system", TASK), Turn("user", ASK.format(question=question[:most], reply=reply[:most]))),
        sampling=Sampling(max_tokens=TOKENS + THOUGHT_TOKENS * model.reasoning, temperature=0.2),
        effort="low" if model.reasoning else None,
    )


def cleaned(said: str) -> str:
    """The title in what the model said, at most as long as was asked; empty when there is none."""
    title = "".join(letter for letter in title_from(said) if unicodedata.category(letter) not in {"Cc", "Cf", "Cs"})
    title = _LABEL.sub("", title.strip(_QUOTES)).strip(_QUOTES).rstrip(_ENDS)
    left = LONGEST
    for part in _PART.finditer(title):
        left -= 1 if ord(part[0][0]) >= 0x2E80 else 3
        if left < 0:
            title = title[: part.start()].rstrip(_ENDS) + "…"
            break
    return title if any(letter.isalnum() for letter in title) else ""


async def _name(engine: Engine, request: Request, conversation: UUID, person: int) -> None:
    outcome = "given_up"
    try:
        async with asyncio.timeout(PATIENCE_S):
            if not await in_database(_unnamed(conversation).exists):
                outcome = "kept"
            elif title := cleaned(await _said(engine, request)):
                outcome = "given" if await in_database(save, conversation, person, title) else "kept"
        if outcome == "given":
            await hints.titled(get_channel_layer(), person, conversation, title)
    except (EngineError, TimeoutError, DatabaseError) as error:
        log.info("A conversation keeps the title of its first message: %s", type(error).__name__)
    finally:
        metrics.TITLES.labels(outcome).inc()


async def _said(engine: Engine, request: Request) -> str:
    """The first line of its reply, without what it thought. Its tokens are in the metrics, and charged to nobody."""
    text, read, written = "", 0, 0
    async with aclosing(engine.stream(request)) as chunks:
        async for chunk in chunks:
            PROMPT_TOKENS.value += chunk.prompt_tokens - read
            COMPLETION_TOKENS.value += chunk.completion_tokens - written
            read, written = chunk.prompt_tokens, chunk.completion_tokens
            text += chunk.text
            if "\n" in text.strip():
                break
    return text.replace("\x00", "")


def save(conversation: UUID, person: int, title: str) -> bool:
    """Whether it became the title: not where a rule of this site blocks it, or the person gave another meanwhile."""
    replies = matcher_for(person, Scope.REPLY)
    shown = replies.screen(title) if replies else None
    prompted = screen_prompt(person, shown.text if shown else title, conversation=conversation, message=conversation)
    if (shown and shown.blocked) or prompted.blocked or not prompted.text.strip():
        return False
    return bool(_unnamed(conversation).update(title=prompted.text, titled_by=Conversation.Titled.MODEL))


def _unnamed(conversation: UUID) -> QuerySet[Conversation]:
    of_chats = Conversation.objects.filter(kind=Conversation.Kind.CHAT, titled_by=Conversation.Titled.TEXT)
    return of_chats.filter(pk=conversation)
