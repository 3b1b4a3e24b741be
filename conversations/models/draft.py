"""What a person has typed and not sent yet."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from conversations.models.conversation import Conversation


class Draft(models.Model):
    """The text in the composer of one conversation (None: of a new one), and messages that wait for the reply to end.

    ``revision`` rises with each change, so that a device that knows an older one does not overwrite a newer one.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="drafts", verbose_name=_("owner"))
    conversation = models.ForeignKey(Conversation, models.CASCADE, null=True, related_name="drafts")
    text = models.TextField(blank=True, default="")
    waiting = models.JSONField(default=list, help_text=_("Messages to be sent when the reply has ended, in order."))
    revision = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField(_("changed"), db_default=Now())

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "conversation"], name="conversations_draft_of_a_conversation"),
            models.UniqueConstraint(
                fields=["owner"], condition=Q(conversation=None), name="conversations_draft_of_a_new_one"
            ),
        ]

    def __str__(self) -> str:
        return f"draft {self.pk}"
