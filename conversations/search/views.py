"""The door to the search: results as HTML for the sidebar, and what is needed to ask for them."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.models import User
from conversations.database import in_database
from conversations.models import Folder, Tag
from conversations.search.asked import Asked
from conversations.search.find import has_replies_of
from conversations.search.query import BadQuery
from conversations.search.results import results
from conversations.views import signed_in
from inference.catalog import load


@require_GET
@signed_in
async def search(request: HttpRequest, user: User) -> HttpResponse:
    """Conversations with what is looked for, as HTML. 400 with a sentence when it cannot be looked for."""
    return await in_database(_search, request, user)


@require_GET
@signed_in
async def panel(request: HttpRequest, user: User) -> HttpResponse:
    """The filters, and where results go: fetched when somebody begins to search."""
    return await in_database(_panel, request, user)


def _search(request: HttpRequest, user: User) -> HttpResponse:
    try:
        asked = Asked.read(request.GET)
    except BadQuery as error:
        return render(request, "conversations/search_results.html", {"problem": str(error)}, status=400)
    return render(request, "conversations/search_results.html", {"results": results(user, asked), "page": asked.page})


def _panel(request: HttpRequest, user: User) -> HttpResponse:
    context = {
        "folders": Folder.objects.visible_to(user),
        "tags": Tag.objects.visible_to(user),
        "models": [model for model in load(settings.CATALOG).models if has_replies_of(user, model.name)],
    }
    return render(request, "conversations/search_panel.html", context)
