"""Pages on which a person imports: a form for a file, what is in it, and what became of it."""

from typing import Any, cast
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from conversations.refusals import Refused
from exports import tasks
from exports.imports import AUTO, LABELS, jobs
from exports.imports.rows import Import

SHOWN = 10  # imports of the last month


class ImportForm(forms.Form):
    """A file, and what made it."""

    file = forms.FileField(label=_("File"), max_length=None, allow_empty_file=True)
    source = forms.ChoiceField(label=_("Comes from"), choices=[(AUTO, _("Find out from the file")), *LABELS.items()])


@require_http_methods(["GET", "POST"])
@login_required
def imports(request: HttpRequest) -> HttpResponse:
    """The form, and what was imported lately. A file that is posted is looked at first."""
    user = cast("User", request.user)
    form = (
        ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm(initial=request.GET.dict())
    )
    if form.is_valid():
        given = form.cleaned_data
        try:
            return redirect(jobs.bring(user, given["file"], given["source"], tasks.read_imports.delay))
        except Refused as refused:
            form.add_error("file", refused.detail)
    context: dict[str, Any] = {
        "form": form,
        "imports": Import.objects.visible_to(user)[:SHOWN],
        "most_mb": settings.IMPORT_MB,
    }
    return render(request, "exports/imports.html", context, status=400 if form.errors else 200)


@require_GET
@login_required
def one_import(request: HttpRequest, import_id: UUID) -> HttpResponse:
    """What was found in a file, or what became of it."""
    row = _mine(request, import_id)
    return render(request, "exports/import.html", {"row": row, "report": row.report})


@require_POST
@login_required
def confirm(request: HttpRequest, import_id: UUID) -> HttpResponse:
    """Import what was found."""
    _mine(request, import_id)
    jobs.confirm(cast("User", request.user), import_id, tasks.read_imports.delay)
    return redirect("import", import_id)


@require_POST
@login_required
def cancel(request: HttpRequest, import_id: UUID) -> HttpResponse:
    """Read no more of it; what was imported before stays."""
    _mine(request, import_id)
    jobs.cancel(cast("User", request.user), import_id)
    return redirect("import", import_id)


def _mine(request: HttpRequest, import_id: UUID) -> Import:
    return get_object_or_404(Import.objects.visible_to(cast("User", request.user)), pk=import_id)
