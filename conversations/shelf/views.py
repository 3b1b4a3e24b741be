"""The doors to the shelf: ``POST /conversations/<verb>/``, what the sidebar lists, and the menus that change it."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from channels.layers import get_channel_layer
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from conversations import frames, hints, shelf
from conversations.database import in_database
from conversations.models import Conversation, Folder, Tag
from conversations.refusals import Refused
from conversations.shelf import Ids, Shelved, listing, names
from conversations.shelf.listing import Shelf
from conversations.shelf.words import words
from conversations.streams import streams
from conversations.views import View, signed_in

MOST = 500  # conversations in one request
LONGEST = 1_000  # characters of a name that are read at all
PATIENCE_S = 8.0  # for a reply to stop before its conversation is deleted: a dead worker's lease lapses in less
LOOK_AGAIN_S = 0.1

Fields = dict[str, Any]
Verb = Callable[[User, Fields], Shelved]


def verb(name: str) -> View:
    """The door of this verb of ``VERBS``."""

    @require_POST
    @signed_in
    async def door(request: HttpRequest, user: User) -> HttpResponseBase:
        fields = frames.decoded(request.body)
        try:
            done = await _patiently(user, name, fields)
        except Refused as no:
            said = {"type": "refused", "code": no.code, "detail": str(no.detail), "allowed": no.allowed, **no.more}
            return JsonResponse(said, status=422)
        feed = (await streams()).feed
        for reply in done.stopping:
            await feed.hasten_stop(reply)
        frame = {"type": "shelved", "conversations": sorted(map(str, done.conversations)), "now": done.now}
        await hints.tell(get_channel_layer(), user.pk, frame)
        return JsonResponse(frame)

    return door


async def _patiently(user: User, name: str, fields: Fields) -> Shelved:
    """A reply that is told to stop takes a moment, for which a deletion waits."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            return await in_database(VERBS[name], user, fields)
        except Refused as no:
            if no.code != "busy" or time.monotonic() > until:
                raise
        await asyncio.sleep(LOOK_AGAIN_S)


@require_GET
@login_required
def listed(request: HttpRequest) -> HttpResponse:
    """A list of the sidebar, as HTML: the whole of it, or the page ``before`` a place."""
    user = cast("User", request.user)
    try:
        wanted = Shelf.asked(user, request.GET)
        before, until = listing.place(request.GET, "before"), listing.place(request.GET, "until")
    except frames.Malformed as error:
        return HttpResponse(str(error), status=400, content_type="text/plain")
    except (Folder.DoesNotExist, Tag.DoesNotExist):
        return HttpResponse(status=404)
    if before is None and wanted.folder is None:
        return render(request, "conversations/sidebar_lists.html", listing.lists(user, wanted, until))
    conversations, has_more = wanted.page(user, before)
    context = {"shelf": wanted, "conversations": conversations, "has_more": has_more}
    return render(request, "conversations/sidebar_items.html", context)


@require_GET
@login_required
def menus(request: HttpRequest) -> HttpResponse:
    """The menus and dialogs of the shelf, for a page that needs the first of them."""
    return render(request, "conversations/shelf.html", {"words": words()})


@require_GET
@signed_in
async def choices(request: HttpRequest, user: User) -> HttpResponseBase:
    """The person's folders and tags; with ``conversation``, also where that one is."""
    asked = request.GET.get("conversation")
    return JsonResponse(await in_database(_choices, user, frames.identifier(asked, "conversation") if asked else None))


def _choices(user: User, pk: UUID | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "folders": list(Folder.objects.visible_to(user).values("id", "name")),
        "tags": list(Tag.objects.visible_to(user).values("id", "name")),
    }
    if pk:
        conversation = Conversation.objects.visible_to(user).only("folder_id").get(pk=pk)
        tags = Conversation.tags.through.objects.filter(conversation=conversation)
        found |= {"folder": conversation.folder_id, "tagged": list(tags.values_list("tag", flat=True))}
    return found


def _all(change: Callable[[User, Ids], Shelved]) -> Verb:
    return lambda user, fields: change(user, _ids(fields))


def _ids(fields: Fields) -> Ids:
    ids = fields.get("conversations")
    if not isinstance(ids, list) or not 1 <= len(ids) <= MOST:
        raise frames.Malformed(f"conversations must be a list of 1 to {MOST} ids.")
    return frozenset(frames.identifier(one, "conversations") for one in ids)


def _number(value: Any, name: str) -> int:
    if type(value) is not int or not 0 <= value < 2**63:
        raise frames.Malformed(f"{name} must be the id of one.")
    return value


def _tags(fields: Fields) -> list[int]:
    tags = fields.get("tags")
    if not isinstance(tags, list) or not 1 <= len(tags) <= names.MOST:
        raise frames.Malformed(f"tags must be a list of 1 to {names.MOST} ids.")
    return [_number(one, "tags") for one in tags]


def _text(fields: Fields, name: str) -> str:
    text = fields.get(name)
    if not isinstance(text, str) or len(text) > LONGEST:
        raise frames.Malformed(f"{name} must be text of at most {LONGEST} characters.")
    return text.encode(errors="replace").decode()  # half a character is no text to a database


def _rename(user: User, fields: Fields) -> Shelved:
    return shelf.rename(user, frames.identifier(fields.get("conversation"), "conversation"), _text(fields, "title"))


def _move(user: User, fields: Fields) -> Shelved:
    folder = fields.get("folder")
    return shelf.move(user, _ids(fields), None if folder is None else _number(folder, "folder"))


def _of_names(kind: names.Kind, word: str) -> dict[str, Verb]:
    return {
        f"create-{word}": lambda user, fields: names.create(user, kind, _text(fields, "name")),
        f"rename-{word}": lambda user, fields: names.rename(
            user, kind, _number(fields.get(word), word), _text(fields, "name")
        ),
        f"delete-{word}": lambda user, fields: names.delete(user, kind, _number(fields.get(word), word)),
    }


VERBS: dict[str, Verb] = {
    "rename": _rename,
    "pin": _all(shelf.pin),
    "unpin": _all(shelf.unpin),
    "archive": _all(shelf.archive),
    "unarchive": _all(shelf.unarchive),
    "trash": _all(shelf.trash),
    "restore": _all(shelf.restore),
    "delete": _all(shelf.delete),
    "move": _move,
    "tag": lambda user, fields: shelf.tag(user, _ids(fields), _tags(fields)),
    "untag": lambda user, fields: shelf.untag(user, _ids(fields), _tags(fields)),
    **_of_names(Folder, "folder"),
    **_of_names(Tag, "tag"),
}
