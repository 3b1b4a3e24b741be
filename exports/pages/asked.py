"""The page's form: an export, or one that is made again and again."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from exports.jobs import asking, destinations
from exports.jobs.wishes import OF_OTHERS, WishForm
from exports.models import Schedule

ONCE = ""
HOW_OFTEN = [(ONCE, pgettext_lazy("how often", "once, now")), *Schedule.Every.choices]
CHUNKS = ("cut", "size", "overlap")
REPEATED = ("every", "only_changes", "delivers")
FIRST = ("form",)


class AskForm(WishForm):
    every = forms.ChoiceField(label=_("How often"), choices=HOW_OFTEN, required=False)
    only_changes = forms.BooleanField(label=_("After the first, only what changed"), required=False, initial=True)
    delivers = forms.BooleanField(label=_("Put it where this site keeps exports, too"), required=False)

    def __init__(self, *args: Any, user: User, **more: Any) -> None:
        super().__init__(*args, user=user, **more)
        if not destinations.is_there():
            del self.fields["delivers"]

    def ask(self) -> None:
        """Raises Refused."""
        said = self.cleaned_data
        if said["every"] == ONCE:
            asking.ask(self.user, self.wish())
            return
        delivers = said.get("delivers", False)
        asking.make_schedule(
            self.user, self.wish(), said["every"], only_changes=said["only_changes"], delivers=delivers
        )

    @property
    def groups(self) -> list[dict[str, Any]]:
        """Its fields as the page shows them: what most people need first, the rest in parts that open."""
        apart = {*CHUNKS, *OF_OTHERS, *REPEATED, *FIRST}
        parts = [
            ("", FIRST),
            (_("Which conversations"), tuple(name for name in self.fields if name not in apart)),
            (_("Chunks for retrieval"), CHUNKS),
            (_("Of other people"), OF_OTHERS),
            (_("Repeat"), REPEATED),
        ]
        found = [(title, [self[name] for name in names if name in self.fields]) for title, names in parts]
        return [
            {"title": title, "fields": fields, "is_open": any(field.errors for field in fields)}
            for title, fields in found
            if fields
        ]
