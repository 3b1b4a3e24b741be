"""The form of a policy: what is left empty is inherited, and what cannot be meant is refused beside its field."""

import difflib
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.model_choice import ModelsInput
from console.names import InheritOrNot, PersonField
from inference import catalog
from limits.fields import ALL
from limits.models import Policy

if TYPE_CHECKING:  # generic for the type checker only
    _ModelForm = forms.ModelForm[Policy]
else:
    _ModelForm = forms.ModelForm

RIGHTS = ("may_share", "may_use_api", "may_set_instructions", "may_set_parameters")
EXPORTS = ("may_export", "may_export_reasoning", "redact_emails", "redact_phones")
HELP: dict[str, str | Promise] = {
    "prompt_chars": gettext_lazy("Characters of one message."),
    "prompt_tokens": gettext_lazy(
        "Tokens of one message, as the model counts them; about four characters each in English."
    ),
    "conversation_turns": gettext_lazy("Messages that a person sends in one conversation."),
    "conversation_tokens": gettext_lazy("Tokens of all messages and replies of one conversation."),
    "output_tokens": gettext_lazy("Tokens; a longer reply is cut there."),
    "requests_per_minute": gettext_lazy("Messages sent in any 60 seconds. 0 lets nobody send."),
    "replies_at_once": gettext_lazy("Replies in writing at the same time; further ones wait their turn."),
    "tokens_per_day": gettext_lazy("Tokens of messages and replies from midnight to midnight, UTC."),
    "tokens_per_month": gettext_lazy("Tokens of messages and replies from the first of the month, UTC."),
    "models": gettext_lazy(
        "Nothing ticked: inherit. Of those that are served and ticked, the first answers by default."
    ),
    "may_set_instructions": gettext_lazy("What the model is told before the first message of a conversation."),
    "may_set_parameters": gettext_lazy("Temperature, top p, tokens in a reply and effort of a conversation."),
    "may_export": gettext_lazy("Take their own conversations away as files."),
    "may_export_reasoning": gettext_lazy("With what the model reasoned before it answered."),
    "redact_emails": gettext_lazy("Of their own conversations; of other people's they always are."),
    "redact_phones": gettext_lazy("Of their own conversations; of other people's they always are."),
    "charge_failed": gettext_lazy("Whether what a reply had used counts when the engine failed."),
    "charge_blocked": gettext_lazy("Whether what a reply had used counts when a rule blocked it."),
}


class PolicyForm(_ModelForm):
    """A policy, with people named and models checked against the catalog."""

    user = PersonField(
        label=gettext_lazy("Person"), required=False, help_text=gettext_lazy("The name they sign in with.")
    )

    class Meta:
        model = Policy
        fields: ClassVar = "__all__"
        help_texts: ClassVar = HELP
        widgets: ClassVar = dict.fromkeys((*RIGHTS, *EXPORTS, "charge_failed", "charge_blocked"), InheritOrNot)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        if "models" in self.fields:  # not for those who may only look
            self.fields["models"].widget = ModelsInput(catalog.load(settings.CATALOG).models)
        for field in self.fields.values():
            if isinstance(field.widget, forms.TextInput) and not field.required:
                field.widget.attrs.setdefault("placeholder", _("inherit"))
            if isinstance(field.widget, forms.MultiWidget):  # a moment: its label is of both fields
                for part, what in zip(field.widget.widgets, (_("date"), _("time")), strict=False):
                    part.attrs["aria-label"] = f"{field.label}: {what}"
        for name in ("user", "note"):
            if name in self.fields:
                self.fields[name].widget.attrs["placeholder"] = ""

    def clean_models(self) -> list[str] | None:
        names: list[str] | None = self.cleaned_data["models"]
        known = [model.name for model in catalog.load(settings.CATALOG).models]
        errors = [_unknown(name, known) for name in names or () if name not in {*known, ALL}]
        if errors:
            raise ValidationError(errors)
        return names


def _unknown(name: str, known: list[str]) -> ValidationError:
    words = {"name": name[:50], "known": ", ".join(known)}
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        message = _("There is no model “%(name)s”. Did you mean “%(near)s”? The catalog has %(known)s.")
        return ValidationError(message, "unknown_model", {**words, "near": near[0]})
    return ValidationError(_("There is no model “%(name)s”. The catalog has %(known)s."), "unknown_model", words)
