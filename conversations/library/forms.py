"""Forms of the pages on which a person keeps prompts and presets."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.models import User
from conversations import offered, parameters
from conversations.library import kept
from conversations.models import Preset, SavedPrompt
from conversations.models.parameters import Effort
from conversations.refusals import Refused
from inference.model import Model
from limits.policies import limits_of

LONGEST = 32_000  # characters of a prompt

if TYPE_CHECKING:  # generic for the type checker only
    _ModelForm = forms.ModelForm[Any]
else:
    _ModelForm = forms.ModelForm


class KeptForm(_ModelForm):
    """What both have: a name, and for those who may, whether it is the team's."""

    def __init__(self, *args: Any, user: User, **more: Any) -> None:
        super().__init__(*args, **more)
        self.user = user
        for field in self.fields.values():
            field.widget.attrs.setdefault("dir", "auto")
        if not kept.may_add_for_team(self._meta.model, user):
            del self.fields["is_team"]

    def validate_unique(self) -> None:
        """``kept.save`` says it better."""

    def _get_validation_exclusions(self) -> set[str]:
        return {field.name for field in self._meta.model._meta.fields}


class PromptForm(KeptForm):
    """A text for the composer."""

    text = forms.CharField(
        label=gettext_lazy("Text"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 10}), strip=False
    )

    class Meta:
        model = SavedPrompt
        fields: ClassVar = ["name", "text", "is_team"]
        labels: ClassVar = {"name": gettext_lazy("Name"), "is_team": gettext_lazy("For the whole team")}


class ModelField(forms.ChoiceField):
    """One of some models, or the default; what was chosen before may stay, whether it is there or not."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**{"label": gettext_lazy("Model"), "required": False, **more})

    def offer(self, models: Iterable[Model], chosen: str) -> bool:
        """Whether there is anything to choose."""
        labels = {model.name: model.label for model in models}
        first = next(iter(labels.values()), "")
        if chosen:
            labels.setdefault(chosen, f"{chosen} ({_('not available')})")
        self.choices = [("", _("the default: %(model)s") % {"model": first}), *labels.items()]
        return len(labels) > 1


class PresetForm(KeptForm):
    """Instructions, parameters and a model, within the limits of whoever saves them."""

    model = ModelField()

    effort = forms.ChoiceField(
        label=gettext_lazy("Effort"),
        required=False,
        choices=[("", pgettext_lazy("parameter", "the model's own")), *Effort.choices],
    )

    class Meta:
        model = Preset
        fields: ClassVar = ["name", "instructions", "model", "temperature", "top_p", "max_tokens", "effort", "is_team"]
        labels: ClassVar = {
            "name": gettext_lazy("Name"),
            "instructions": gettext_lazy("Instructions"),
            "temperature": gettext_lazy("Temperature, 0 to 2"),
            "top_p": gettext_lazy("Top p, 0.01 to 1"),
            "max_tokens": gettext_lazy("Tokens in a reply"),
            "is_team": gettext_lazy("For the whole team"),
        }
        widgets: ClassVar = {"instructions": forms.Textarea(attrs={"rows": 8})}

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        models = offered.offered(limits_of(self.user.pk))
        if not cast("ModelField", self.fields["model"]).offer(models, self.instance.model):
            del self.fields["model"]
        for name, step in (("temperature", "0.1"), ("top_p", "0.05"), ("max_tokens", "1")):
            placeholder = str(pgettext_lazy("parameter", "the model's own"))
            self.fields[name].widget.attrs |= {"step": step, "placeholder": placeholder, "class": "short"}

    def clean(self) -> dict[str, Any]:
        cleaned = checked_parameters(super().clean() or self.cleaned_data)
        try:
            chosen, limits = chosen_in(cleaned), limits_of(self.user.pk)
            new = chosen if chosen.model != self.initial.get("model") else replace(chosen, model="")
            parameters.check(new, limits, offered.in_force(chosen.model, limits))
        except Refused as no:
            raise ValidationError(str(no.detail)) from no
        return cleaned


def checked_parameters(cleaned: dict[str, Any]) -> dict[str, Any]:
    """A form's values, if its parameters are such as a model takes. Raises ValidationError."""
    try:
        chosen_in(cleaned)
    except parameters.Wrong as wrong:
        words = _("Temperature is from 0 to 2, top p from 0.01 to 1, tokens in a reply at least 1.")
        raise ValidationError(words) from wrong
    return cleaned


def chosen_in(cleaned: dict[str, Any]) -> parameters.Chosen:
    """The parameters in a form's values. Raises Wrong."""
    return parameters.read({name: cleaned.get(name) for name in parameters.Chosen.__slots__})
