"""Pages on which a person keeps prompts and presets: a list, a form for each, and what the composer asks for."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from conversations import offered
from conversations.library import kept
from conversations.library.forms import KeptForm, PresetForm, PromptForm
from conversations.models import Preset, SavedPrompt
from conversations.parameters import Chosen
from conversations.refusals import Refused
from limits.policies import limits_of

EXCERPT = 120  # characters of a prompt in a list


@dataclass(frozen=True, slots=True)
class Shelf:
    """One kind of what is kept, and how its pages speak of it."""

    kind: type[Any]
    form: type[KeptForm]
    name: str  # of its addresses
    new: str | Promise
    edit: str | Promise


PROMPTS = Shelf(SavedPrompt, PromptForm, "prompt", _("New prompt"), _("Edit prompt"))
PRESETS = Shelf(Preset, PresetForm, "preset", _("New preset"), _("Edit preset"))


@require_GET
@login_required
def prompts(request: HttpRequest) -> HttpResponse:
    """All that a person keeps, and the team."""
    user = cast("User", request.user)
    lists = [
        {"title": _("Prompts"), "hint": _("Type / in an empty message field to use one."), **_listed(PROMPTS, user)},
        {"title": _("Presets"), "hint": _("Instructions and parameters to begin with."), **_listed(PRESETS, user)},
    ]
    return render(request, "library/prompts.html", {"lists": lists})


@require_GET
@login_required
def box(request: HttpRequest) -> HttpResponse:
    """The list that opens in the composer, with all that its module needs."""
    found = kept.visible(SavedPrompt, cast("User", request.user))[: kept.SHOWN]
    return render(request, "library/box.html", {"prompts": found, "excerpt": EXCERPT})


@require_GET
@login_required
def text(request: HttpRequest, prompt_id: int) -> JsonResponse:
    """A prompt's text as it was written."""
    prompt = get_object_or_404(kept.visible(SavedPrompt, cast("User", request.user)), pk=prompt_id)
    return JsonResponse({"name": prompt.name, "text": prompt.text})


@require_GET
@login_required
def values(request: HttpRequest, preset_id: int) -> JsonResponse:
    """A preset's instructions and parameters, as far as there is its model, and that takes them."""
    user = cast("User", request.user)
    preset = get_object_or_404(kept.visible(Preset, user), pk=preset_id)
    model = offered.in_force(preset.model, limits_of(user.pk))
    effort = preset.effort if model.reasoning else ""
    chosen = replace(Chosen.of(preset), model=preset.model if preset.model == model.name else "", effort=effort)
    return JsonResponse({"name": preset.name, "parameters": chosen.fields()})


@require_http_methods(["GET", "POST"])
@login_required
def prompt(request: HttpRequest, prompt_id: int = 0) -> HttpResponse:
    """A prompt's form; without an id for a new one."""
    return _form(request, PROMPTS, prompt_id)


@require_http_methods(["GET", "POST"])
@login_required
def preset(request: HttpRequest, preset_id: int = 0) -> HttpResponse:
    """A preset's form; without an id for a new one."""
    return _form(request, PRESETS, preset_id)


@require_POST
@login_required
def prompt_delete(request: HttpRequest, prompt_id: int) -> HttpResponse:
    return _delete(request, PROMPTS, prompt_id)


@require_POST
@login_required
def preset_delete(request: HttpRequest, preset_id: int) -> HttpResponse:
    return _delete(request, PRESETS, preset_id)


def _listed(shelf: Shelf, user: User) -> dict[str, Any]:
    rows = list(kept.visible(shelf.kind, user)[: kept.SHOWN])
    return {"shelf": shelf, "rows": [(row, kept.may_change(row, user)) for row in rows]}


def _form(request: HttpRequest, shelf: Shelf, pk: int) -> HttpResponse:
    user = cast("User", request.user)
    row = _theirs(shelf, user, pk, kept.may_change) if pk else None
    form = shelf.form(request.POST or None, instance=row, user=user)
    if request.method == "POST" and form.is_valid():
        try:
            kept.save(form.save(commit=False), user)
            return HttpResponseRedirect(reverse("prompts"))
        except Refused as no:
            form.add_error("name", str(no.detail))
    context = {"form": form, "shelf": shelf, "row": row, "may_delete": row is not None and kept.may_delete(row, user)}
    return render(request, "library/form.html", context, status=422 if form.errors else 200)


def _delete(request: HttpRequest, shelf: Shelf, pk: int) -> HttpResponse:
    user = cast("User", request.user)
    kept.delete(_theirs(shelf, user, pk, kept.may_delete), user)
    return HttpResponseRedirect(reverse("prompts"))


def _theirs(shelf: Shelf, user: User, pk: int, may: Callable[[Any, User], bool]) -> Any:
    row = get_object_or_404(kept.visible(shelf.kind, user), pk=pk)
    if not may(row, user):
        raise Http404
    return row
