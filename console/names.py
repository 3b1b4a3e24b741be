"""Form fields in which people are named, not picked from a list of everyone, and yes or no may be left open."""

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User

if TYPE_CHECKING:  # generic for the type checker only
    _ModelChoiceField = forms.ModelChoiceField[User]
else:
    _ModelChoiceField = forms.ModelChoiceField


class PersonField(_ModelChoiceField):
    """A person by the name they sign in with, whatever its case."""

    default_error_messages: ClassVar = {"invalid_choice": _("There is nobody called “%(value)s”.")}

    def __init__(self, **more: Any) -> None:
        widget = forms.TextInput(attrs={"size": 30, "autocomplete": "off", "class": "vTextField"})
        super().__init__(**{"queryset": User.objects.all(), "widget": widget, "to_field_name": "username", **more})

    def prepare_value(self, value: Any) -> Any:
        """The name, also for the number that a row or a link has."""
        if isinstance(value, int) or (isinstance(value, str) and value.isdecimal()):
            value = User.objects.filter(pk=value).first() or value
        return super().prepare_value(value)

    def to_python(self, value: Any) -> User | None:
        name = str(value or "").strip()
        if not name:
            return None
        found = User.objects.filter(username__iexact=name).first()
        if found is None:
            raise forms.ValidationError(self.error_messages["invalid_choice"], "invalid_choice", {"value": name[:50]})
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        before = str(self.prepare_value(initial) or "")
        return before.lower() != str(data or "").strip().lower()


class InheritOrNot(forms.NullBooleanSelect):
    """Yes, no, or nothing said."""

    def __init__(self, attrs: Any = None) -> None:
        super().__init__(attrs)
        self.choices = [("unknown", _("inherit")), ("true", _("yes")), ("false", _("no"))]
