"""What the team shares with itself: prompts and presets that everybody may use. People's own are theirs alone."""

from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.admin import AuditedAdmin
from conversations.library import kept
from conversations.library.forms import ModelField, checked_parameters
from conversations.models import Preset, SavedPrompt
from conversations.models.prompt import Kept
from conversations.refusals import Refused
from inference import serving

if TYPE_CHECKING:  # generic for the type checker only
    _ModelForm = forms.ModelForm[Any]
else:
    _ModelForm = forms.ModelForm


class TeamForm(_ModelForm):
    """A name that the team does not have yet."""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if name := cleaned.get("name"):
            self.instance.name, self.instance.is_team = name, True
            try:
                kept.check_name(cast("Kept", self.instance))
            except Refused as no:
                raise ValidationError({"name": str(no.detail)}) from no
        return cleaned


class TeamPresetForm(TeamForm):
    """Numbers that a model takes, and one that is served. What a person may set is asked when they use it."""

    model = ModelField()

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        cast("ModelField", self.fields["model"]).offer(serving.models(), self.instance.model)

    def clean(self) -> dict[str, Any]:
        return checked_parameters(super().clean())


class OfTheTeam(AuditedAdmin):
    """A mixin: only what is the team's, and what is added here is."""

    form = TeamForm
    list_display = ("name", "owner", "updated_at")
    list_select_related = ("owner",)
    search_fields: ClassVar = ["name"]
    ordering = ("name",)
    readonly_fields = ("owner", "created_at", "updated_at")
    exclude = ("is_team",)
    unlogged = frozenset({"name", "text", "instructions"})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(is_team=True)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.owner = cast("User", request.user)
        obj.is_team = True
        super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        kept.delete(obj, cast("User", request.user))  # with its entry, and a copy where a legal hold is on who made it

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for row in queryset:
            self.delete_model(request, row)


@admin.register(SavedPrompt)
class TeamPrompts(OfTheTeam):
    """Prompts that everybody finds with / in the composer."""

    fields = ("name", "text", "owner", "created_at", "updated_at")


@admin.register(Preset)
class TeamPresets(OfTheTeam):
    """Presets that everybody may begin a conversation with."""

    form = TeamPresetForm
    fieldsets = (
        (None, {"fields": ("name", "instructions")}),
        (_("How it writes"), {"fields": ("model", "temperature", "top_p", "max_tokens", "effort")}),
        (None, {"fields": ("owner", "created_at", "updated_at")}),
    )
