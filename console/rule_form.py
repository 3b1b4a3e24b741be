"""The form of a rule. A list too long for a form is imported and exported instead."""

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib.auth.models import Group
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.roles import role_groups
from moderation.models import Rule

if TYPE_CHECKING:  # generic for the type checker only
    _ModelForm = forms.ModelForm[Rule]
else:
    _ModelForm = forms.ModelForm

LONGEST = 200_000  # characters of a list in the form


class LongList(forms.Textarea):
    """Says that the list is too long to be shown."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        words = _("This list is too long to be changed here. Export it, and import it again.")
        return format_html('<p class="none">{}</p>', words)


class RuleForm(_ModelForm):
    """Whatever is wrong, nothing that was written is lost."""

    class Meta:
        model = Rule
        fields = (
            "name",
            "kind",
            "words",
            "pattern",
            "checksum",
            "exceptions",
            "scope",
            "action",
            "message",
            "groups",
            "enabled",
            "dry_run",
            "note",
        )
        widgets: ClassVar = {
            "words": forms.Textarea(attrs={"rows": 12, "spellcheck": "false", "class": "vLargeTextField code"}),
            "exceptions": forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "class": "vLargeTextField code"}),
            "pattern": forms.Textarea(attrs={"rows": 2, "spellcheck": "false", "class": "vLargeTextField code"}),
            "note": forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
            "groups": forms.CheckboxSelectMultiple(),
        }
        help_texts: ClassVar = {
            "words": gettext_lazy(
                "One a line; a line that begins with # is a comment. Found in any case and width, with accents or "
                "invisible characters, in traditional Chinese. Whole words only: *hat finds chat too, and hat* hats."
            ),
        }
        labels: ClassVar = {"enabled": gettext_lazy("Switched on"), "dry_run": gettext_lazy("Dry run")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "groups" in self.fields:  # none are, for who may only look
            self.fields["groups"].queryset = Group.objects.exclude(pk__in=role_groups())  # type: ignore[attr-defined]
        if self.instance.pk and "words" in self.fields and len(self.instance.words) > LONGEST:
            self.fields["words"].disabled = True
            self.fields["words"].widget = LongList()

    def clean_pattern(self) -> str:
        """A pattern is one line; what was pasted with a line break at its end is meant without."""
        return str(self.cleaned_data["pattern"]).strip("\r\n")
