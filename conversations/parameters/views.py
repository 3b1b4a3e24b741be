"""Requests of the page about instructions and parameters: the dialog, setting them, keeping them as a preset."""

import asyncio
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST
from redis.exceptions import RedisError

from accounts.models import User
from conversations import frames, offered, parameters
from conversations.database import in_database
from conversations.library import kept
from conversations.models import Conversation, Preset
from conversations.models.parameters import Effort
from conversations.parameters import Chosen, instructions
from conversations.refusals import Refused
from conversations.streams import streams
from conversations.views import signed_in
from inference import presence
from inference.events.client import blocking_client
from limits.policies import limits_of

LONGEST_NAME = 60


@require_GET
@signed_in
async def dialog(request: HttpRequest, user: User) -> HttpResponse:
    """The dialog, of one ``conversation`` or of a new one, for which ``model`` was picked."""
    known = request.GET.get("conversation")
    conversation = frames.identifier(known, "conversation") if known else None
    return await in_database(_dialog, request, user, conversation)


@require_GET
@signed_in
async def models(request: HttpRequest, user: User) -> HttpResponse:
    """The list of the models that the person may use, and how each stands."""
    found = offered.offered(await in_database(limits_of, user.pk))
    try:
        states = await asyncio.to_thread(presence.states_of, blocking_client(), [model.name for model in found])
    except RedisError:
        states = {}
    shown = [(one, states.get(one.name, ""), f"{one.context_window:,}") for one in found]
    return render(request, "conversations/models.html", {"models": shown})


@require_POST
@signed_in
async def set_parameters(request: HttpRequest, user: User, conversation_id: UUID) -> JsonResponse:
    """Change those that are named; the answer has all as they are saved, or why they are not, with status 422."""
    said = frames.decoded(request.body)
    try:
        async with (await streams()).turn(user.pk):
            chosen = await in_database(_set, user, conversation_id, said)
    except Refused as no:
        return refused(no)
    return JsonResponse({"type": "parameters", "parameters": chosen.fields()})


@require_POST
@signed_in
async def save_preset(request: HttpRequest, user: User) -> JsonResponse:
    """Keep ``parameters`` under a ``name``, with ``team`` for the team."""
    said = frames.decoded(request.body)
    name, chosen = said.get("name"), frames.parameters(said.get("parameters") or {})
    if not isinstance(name, str) or len(name) > LONGEST_NAME:
        raise frames.Malformed(f"name must be text of at most {LONGEST_NAME} characters.")
    try:
        preset = await in_database(_keep, user, name, chosen, team=said.get("team") is True)
    except Refused as no:
        return refused(no)
    return JsonResponse({"type": "preset", "id": preset.pk, "name": preset.name})


def refused(no: Refused) -> JsonResponse:
    """The ``refused`` of what is not a message."""
    said = {"code": no.code, "detail": str(no.detail), "allowed": no.allowed, **no.more}
    return JsonResponse({"type": "refused", **said}, status=422)


def _dialog(request: HttpRequest, user: User, conversation_id: UUID | None) -> HttpResponse:
    chosen = Chosen(model=request.GET.get("model", ""))
    if conversation_id:
        chosen = Chosen.of(Conversation.objects.visible_to(user).get(pk=conversation_id))
    limits = limits_of(user.pk)
    context = {
        "chosen": chosen.fields(),
        "limits": limits,
        "model": offered.in_force(chosen.model, limits),
        "efforts": Effort.choices,
        "presets": list(kept.visible(Preset, user).only("name", "is_team")[: kept.SHOWN]),
        "may_add_for_team": kept.may_add_for_team(Preset, user),
    }
    return render(request, "conversations/parameters.html", context)


def _set(user: User, conversation_id: UUID, said: dict[str, Any]) -> Chosen:
    before = Chosen.of(Conversation.objects.visible_to(user).get(pk=conversation_id))
    chosen = frames.parameters({**before.fields(), **said})
    return instructions.set_parameters(user, conversation_id, chosen, said)


def _keep(user: User, name: str, chosen: Chosen, *, team: bool) -> Preset:
    if team and not kept.may_add_for_team(Preset, user):
        raise Preset.DoesNotExist
    limits = limits_of(user.pk)
    parameters.check(chosen, limits, offered.in_force(chosen.model, limits))
    return kept.save(Preset(name=name, is_team=team, **chosen.fields()), user)
