"""What administrators announce to everyone at the top of the chat page."""

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Banner(models.Model):
    """An announcement, shown from ``starts`` until ``ends``."""

    class Level(models.TextChoices):
        INFO = "info", _("information")
        WARNING = "warning", _("warning")

    class Audience(models.TextChoices):
        EVERYONE = "everyone", _("everyone")
        STAFF = "staff", _("administrators only")

    text = models.CharField(
        _("text"), max_length=500, help_text=_("Plain text; addresses such as https://example.org become links.")
    )
    level = models.CharField(_("kind"), max_length=8, choices=Level, default=Level.INFO)
    audience = models.CharField(_("audience"), max_length=8, choices=Audience, default=Audience.EVERYONE)
    starts = models.DateTimeField(_("from"), default=timezone.now, help_text=_("UTC."))
    ends = models.DateTimeField(_("until"), null=True, blank=True, help_text=_("UTC. Empty: until it is deleted."))
    dismissible = models.BooleanField(
        _("can be put away"),
        default=True,
        help_text=_("Each person may hide it, in each browser, until it is changed."),
    )
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("banner")
        verbose_name_plural = _("banners")
        ordering: ClassVar = ["-starts"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends=None) | Q(ends__gt=F("starts")), name="console_banner_ends_later")
        ]

    def __str__(self) -> str:
        return self.text if len(self.text) <= 60 else f"{self.text[:59]}…"

    def clean(self) -> None:
        if self.ends and self.starts and self.ends <= self.starts:
            raise ValidationError({"ends": _("It must end after it starts.")})

    def is_shown_to(self, user: Any) -> bool:
        """Whether this person sees it now."""
        now = timezone.now()
        in_time = self.starts <= now and (self.ends is None or now < self.ends)
        return in_time and (self.audience == self.Audience.EVERYONE or user.is_staff)

    @property
    def revision(self) -> str:
        """Its name for browsers, which changes with its words: who put the old ones away has not seen the new."""
        return f"{self.pk}-{self.changed_at:%Y%m%d%H%M%S%f}"
