"""What people keep to use again: texts for the composer, and instructions with parameters for a conversation."""

from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from conversations.models.parameters import Parameters


class KeptQuerySet(models.QuerySet[Any]):
    """A person sees their own and the team's; each is changed by who made it (``owned_by``)."""

    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        if not user.is_authenticated:
            return self.none()
        return self.filter(Q(owner_id=user.pk) | Q(is_team=True))

    def owned_by(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        return self.visible_to(user).filter(owner_id=user.pk)


def team_stays(collector: Any, field: Any, rows: Any, using: str) -> None:
    """Whoever leaves takes their own along; what they made for the team stays, and is nobody's."""
    models.CASCADE(collector, field, rows.filter(is_team=False), using)
    models.SET_NULL(collector, field, rows.filter(is_team=True), using)


class Kept(models.Model):
    """What both have in common."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, team_stays, null=True, related_name="+", verbose_name=_("owner")
    )
    is_team = models.BooleanField(_("for the team"), default=False)
    name = models.CharField(_("name"), max_length=60)
    created_at = models.DateTimeField(_("created"), db_default=Now())
    updated_at = models.DateTimeField(_("changed"), db_default=Now())

    objects = KeptQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self._meta.model_name} {self.pk}"


class SavedPrompt(Kept):
    """A text for the composer. ``{{topic}}`` and ``{{tone:formal|friendly}}`` in it are asked for when it is used."""

    text = models.TextField(_("text"))

    class Meta:
        verbose_name = _("saved prompt")
        verbose_name_plural = _("saved prompts")
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint("owner", Lower("name"), name="conversations_prompt_name"),
            models.UniqueConstraint(Lower("name"), condition=Q(is_team=True), name="conversations_prompt_team_name"),
        ]


class Preset(Kept, Parameters):
    """Instructions and parameters under a name."""

    class Meta:
        verbose_name = _("preset")
        verbose_name_plural = _("presets")
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint("owner", Lower("name"), name="conversations_preset_name"),
            models.UniqueConstraint(Lower("name"), condition=Q(is_team=True), name="conversations_preset_team_name"),
        ]
