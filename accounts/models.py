"""People who sign in, and the keys with which their programs do."""

from functools import partial
from typing import Any, ClassVar, Self

from django.contrib.auth.models import AbstractUser, Group
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.dispatch import Signal
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

# Some of a person's sessions ended: ``user_id``, and ``stops`` when nothing of theirs may go on.
sessions_ended = Signal()


class User(AbstractUser):
    """A person. Signs in by e-mail or name; both are unique whatever their case."""

    email = models.EmailField(_("e-mail address"))
    served_at = models.DateTimeField(
        null=True, editable=False, help_text=_("When a worker last took a reply of this person: the others are next.")
    )
    appearance = models.JSONField(_("appearance"), default=dict, blank=True, editable=False)  # accounts.appearance
    session_generation = models.PositiveIntegerField(
        default=0, editable=False, help_text=_("One more, and all sessions of before are over.")
    )

    class Meta(AbstractUser.Meta):
        verbose_name = _("person")  # type: ignore[assignment]  # Django's own is lazy, too
        verbose_name_plural = pgettext_lazy("those who have an account", "people")  # type: ignore[assignment]
        constraints: ClassVar = [
            models.UniqueConstraint(Lower("email"), name="accounts_user_email_unique"),
            models.UniqueConstraint(Lower("username"), name="accounts_user_name_unique"),
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """As Django's. With another password, or switched off, its sessions are over: what hangs on them hears so."""
        new_password = getattr(self, "_password", None) is not None
        ends = not self._state.adding and (new_password or not self.is_active)
        super().save(*args, **kwargs)
        if ends:
            tell = partial(sessions_ended.send_robust, sender=User, user_id=self.pk, stops=not self.is_active)
            transaction.on_commit(tell)

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What each session keeps and is compared with, here with the generation in it."""
        of_password: str = super()._get_session_auth_hash(secret)  # type: ignore[misc]
        if not self.session_generation:
            return of_password
        value = f"{of_password} {self.session_generation}"
        return salted_hmac("accounts.session_generation", value, secret=secret, algorithm="sha256").hexdigest()


class RequiredSecondFactor(models.Model):
    """A group whose members must have a second factor."""

    group = models.OneToOneField(Group, models.CASCADE, related_name="required_second_factor")

    class Meta:
        verbose_name = _("required second factor")
        verbose_name_plural = _("required second factors")

    def __str__(self) -> str:
        return str(self.group)


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self) -> Self:
        """Those that still make an account."""
        return self.filter(accepted_at=None, revoked_at=None, expires_at__gt=Now())


class Invitation(models.Model):
    """Lets one person make an account of their own. The secret of its link is kept nowhere."""

    email = models.EmailField(_("e-mail address"), blank=True, help_text=_("Empty: whoever has the link."))
    group = models.ForeignKey(Group, models.SET_NULL, null=True, blank=True, verbose_name=_("group"))
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires at"))
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", verbose_name=_("by"))
    accepted_at = models.DateTimeField(_("accepted at"), null=True)
    accepted_by = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="invitations", verbose_name=_("accepted by")
    )
    revoked_at = models.DateTimeField(_("revoked at"), null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return self.email or f"#{self.pk}"

    @property
    def is_over(self) -> bool:
        return bool(self.accepted_at or self.revoked_at) or self.expires_at <= timezone.now()


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
        IMPORTS = "imports", pgettext_lazy("scope of an API key", "import conversations")

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
