"""Pages, and the doors for networks that break websockets: the same verbs over POST, the same events over SSE."""

from collections.abc import AsyncGenerator, Callable, Coroutine
from functools import wraps
from typing import Any, cast
from uuid import UUID, uuid4

import orjson
from channels.layers import get_channel_layer
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import translation
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from conversations import drafts, frames, hints, news, timings
from conversations.again import again
from conversations.allowance import allowance
from conversations.database import in_database
from conversations.ended import watching
from conversations.follow import Follower
from conversations.models import Conversation, Message
from conversations.parameters import beginning
from conversations.phrases import phrases
from conversations.refusals import Refused
from conversations.services import send, stop
from conversations.shelf import listing
from conversations.signed_in import SignedIn
from conversations.streams import streams

View = Callable[..., Coroutine[Any, Any, HttpResponseBase]]


@require_GET
@login_required
@ensure_csrf_cookie
async def chat(request: HttpRequest, conversation_id: UUID | None = None) -> HttpResponse:
    """The chat page, of one conversation or of a new one."""
    user = cast("User", await request.auser())
    async with (await streams()).turn(user.pk):
        return await in_database(_chat, request, user, conversation_id)


def _chat(request: HttpRequest, user: User, conversation_id: UUID | None) -> HttpResponse:
    mine = Conversation.objects.visible_to(user)
    conversation = get_object_or_404(mine, pk=conversation_id) if conversation_id else None
    pointed = _pointed(request.GET.get("m", ""))
    piece = news.page_of(conversation, pointed) if conversation else None
    page = {
        "socket": "/ws/",
        "conversation": str(conversation.pk) if conversation else None,
        "after": str(piece.messages[-1].pk) if piece and piece.messages else None,
        "pointed": str(pointed) if pointed else None,
        "limits": allowance(user.pk),
        "draft": drafts.for_page(user, conversation_id),
        "strings": phrases(),
    }
    context = {
        "conversation": conversation,
        "piece": piece,
        "page": page,
        "trash_days": settings.TRASH_DAYS,
        **beginning.on_page(user, conversation, piece.messages[-1] if piece and piece.messages else None),
        **listing.lists(user, listing.Shelf.shown(user, request.GET)),
    }
    return render(request, "conversations/chat.html", context)


def _pointed(text: str) -> UUID | None:
    """The message that a link is about: ``m`` of its address."""
    try:
        return UUID(text)
    except ValueError:
        return None


def signed_in(view: View) -> View:
    """For views that the page's modules call, given the person: 401 as JSON, no redirect; bad frames are 400."""

    @wraps(view)
    async def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = await request.auser()
        if not user.is_authenticated:
            return _error(401, "not_signed_in", "Sign in first.")
        try:
            return await view(request, user, *args, **kwargs)
        except frames.Malformed as error:
            return _error(400, error.code, str(error))
        except ObjectDoesNotExist as error:
            raise Http404 from error

    return checked


@require_POST
@signed_in
async def send_message(request: HttpRequest, user: User) -> HttpResponse:
    """The frames ``send``, ``again`` and ``continue`` as a request, ``sent`` or ``refused`` as its answer."""
    command = frames.parse(request.body)
    if not isinstance(command, frames.Send | frames.Again):
        raise frames.Malformed("type must be send, again or continue.")
    is_new = isinstance(command, frames.Send)
    what: Any = command.draft if isinstance(command, frames.Send) else command.wish
    client_id = str(what.client_id)
    try:
        async with (await streams()).turn(user.pk):
            sent = await in_database(send if is_new else again, user, what, reply_id=uuid4())
    except Refused as no:
        return JsonResponse(news.refused_frame(client_id, no), status=422)
    await hints.sent(get_channel_layer(), user.pk, sent, what.conversation if is_new else sent.conversation.pk)
    return JsonResponse(news.sent_frame(client_id, sent))


@require_POST
@signed_in
async def stop_reply(request: HttpRequest, user: User, reply_id: UUID) -> HttpResponse:
    """Ask for the end of a reply."""
    await in_database(stop, user, reply_id)
    await (await streams()).feed.hasten_stop(reply_id)
    return JsonResponse({}, status=202)


@require_POST
@signed_in
async def timing(request: HttpRequest, user: User, reply_id: UUID) -> HttpResponse:
    """The ``timing`` frame."""
    command = frames.command({**frames.decoded(request.body), "type": "timing", "reply": str(reply_id)})
    assert isinstance(command, frames.Timing)  # noqa: S101 - by its type
    await in_database(timings.save, user, command.seen)
    return JsonResponse({}, status=202)


@require_GET
@signed_in
async def limits(request: HttpRequest, user: User) -> HttpResponse:
    """The ``limits`` frame."""
    return JsonResponse({"type": "limits", "limits": await in_database(allowance, user.pk)})


@require_GET
@signed_in
async def latest(request: HttpRequest, user: User, conversation_id: UUID) -> HttpResponse:
    """The ``messages`` frame: what came after ``after``, and the ids of replies to follow."""
    after = request.GET.get("after")
    known = frames.identifier(after, "after") if after else None
    async with (await streams()).turn(user.pk):
        found = await in_database(news.since, user, conversation_id, known)
    return JsonResponse({**found.frame, "unfinished": [str(pk) for pk in found.unfinished]})


@require_GET
@signed_in
async def events(request: HttpRequest, user: User, reply_id: UUID) -> StreamingHttpResponse:
    """A reply's events as server-sent events. ``Last-Event-ID`` or ``cursor`` (``0-0-0``) says where to go on."""
    cursor = frames.written_cursor(request.headers.get("Last-Event-ID") or request.GET.get("cursor", "0-0-0"))
    html = request.GET.get("format", "html") == "html"
    await in_database(Message.objects.visible_to(user).replies().only("pk").get, pk=reply_id)
    follower = (await streams()).follower(reply_id, cursor, html=html)
    told = _server_sent(follower, translation.get_language(), SignedIn(request.session, user), user.pk)
    response = StreamingHttpResponse(told, "text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    return response


async def _server_sent(
    follower: Follower, language: str | None, session: SignedIn, user_id: int
) -> AsyncGenerator[bytes, None]:
    async with watching(session, user_id, follower.end):
        with translation.override(language):
            async for frame in follower.frames():
                where = "-".join(map(str, follower.cursor.as_list()))
                yield b"id: %s\nevent: %s\ndata: %s\n\n" % (where.encode(), frame["type"].encode(), orjson.dumps(frame))


def _error(status: int, code: str, detail: str) -> JsonResponse:
    return JsonResponse({"type": "error", "code": code, "detail": detail}, status=status)
