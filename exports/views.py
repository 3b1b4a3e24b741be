"""One conversation as a file, at once: the dialog that asks how, and the file."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from uuid import UUID

from django.db.models.functions import Substr
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_GET

from accounts.models import User
from conversations import frames
from conversations.database import in_database
from conversations.models import Conversation, Message
from conversations.refusals import Refused
from conversations.streams import streams
from conversations.titles import title_from
from conversations.tree import Tree
from conversations.views import signed_in
from exports.formats import FORMATS, LABELS, Format, View, format_named
from exports.names import disposition, file_name
from exports.outgoing import Outgoing
from exports.reading import records
from exports.records import Record

READ = 160  # characters of a message of which its label is made
PLAIN = "text/plain; charset=utf-8"
YES_OR_NO = {"": False, "0": False, "1": True}

_making = ThreadPoolExecutor(1, thread_name_prefix="export")  # a PDF takes a second, and may wait for another


@dataclass(frozen=True, slots=True)
class Choice:
    """A message that an export may begin or end with."""

    position: int
    label: str
    is_shown: bool


@require_GET
@signed_in
async def dialog(request: HttpRequest, user: User, conversation_id: UUID) -> HttpResponse:
    """Where a person says what the file is to be; ``tip`` is the newest message they see."""
    return await in_database(_dialog, request, user, conversation_id)


@require_GET
@signed_in
async def file(request: HttpRequest, user: User, conversation_id: UUID) -> HttpResponse:
    """The file: ``format``, and as they are wanted ``whole``, ``reasoning``, ``first``, ``last`` and ``tip``.

    With ``check`` only why there would be none: nothing where there would be one.
    """
    form, view, only_check = _form(request.GET), _view(request.GET), _yes(request.GET, "check")
    async with (await streams()).turn(user.pk):
        try:
            record = await in_database(_record, user, conversation_id)
            view.check(record, form.name)
        except Refused as no:
            status = 200 if only_check else 422 if no.code == "too_long" else 403
            return HttpResponse(no.detail, status=status, content_type=PLAIN)
        if only_check:
            return HttpResponse(content_type=PLAIN)
        loop, language = asyncio.get_running_loop(), translation.get_language()
        content = await loop.run_in_executor(_making, _made, form, record, view, language)
    headers = {"Content-Disposition": disposition(file_name(record.title, form.suffix)), "Cache-Control": "no-store"}
    return HttpResponse(content, content_type=form.content_type, headers=headers)


def _dialog(request: HttpRequest, user: User, conversation_id: UUID) -> HttpResponse:
    conversation = Conversation.objects.visible_to(user).only("pk", "tip").get(pk=conversation_id)
    try:
        outgoing = Outgoing.of(user)
    except Refused as no:
        return render(request, "exports/dialog.html", {"refusal": no.detail})
    tip = _identifier(request.GET, "tip")
    tree = Tree(conversation.pk)
    shown = {node.id for node in tree.through(tip if tip in tree else conversation.tip_id)}
    rows = Message.objects.filter(conversation=conversation)
    begun = rows.order_by("position").values_list("pk", "position", Substr("text", 1, READ))
    context = {
        "conversation": conversation,
        "formats": LABELS,
        "messages": [Choice(at, _label(at, text), pk in shown) for pk, at, text in begun],
        "is_forked": len(shown) < len(tree.nodes()),
        "has_reasoning": outgoing.reasoning and rows.exclude(reasoning="").exists(),
        "tip": tip,
    }
    return render(request, "exports/dialog.html", context)


def _label(position: int, text: str) -> str:
    return f"{position + 1} · {title_from(text) or '…'}"


def _record(user: User, conversation_id: UUID) -> Record:
    """Through the rights of the person; raises DoesNotExist."""
    mine = Conversation.objects.visible_to(user).filter(pk=conversation_id)
    record = next(records(user, mine), None)
    if record is None:
        raise Conversation.DoesNotExist
    return record


def _made(form: Format, record: Record, view: View, language: str | None) -> bytes:
    with translation.override(language):
        return form.write(record, view)


def _form(said: Mapping[str, str]) -> Format:
    name = said.get("format", "")
    if name not in FORMATS:
        raise frames.Malformed(f"format must be one of: {', '.join(FORMATS)}.")
    return format_named(name)


def _view(said: Mapping[str, str]) -> View:
    first, last = _number(said, "first"), _number(said, "last")
    if first is not None and last is not None and first > last:
        raise frames.Malformed("first must not be greater than last.")
    whole, reasoning = _yes(said, "whole"), _yes(said, "reasoning")
    return View(whole=whole, reasoning=reasoning, first=first, last=last, tip=_identifier(said, "tip"))


def _yes(said: Mapping[str, str], name: str) -> bool:
    value = said.get(name, "")
    if value not in YES_OR_NO:
        raise frames.Malformed(f"{name} must be 1 or 0.")
    return YES_OR_NO[value]


def _number(said: Mapping[str, str], name: str) -> int | None:
    value = said.get(name, "")
    if not value:
        return None
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise frames.Malformed(f"{name} must be the position of a message: 0, 1, 2 and so on.")
    return int(value)


def _identifier(said: Mapping[str, str], name: str) -> UUID | None:
    value = said.get(name)
    return frames.identifier(value, name) if value else None
