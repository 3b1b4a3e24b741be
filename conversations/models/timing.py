"""How long a reply took as its reader's browser saw it."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from conversations.models.message import Message


class Timing(models.Model):
    """Milliseconds from the press of the button, measured by the page's own clock."""

    reply = models.OneToOneField(Message, models.CASCADE, related_name="timing", verbose_name=_("reply"))
    first_ms = models.PositiveIntegerField(_("first text after (ms)"))
    complete_ms = models.PositiveIntegerField(_("complete after (ms)"))
    at = models.DateTimeField(_("when"), db_default=Now(), db_index=True)

    class Meta:
        verbose_name = _("timing")
        verbose_name_plural = _("timings")
        ordering: ClassVar = ["-at"]

    def __str__(self) -> str:
        return f"timing {self.pk}"
