"""What a person, a program or the command line says of an export, checked in one place: a form."""

from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from conversations import offered
from conversations.models import Folder, Tag
from conversations.search.query import LONGEST, BadQuery, Query
from exports.forms import LABELS
from exports.forms.options import CUTS, LONGEST_CHUNK, SHORTEST_CHUNK, USUAL_CHUNK, USUAL_OVERLAP, Options
from exports.jobs.selection import Selection
from exports.models import LONGEST_REASON, ExportJob, Wish
from exports.outgoing import may_take_others
from exports.reviewing import may_review
from limits.policies import limits_of

MOST_PEOPLE = 100
OF_OTHERS = ("people", "group", "everyone", "named", "reason")
RATINGS = [
    ("", pgettext_lazy("which replies", "any")),
    ("1", pgettext_lazy("rating of a reply", "good")),
    ("-1", pgettext_lazy("rating of a reply", "bad")),
]
CUT_LABELS = [("pairs", _("a question and its answer")), ("windows", _("windows that overlap"))]


class WishForm(forms.Form):
    """Names of its fields are those of docs/exports.md."""

    form = forms.ChoiceField(label=pgettext_lazy("of a file", "Format"), choices=LABELS)
    folder = forms.ModelChoiceField(
        Folder.objects.none(), label=_("Folder"), required=False, empty_label=_("any"), to_field_name="name"
    )
    tag = forms.ModelChoiceField(
        Tag.objects.none(), label=_("Tag"), required=False, empty_label=_("any"), to_field_name="name"
    )
    since = forms.DateField(label=_("Changed since"), required=False)
    until = forms.DateField(label=_("Begun until"), required=False)
    query = forms.CharField(label=_("With the words"), required=False, max_length=LONGEST)
    model = forms.CharField(label=_("With replies of the model"), required=False, max_length=100)
    rating = forms.ChoiceField(label=_("With replies rated"), choices=RATINGS, required=False)
    reviewed = forms.BooleanField(label=_("Only with replies that are approved as knowledge"), required=False)
    knowledge = forms.BooleanField(label=_("Approved knowledge of everybody, not only yours"), required=False)
    whole = forms.BooleanField(label=_("All branches, not only the one shown"), required=False)
    reasoning = forms.BooleanField(label=_("With the model's reasoning"), required=False)
    cut = forms.ChoiceField(label=_("Chunks are"), choices=CUT_LABELS, required=False)
    size = forms.IntegerField(
        label=_("Tokens in a chunk, at most"),
        min_value=SHORTEST_CHUNK,
        max_value=LONGEST_CHUNK,
        required=False,
        widget=forms.NumberInput({"placeholder": USUAL_CHUNK}),
    )
    overlap = forms.IntegerField(
        label=_("Tokens that windows share"),
        min_value=0,
        required=False,
        widget=forms.NumberInput({"placeholder": USUAL_OVERLAP}),
    )
    people = forms.CharField(
        label=_("Of these people"), required=False, help_text=_("Names or e-mail addresses, with commas.")
    )
    group = forms.ModelChoiceField(
        Group.objects.none(), label=_("Of this group"), required=False, empty_label=_("none"), to_field_name="name"
    )
    everyone = forms.BooleanField(label=_("Of all people"), required=False)
    named = forms.BooleanField(label=_("With their names, not with pseudonyms"), required=False)
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=LONGEST_REASON,
        help_text=_("Kept in the audit log with your name and whose conversations they are."),
    )

    def __init__(self, *args: Any, user: User, **more: Any) -> None:
        super().__init__(*args, **more)
        self.user = user
        self._choose("folder", Folder.objects.visible_to(user).order_by("name"))
        self._choose("tag", Tag.objects.visible_to(user).order_by("name"))
        if may_take_others(user):
            self._choose("group", Group.objects.order_by("name"))
        else:
            for name in OF_OTHERS:
                del self.fields[name]
        if not may_review(user):
            del self.fields["knowledge"]
        for name in ("since", "until"):
            self.fields[name].widget = forms.DateInput({"type": "date"}, format="%Y-%m-%d")
        models = [(one.name, one.label) for one in offered.offered(limits_of(user.pk))]
        self.fields["model"].widget = forms.Select(choices=[("", _("any")), *models])

    def _choose(self, name: str, rows: Any) -> None:
        self.fields[name].queryset = rows  # type: ignore[attr-defined]  # of a field that has one

    def clean_query(self) -> str:
        text: str = self.cleaned_data["query"].strip()
        try:
            return Query.parse(text).text if text else ""
        except BadQuery as no:
            raise forms.ValidationError(str(no)) from no

    def clean_people(self) -> tuple[int, ...]:
        """Each by a name or an address that one person has."""
        names = {name.strip() for name in self.cleaned_data["people"].split(",")} - {""}
        if len(names) > MOST_PEOPLE:
            raise forms.ValidationError(_("At most %(n)d people."), params={"n": MOST_PEOPLE})
        found = []
        for name in sorted(names):
            people = User.objects.filter(Q(username__iexact=name) | Q(email__iexact=name))[:2]
            if len(people) != 1:
                raise forms.ValidationError(_("Nobody here is called %(name)s."), params={"name": name})
            found.append(people[0].pk)
        return tuple(sorted(found))

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        size = said.get("size") or USUAL_CHUNK
        if (said.get("overlap") or 0) > size // 2:
            self.add_error("overlap", _("At most half of a chunk: %(n)d.") % {"n": size // 2})
        if said.get("since") and said.get("until") and said["since"] > said["until"]:
            self.add_error("until", _("This is before the day since which they changed."))
        named = bool(said.get("people") or said.get("group"))
        of_others = named or bool(said.get("everyone"))
        if named and said.get("everyone"):
            self.add_error("everyone", _("All people, or some: leave one of them out."))
        if of_others and not said.get("reason", "").strip():
            self.add_error("reason", _("Say why: the audit log keeps it."))
        if of_others and (said.get("folder") or said.get("tag")):
            self.add_error("people", _("Folders and tags are your own: leave them out, or the people."))
        if said.get("knowledge") and (of_others or any(said.get(name) for name in ("folder", "tag", "query"))):
            self.add_error("knowledge", _("This is of everybody: leave out people, folders, tags and words."))
        return said

    def wish(self) -> Wish:
        """What was said, when it is valid."""
        said = self.cleaned_data
        size = said["size"] or USUAL_CHUNK
        options = Options(
            whole=said["whole"] or said["form"] == "jsonl",  # which is complete
            reasoning=said["reasoning"],
            cut=said["cut"] or CUTS[0],
            size=size,
            overlap=min(USUAL_OVERLAP, size // 2) if said["overlap"] is None else said["overlap"],
            model=said["model"],
            rating=int(said["rating"] or 0),
            reviewed=said["reviewed"] or said.get("knowledge", False),
            named=said.get("named", False),
            by_owner=bool(said.get("people") or said.get("group") or said.get("everyone")),
        )
        selection = Selection(
            folder=said["folder"].pk if said["folder"] else None,
            tag=said["tag"].pk if said["tag"] else None,
            since=said["since"].isoformat() if said["since"] else "",
            until=said["until"].isoformat() if said["until"] else "",
            query=said["query"],
            people=said.get("people") or (),
            groups=(said["group"].pk,) if said.get("group") else (),
            everyone=said.get("everyone", False),
            knowledge=said.get("knowledge", False),
        )
        return ExportJob(
            form=said["form"],
            options=options.chosen(),
            selection=selection.chosen(),
            reason=said.get("reason", "").strip(),
        )
