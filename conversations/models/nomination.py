"""Replies that people find good for the knowledge base, and what reviewers made of them."""

from typing import ClassVar, Self

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from conversations.models.message import Message


class Judgement(models.TextChoices):
    """Where a nomination stands."""

    NOMINATED = "nominated", pgettext_lazy("state of a nomination", "waits for review")
    APPROVED = "approved", pgettext_lazy("state of a nomination", "approved")
    DECLINED = "declined", pgettext_lazy("state of a nomination", "declined")


_TOLD = {
    Judgement.NOMINATED: _("Marked for the knowledge base: waits for review"),
    Judgement.APPROVED: _("In the knowledge base"),
    Judgement.DECLINED: _("Not taken into the knowledge base"),
}


class NominationQuerySet(models.QuerySet["Nomination"]):
    """The nominations a question is about."""

    def shown(self) -> Self:
        """What is in the trash, or is kept for a legal hold alone, is no reviewer's to see."""
        return self.filter(reply__conversation__trashed_at=None, reply__conversation__gone_at=None)

    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """A person's own."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(reply__conversation__owner_id=user.pk)


class Nomination(models.Model):
    """One reply, marked by its owner. It goes with the reply, and when the owner takes the mark back.

    ``version`` rises with each change; who decides says which one they saw, so nobody overwrites what they did not.
    """

    reply = models.OneToOneField(Message, models.CASCADE, related_name="nomination", verbose_name=_("reply"))
    at = models.DateTimeField(_("marked"), db_default=Now())
    state = models.CharField(_("state"), max_length=9, choices=Judgement, default=Judgement.NOMINATED)
    reason = models.CharField(_("reason"), max_length=500, blank=True, help_text=_("Why it was declined."))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"), null=True)
    version = models.PositiveIntegerField(_("version"), default=0)

    objects = NominationQuerySet.as_manager()

    class Meta:
        verbose_name = _("nomination")
        verbose_name_plural = _("nominations")
        ordering: ClassVar = ["-at", "-pk"]
        default_permissions = ()
        permissions: ClassVar = [("review_nomination", "Can review what is nominated for the knowledge base")]
        indexes: ClassVar = [models.Index(fields=["state", "-at", "-id"], name="conversations_nominated")]

    def __str__(self) -> str:
        return f"nomination {self.pk}"

    @property
    def told(self) -> str:
        """How it stands, for who marked it."""
        return str(_TOLD[Judgement(self.state)])


class Edit(models.Model):
    """The text of a nominated reply as a reviewer left it. The newest counts; none is ever changed."""

    nomination = models.ForeignKey(Nomination, models.CASCADE, related_name="edits", verbose_name=_("nomination"))
    number = models.PositiveIntegerField(_("number"))
    text = models.TextField(_("text"))
    at = models.DateTimeField(_("when"), db_default=Now())
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by"))

    class Meta:
        verbose_name = _("edit")
        verbose_name_plural = _("edits")
        ordering: ClassVar = ["number"]
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["nomination", "number"], name="conversations_edit_numbered")
        ]

    def __str__(self) -> str:
        return f"edit {self.number} of {self.nomination_id}"
