"""A conversation as it was at some moment, for others to read."""

import secrets
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from conversations.models.conversation import Conversation

TOKEN_BYTES = 16


def new_token() -> str:
    """What its address cannot be guessed from."""
    return secrets.token_urlsafe(TOKEN_BYTES)


class Share(models.Model):
    """A snapshot: later messages, edits and deletions do not change what it shows."""

    class Audience(models.TextChoices):
        TEAM = "team", _("everyone who signs in")
        PEOPLE = "people", _("chosen people")

    token = models.CharField(max_length=32, unique=True, default=new_token, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="shares", verbose_name=_("owner"))
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="shares")
    title = models.CharField(_("title"), max_length=200)
    messages = models.JSONField(help_text=_("Role, text, model and time of each message, oldest first."))
    audience = models.CharField(_("for whom"), max_length=6, choices=Audience, default=Audience.TEAM)
    people = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", blank=True, verbose_name=_("people"))
    created_at = models.DateTimeField(_("created"), db_default=Now())
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        verbose_name = _("shared conversation")
        verbose_name_plural = _("shared conversations")
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return f"share {self.pk}"
