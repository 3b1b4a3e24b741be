"""A conversation as it was at some moment, for others to read."""

import secrets
from typing import ClassVar, Self

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from conversations.models.conversation import Conversation

TOKEN_BYTES = 16


def new_token() -> str:
    """What its address cannot be guessed from."""
    return secrets.token_urlsafe(TOKEN_BYTES)


class ShareQuerySet(models.QuerySet["Share"]):
    """``visible_to`` is whose they are, ``readable_by`` whom they are for: both are asked for what is not there."""

    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        if not user.is_authenticated:
            return self.none()
        return self.filter(owner_id=user.pk, conversation__gone_at=None)

    def open(self) -> Self:
        """Those that may be read now, as long as their owners may share."""
        lasting = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
        here = {"conversation__trashed_at": None, "conversation__gone_at": None}
        return self.filter(lasting, revoked_at=None, owner__is_active=True, **here)

    def meant_for(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Those of others for all of the team, and those for this person."""
        if not user.is_authenticated:
            return self.none()
        chosen = self.model.people.through.objects.filter(user_id=user.pk).values("share_id")
        return self.filter(Q(audience=self.model.Audience.TEAM) | Q(pk__in=chosen)).exclude(owner_id=user.pk)

    def readable_by(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Those that are open and meant for this person, or their own."""
        return self.open().filter(Q(pk__in=self.meant_for(user).values("pk")) | Q(owner_id=user.pk))


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

    objects = ShareQuerySet.as_manager()

    class Meta:
        verbose_name = _("shared conversation")
        verbose_name_plural = _("shared conversations")
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return f"share {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("shared", args=[self.token])

    @property
    def is_over(self) -> bool:
        """Revoked or expired: nobody will read it again."""
        return self.revoked_at is not None or (self.expires_at is not None and self.expires_at <= timezone.now())
