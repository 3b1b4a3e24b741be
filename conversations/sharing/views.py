"""Pages and requests of sharing. A share is read at ``/s/<token>/``, by people who are signed in."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, cast
from uuid import UUID, uuid4

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from conversations import frames, sharing
from conversations.database import in_database
from conversations.models import Conversation, Share
from conversations.refusals import Refused
from conversations.sharing import shared
from conversations.streams import streams
from conversations.views import signed_in
from limits.policies import limits_of

MOST_LISTED = 300
SHORTEST_BEGINNING, LONGEST_NAME = 2, 254  # characters of a name or an address

Page = Callable[..., Coroutine[Any, Any, HttpResponse]]


@require_http_methods(["GET", "POST"])
@signed_in
async def share(request: HttpRequest, user: User, conversation_id: UUID) -> HttpResponse:
    """The dialog in which a person says for whom and how long; posted, the link or ``refused`` with status 422."""
    if request.method == "GET":
        return await in_database(_dialog, request, user, conversation_id)
    wish = _wish(frames.decoded(request.body))
    try:
        made = await in_database(sharing.share, user, conversation_id, wish)
    except Refused as no:
        said = {"code": no.code, "detail": str(no.detail), "allowed": no.allowed, **no.more}
        return JsonResponse({"type": "refused", **said}, status=422)
    return JsonResponse({"type": "shared", "url": request.build_absolute_uri(made.get_absolute_url())}, status=201)


@require_GET
@signed_in
async def colleagues(request: HttpRequest, user: User) -> JsonResponse:
    """Suggestions while somebody who may share types a name: ``q`` is how it begins."""
    beginning = _text(request.GET.get("q", "")).strip()
    if len(beginning) < SHORTEST_BEGINNING:
        raise frames.Malformed(f"q must be the first {SHORTEST_BEGINNING} characters of a name, or more.")
    found = await in_database(_suggested, user, beginning[:100])
    people = [{"name": one.get_username(), "full_name": one.get_full_name()} for one in found]
    return JsonResponse({"people": people})


@never_cache
@require_GET
@login_required
async def shares(request: HttpRequest) -> HttpResponse:
    """What this person shows others, and what others show them."""
    user = cast("User", await request.auser())
    return await in_database(_shares, request, user)


@require_POST
@login_required
async def revoke(request: HttpRequest, share_id: int) -> HttpResponse:
    """Take a share back."""
    user = cast("User", await request.auser())
    try:
        await in_database(sharing.revoke, user, share_id)
    except Share.DoesNotExist as error:
        raise Http404 from error
    return HttpResponseRedirect(reverse("shares"))


def private(view: Page) -> Page:
    """A page whose address must not get around: no cache keeps it, no robot lists it, no other site is told of it."""

    @wraps(view)
    async def kept(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = await view(request, *args, **kwargs)
        response["X-Robots-Tag"] = "noindex, nofollow"
        response["Referrer-Policy"] = "same-origin"  # with none at all, a browser would not say where a form comes from
        return response

    return never_cache(kept)


@private
@require_GET
@login_required
async def read(request: HttpRequest, token: str) -> HttpResponse:
    """A share, to read."""
    user = cast("User", await request.auser())
    async with (await streams()).turn(user.pk):
        return await in_database(_read, request, user, token)


@private
@require_POST
@login_required
async def carry_on(request: HttpRequest, token: str) -> HttpResponse:
    """Go on from a share in a conversation of one's own, or read there why that cannot be."""
    user = cast("User", await request.auser())
    client_id = _identifier(request.POST.get("client_id", ""))
    async with (await streams()).turn(user.pk):
        return await in_database(_carry_on, request, user, token, client_id)


def _suggested(user: User, beginning: str) -> list[User]:
    try:
        sharing.check_may_share(user)
    except Refused:
        return []
    return sharing.colleagues(user, beginning)


def _dialog(request: HttpRequest, user: User, conversation_id: UUID) -> HttpResponse:
    conversation = Conversation.objects.visible_to(user).get(pk=conversation_id, trashed_at=None)
    context: dict[str, Any] = {"days": sharing.LASTS_DAYS}
    try:
        sharing.check_may_share(user)
    except Refused as no:
        context["refusal"] = no.detail
    context["open"] = sharing.of(user).open().filter(conversation=conversation).count()
    return render(request, "sharing/dialog.html", context)


def _shares(request: HttpRequest, user: User) -> HttpResponse:
    mine, theirs = sharing.of(user)[:MOST_LISTED], shared.shared_with(user)
    may_share = limits_of(user.pk).may_share
    return render(request, "sharing/list.html", {"mine": mine, "theirs": theirs, "may_share": may_share})


def _read(request: HttpRequest, user: User, token: str, refusal: str = "", status: int = 200) -> HttpResponse:
    try:
        found = shared.read(user, token)
    except Share.DoesNotExist as error:
        raise Http404 from error
    context = {"shared": found, "refusal": refusal, "client_id": uuid4(), "is_mine": found.share.owner_id == user.pk}
    return render(request, "sharing/shared.html", context, status=status)


def _carry_on(request: HttpRequest, user: User, token: str, client_id: UUID) -> HttpResponse:
    try:
        return HttpResponseRedirect(shared.carry_on(user, token, client_id).url)
    except Share.DoesNotExist as error:
        raise Http404 from error
    except Refused as no:
        return _read(request, user, token, refusal=str(no.detail), status=422)


def _wish(said: dict[str, Any]) -> sharing.Wish:
    """What the dialog asks for. Raises Malformed."""
    audience, people, days = said.get("audience"), said.get("people", []), said.get("days")
    if audience not in Share.Audience.values:
        raise frames.Malformed(f"audience must be one of: {', '.join(Share.Audience.values)}.")
    if not isinstance(people, list) or not all(isinstance(one, str) and len(one) <= LONGEST_NAME for one in people):
        raise frames.Malformed(f"people must be a list of names or addresses of at most {LONGEST_NAME} characters.")
    if not (days is None or (type(days) is int and days in sharing.LASTS_DAYS)):
        raise frames.Malformed(f"days must be null or one of: {', '.join(map(str, sharing.LASTS_DAYS))}.")
    if not isinstance(said.get("reasoning", False), bool):
        raise frames.Malformed("reasoning must be true or false.")
    tip = None if said.get("tip") is None else frames.identifier(said["tip"], "tip")
    named = tuple(map(_text, people)) if audience == Share.Audience.PEOPLE else None
    return sharing.Wish(named, days, with_reasoning=said.get("reasoning", False), tip=tip)


def _text(text: str) -> str:
    """PostgreSQL knows no NUL."""
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _identifier(text: str) -> UUID:
    """The page's own name for what it asks, so that a form sent twice begins one conversation."""
    try:
        return UUID(text)
    except ValueError:
        return uuid4()
