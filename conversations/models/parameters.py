"""What a person may set for the model, and which one it is: the same columns for a conversation and for a preset."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Effort(models.TextChoices):
    """How long a model that reasons may think."""

    LOW = "low", pgettext_lazy("effort of a model", "low")
    MEDIUM = "medium", pgettext_lazy("effort of a model", "medium")
    HIGH = "high", pgettext_lazy("effort of a model", "high")


class Parameters(models.Model):
    """Instructions and how tokens are drawn; what is empty is the model's own."""

    instructions = models.TextField(
        _("instructions"), blank=True, default="", help_text=_("What the model is told before the first message.")
    )
    temperature = models.FloatField(_("temperature"), null=True, blank=True)
    top_p = models.FloatField(_("top p"), null=True, blank=True)
    max_tokens = models.PositiveIntegerField(_("tokens in a reply"), null=True, blank=True)
    effort = models.CharField(_("effort"), max_length=6, choices=Effort, blank=True, default="")

    model = models.CharField(
        _("model"), max_length=100, blank=True, default="", help_text=_("Name in the catalog; empty: the default.")
    )

    class Meta:
        abstract = True
