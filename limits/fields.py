"""The two kinds of column a policy is made of. Each tells three things apart: nothing said, a value, and no limit.

Nothing said is NULL, in a form the empty field: the value is inherited. No limit is a value of its own, so that a
person's row can lift what a group's row sets: for numbers ``UNLIMITED``, the greatest there is (the more generous of
two is then simply the greater), for models ``[ALL]``. In a form people write and read the words "unlimited", "all" and
"none"; these forms come with the columns, in the console as elsewhere.
"""

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:  # generic for the type checker only
    _Integer = models.PositiveBigIntegerField[Any, Any]
else:
    _Integer = models.PositiveBigIntegerField

UNLIMITED = 2**63 - 1
MOST = 10**15  # of a number that is a limit; sums of these fit a column
ALL = "*"

UNLIMITED_WORDS = frozenset({"unlimited", "no limit", "∞", "不限"})
ALL_WORDS = frozenset({"all", "*", "全部"})
NONE_WORDS = frozenset({"none", "-", "无"})


class LimitFormField(forms.CharField):
    """A whole number, or where that is allowed "unlimited"."""

    def __init__(self, *, may_be_unlimited: bool = True, **more: Any) -> None:
        super().__init__(**more)
        self.may_be_unlimited = may_be_unlimited

    def prepare_value(self, value: Any) -> Any:
        return str(_("unlimited")) if value == UNLIMITED else value

    def to_python(self, value: Any) -> Any:
        text = str(super().to_python(value)).strip().lower()
        if text in self.empty_values:
            return None
        if self.may_be_unlimited and (text in UNLIMITED_WORDS or text == str(_("unlimited"))):
            return UNLIMITED
        try:
            return int(text.replace(",", "").replace(" ", "").replace("_", ""))
        except ValueError:
            allowed = _("a whole number or “unlimited”") if self.may_be_unlimited else _("a whole number")
            message = _("“%(value)s” is not allowed here: give %(allowed)s, or nothing to inherit.")
            raise ValidationError(message, "invalid", {"value": text[:50], "allowed": allowed}) from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(data) != initial)
        except ValidationError:
            return True


class LimitField(_Integer):
    """A limit: NULL is inherited, ``UNLIMITED`` is none, anything else is at least ``least``."""

    def __init__(self, *args: Any, least: int = 0, may_be_unlimited: bool = True, **more: Any) -> None:
        self.least, self.may_be_unlimited = least, may_be_unlimited
        super().__init__(*args, **{"null": True, "blank": True, **more})

    def deconstruct(self) -> Any:
        name, path, args, more = super().deconstruct()
        return name, path, args, {**more, "least": self.least, "may_be_unlimited": self.may_be_unlimited}

    def run_validators(self, value: Any) -> None:
        if value in self.empty_values or (value == UNLIMITED and self.may_be_unlimited):
            return
        words = {"value": value, "least": self.least, "most": MOST}
        message = _("%(value)s is not allowed here: %(least)s is the least, %(most)s the most.") % words
        for validator in (MinValueValidator(self.least, message), MaxValueValidator(MOST, message)):
            validator(value)

    def formfield(self, *args: Any, **more: Any) -> Any:
        more |= {"form_class": LimitFormField, "widget": forms.TextInput(attrs={"inputmode": "numeric", "size": 12})}
        more.pop("min_value", None)
        return models.Field.formfield(self, **more, may_be_unlimited=self.may_be_unlimited)


class NamesFormField(forms.CharField):
    """Names with commas or spaces between them, or "all", or "none"."""

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, list):
            return str(_("all")) if ALL in value else ", ".join(value) or str(_("none"))
        return value

    def to_python(self, value: Any) -> Any:
        names = str(super().to_python(value)).replace(",", " ").split()
        if not names:
            return None
        only = names[0].lower() if len(names) == 1 else ""
        if only in ALL_WORDS or only == str(_("all")):
            return [ALL]
        if only in NONE_WORDS or only == str(_("none")):
            return []
        return sorted(set(names))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(data) != initial)


class NamesField(models.JSONField):
    """A list of names: NULL is inherited, ``[ALL]`` is every one, ``[]`` is none."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **{"null": True, "blank": True, **more})

    def validate(self, value: Any, model_instance: models.Model | None) -> None:
        super().validate(value, model_instance)
        if not isinstance(value, list) or not all(isinstance(name, str) and name for name in value):
            raise ValidationError(_("“%(value)s” is not a list of names."), "invalid", {"value": str(value)[:50]})

    def formfield(self, *args: Any, **more: Any) -> Any:
        more |= {"form_class": NamesFormField, "widget": forms.TextInput(attrs={"size": 60})}
        return models.Field.formfield(self, **more)
