"""What a person says of a new API key, on the page and on the command line."""

from datetime import timedelta

from django import forms
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts import api_keys
from accounts.models import ApiKey, User
from conversations import offered
from limits.policies import limits_of

NEVER = ""
LASTS: list[tuple[str, str | Promise]] = [
    ("7", _("7 days")),
    ("30", _("30 days")),
    ("90", _("90 days")),
    ("365", pgettext_lazy("how long", "a year")),
    (NEVER, pgettext_lazy("how long", "for ever")),
]
USUAL = "90"
USUAL_SCOPES = [ApiKey.Scope.CHAT.value, ApiKey.Scope.MODELS.value]


class KeyForm(forms.Form):
    """A key's name and what it may. Of models it offers those that are served and that the person may use."""

    name = forms.CharField(
        label=_("Name"),
        max_length=api_keys.LONGEST_NAME,
        help_text=_("What it is for, so that you know which one to revoke."),
    )
    expires = forms.ChoiceField(label=_("Lasts"), choices=LASTS, required=False, initial=USUAL)
    scopes = forms.MultipleChoiceField(
        label=pgettext_lazy("of an API key", "May"),
        choices=ApiKey.Scope.choices,
        initial=USUAL_SCOPES,
        widget=forms.CheckboxSelectMultiple,
    )
    models = forms.MultipleChoiceField(
        label=_("Models"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: all that you may use."),
    )
    saves = forms.BooleanField(
        label=_("Keep the conversations made with it, among mine"),
        required=False,
    )

    def __init__(self, *args: object, user: User, **more: object) -> None:
        super().__init__(*args, **more)  # type: ignore[arg-type]  # as Django's forms take them
        self.user = user
        choices = [(one.name, one.label) for one in offered.offered(limits_of(user.pk))]
        self.fields["models"].choices = choices  # type: ignore[attr-defined]  # of a field that has some
        named = {"name": "%(value)s", "allowed": ", ".join(name for name, _label in choices) or "–"}
        self.fields["models"].error_messages["invalid_choice"] = offered.UNKNOWN % named
        self.fields["name"].widget.attrs |= {"dir": "auto", "autocomplete": "off"}

    @property
    def offers_models(self) -> bool:
        """Whether there is anything to choose."""
        return len(self.fields["models"].choices) > 1  # type: ignore[attr-defined]  # as above

    def create(self, *, by: User | None) -> tuple[ApiKey, str] | None:
        """The key and its secret. None: the errors say why there is none."""
        if not self.is_valid():
            return None
        said = self.cleaned_data
        days = said["expires"]
        try:
            return api_keys.create(
                self.user,
                said["name"],
                scopes=said["scopes"],
                models=said["models"],
                saves=said["saves"],
                expires_at=timezone.now() + timedelta(days=int(days)) if days else None,
                by=by,
            )
        except api_keys.KeyRefused as no:
            self.add_error(no.code if no.code in self.fields else None, str(no.detail))
            return None
