"""The models of the catalog as boxes to tick, for a field of names that also knows "all" and "none"."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from inference.model import Model

ALL, NONE = "all", "none"


class ModelsInput(forms.CheckboxSelectMultiple):
    """Nothing ticked says nothing. A name that the catalog has no more stays until it is unticked."""

    def __init__(self, models: Sequence[Model]) -> None:
        super().__init__()
        self._labels = {model.name: model.label for model in models}

    def format_value(self, value: Any) -> list[str]:
        """What is ticked, of the text that the field shows or the person sent."""
        names = ", ".join(value) if isinstance(value, list) else str(value or "")
        words = {str(_("all")): ALL, str(_("none")): NONE}
        ticked = [words.get(name, name) for part in names.split(",") if (name := part.strip())]
        named = {name: f"{label} ({name})" if label != name else name for name, label in self._labels.items()}
        gone = {name: name for name in ticked if name not in {*named, ALL, NONE}}
        self.choices = [(ALL, _("all")), (NONE, _("none")), *named.items(), *gone.items()]
        return ticked

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        return super().get_context(name, self.format_value(value), attrs)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str:
        """As one would write it: all is more than any name."""
        ticked = data.getlist(name) if hasattr(data, "getlist") else [data.get(name) or ""]
        return ALL if ALL in ticked else ", ".join(ticked)
