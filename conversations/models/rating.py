"""What a person thinks of a reply."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from conversations.models.message import Message


class Fault(models.TextChoices):
    """Why a reply was bad."""

    WRONG = "wrong", pgettext_lazy("what is bad about a reply", "wrong")
    INCOMPLETE = "incomplete", pgettext_lazy("what is bad about a reply", "incomplete")
    IGNORED = "ignored", _("did not do what was asked")
    LONG = "long", pgettext_lazy("what is bad about a reply", "too long")
    UNSAFE = "unsafe", pgettext_lazy("what is bad about a reply", "unsafe")
    OTHER = "other", _("something else")


class Rating(models.Model):
    """The owner's rating of one reply: good (1) or bad (-1), with reasons."""

    reply = models.OneToOneField(Message, models.CASCADE, related_name="rating", verbose_name=_("reply"))
    value = models.SmallIntegerField(_("value"))
    reasons = models.JSONField(_("reasons"), default=list)
    note = models.TextField(_("note"), blank=True, default="")
    at = models.DateTimeField(_("when"), db_default=Now())

    class Meta:
        verbose_name = _("rating")
        verbose_name_plural = _("ratings")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(value__in=(1, -1)), name="conversations_rating_good_or_bad")
        ]

    def __str__(self) -> str:
        return f"rating {self.pk}"
