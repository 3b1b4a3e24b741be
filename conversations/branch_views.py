"""Branches over plain HTTP: what stands above, another branch, one erased; and the words for editing and erasing."""

from uuid import UUID

from channels.layers import get_channel_layer
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from conversations import branches, frames, hints, news
from conversations.database import in_database
from conversations.refusals import Refused
from conversations.streams import streams
from conversations.views import signed_in

VERBS = {"choose": branches.choose, "erase": branches.erase}


@require_GET
@signed_in
async def earlier(request: HttpRequest, user: User, conversation_id: UUID) -> HttpResponse:
    """The messages above ``before``, as HTML."""
    before = frames.identifier(request.GET.get("before"), "before")
    async with (await streams()).turn(user.pk):
        return await in_database(_earlier, request, user, conversation_id, before)


def _earlier(request: HttpRequest, user: User, conversation_id: UUID, before: UUID) -> HttpResponse:
    piece = news.earlier(user, conversation_id, before)
    return render(request, "conversations/earlier.html", {"piece": piece})


@require_POST
@signed_in
async def choose(request: HttpRequest, user: User, message_id: UUID) -> HttpResponse:
    """The ``choose`` frame; ``branch`` or ``refused`` is its answer."""
    return await _turned(user, message_id, "choose")


@require_POST
@signed_in
async def erase(request: HttpRequest, user: User, message_id: UUID) -> HttpResponse:
    """The ``erase`` frame; ``branch`` or ``refused`` is its answer."""
    return await _turned(user, message_id, "erase")


async def _turned(user: User, message_id: UUID, verb: str) -> HttpResponse:
    async with (await streams()).turn(user.pk):
        try:
            turned = await in_database(VERBS[verb], user, message_id)
        except Refused as no:
            return JsonResponse({**news.refused_frame("", no), "about": verb}, status=422)
        page = await in_database(news.turned, turned)
    if verb == "erase":
        await hints.changed(get_channel_layer(), user.pk, turned.conversation)
    return JsonResponse({**page.frame, "unfinished": [str(pk) for pk in page.unfinished]})


@require_GET
@login_required
def editing(request: HttpRequest) -> HttpResponse:
    """The form in which a message is edited, and the question before one is erased."""
    return render(request, "conversations/editing.html")
