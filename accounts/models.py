"""People who sign in, and the keys with which their programs do."""

from typing import Any, ClassVar, Self

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class User(AbstractUser):
    """A person. Signs in by e-mail or name; both are unique whatever their case."""

    email = models.EmailField(_("e-mail address"))
    served_at = models.DateTimeField(
        null=True, editable=False, help_text=_("When a worker last took a reply of this person: the others are next.")
    )
    appearance = models.JSONField(_("appearance"), default=dict, blank=True, editable=False)  # accounts.appearance

    class Meta(AbstractUser.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(Lower("email"), name="accounts_user_email_unique"),
            models.UniqueConstraint(Lower("username"), name="accounts_user_name_unique"),
        ]


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def visible_to(self, user: Any) -> Self:
        """A person sees their own."""
        return self.filter(user=user)

    def active(self) -> Self:
        """Those that nobody revoked and whose time is not over."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=Now()), revoked_at=None)


class ApiKey(models.Model):
    """What a program signs in with, in a person's name. The secret itself is kept nowhere."""

    class Scope(models.TextChoices):
        CHAT = "chat", pgettext_lazy("scope of an API key", "complete chats")
        MODELS = "models", pgettext_lazy("scope of an API key", "list models")
        EXPORTS = "exports", pgettext_lazy("scope of an API key", "export conversations")

    user = models.ForeignKey(User, models.CASCADE, related_name="api_keys", verbose_name=_("person"))
    name = models.CharField(_("name"), max_length=100)
    prefix = models.CharField(_("begins with"), max_length=8, help_text=_("By which its owner recognises it."))
    digest = models.CharField(max_length=64, unique=True, editable=False, help_text=_("SHA-256 of the secret."))
    scopes = models.JSONField(pgettext_lazy("of an API key", "may"), default=list)
    saves = models.BooleanField(_("conversations are kept"), default=False)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires at"), null=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True)
    last_used_at = models.DateTimeField(_("last used at"), null=True)
    models = models.JSONField(_("models"), default=list, help_text=_("Empty: all that the policy allows."))

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return f"{self.prefix}…"

    @property
    def is_over(self) -> bool:
        return self.revoked_at is not None or (self.expires_at is not None and self.expires_at <= timezone.now())

    @property
    def scope_words(self) -> str:
        """What it may, in words."""
        return ", ".join(str(self.Scope(one).label) for one in self.scopes)

    def allows(self, scope: str) -> bool:
        return scope in self.scopes

    def allows_model(self, name: str) -> bool:
        """As far as the key goes; the policy of its person may say no."""
        return not self.models or name in self.models
