"""How long what is kept, who leaves, and the copies that people take of what is theirs."""

from pathlib import Path
from typing import Any, ClassVar, Self
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Rule(models.Model):
    """What of whom is deleted at which age. It deletes nothing until it is switched on (``is_on``).

    A person's own rule goes before those of their groups, these before the one for everyone; of several groups' the one
    that keeps longest. Empty ``days`` keep for ever.
    """

    class What(models.TextChoices):
        CHAT = "chat", _("conversations, since their last change")
        ARCHIVED = "archived", _("conversations in the archive")
        TRASH = "trash", _("conversations in the trash")
        SHARE = "share", _("shared snapshots")
        INCIDENT = "incident", _("incidents, since their decision")

    what = models.CharField(pgettext_lazy("of a retention rule", "what"), max_length=8, choices=What)
    group = models.ForeignKey(Group, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("group"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("person")
    )
    days = models.PositiveIntegerField(
        _("days"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("After so many they are deleted. Empty: never."),
    )
    note = models.CharField(_("note"), max_length=200, blank=True, help_text=_("What it is for."))
    is_on = models.BooleanField(_("is on"), default=False, editable=False)

    class Meta:
        verbose_name = _("retention rule")
        verbose_name_plural = _("retention rules")
        ordering: ClassVar = ["what", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(user=None) | Q(group=None), name="retention_rule_one_scope"),
            models.CheckConstraint(condition=Q(days=None) | Q(days__gte=1), name="retention_rule_some_days"),
            models.UniqueConstraint(fields=["what", "user"], name="retention_rule_of_a_person"),
            models.UniqueConstraint(fields=["what", "group"], name="retention_rule_of_a_group"),
            models.UniqueConstraint(
                fields=["what"], condition=Q(user=None, group=None), name="retention_rule_of_everyone"
            ),
        ]

    def __str__(self) -> str:
        return f"retention rule {self.pk}"

    def clean(self) -> None:
        if self.user_id and self.group_id:
            raise ValidationError(_("A rule is for a person, for a group, or, when both are empty, for everyone."))
        same = Rule.objects.filter(what=self.what, user=self.user_id, group=self.group_id).exclude(pk=self.pk)
        if same.exists():
            raise ValidationError(_("There is a rule for the same of the same people already. Change that one."))


class Leaving(models.Model):
    """A person asked for the deletion of their account. It is done after ``due_at`` unless they sign in before."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="leaving", verbose_name=_("person")
    )
    receipt = models.UUIDField(default=uuid4, editable=False)  # under which its page will say that it was done
    asked_at = models.DateTimeField(_("asked for"), db_default=Now())
    due_at = models.DateTimeField(_("to be done"), db_index=True)

    class Meta:
        verbose_name = _("account to be deleted")
        verbose_name_plural = _("accounts to be deleted")

    def __str__(self) -> str:
        return f"leaving {self.pk}"


class CopyQuerySet(models.QuerySet["DataCopy"]):
    def visible_to(self, user: Any) -> Self:
        """A person sees their own, and nobody another's."""
        return self.filter(owner_id=user.pk) if user.is_authenticated else self.none()


class DataCopy(models.Model):
    """All that a person has here, in one zip, from when it is asked for until it expires."""

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("state of a copy", "waiting")
        RUNNING = "running", pgettext_lazy("state of a copy", "being made")
        DONE = "done", pgettext_lazy("state of a copy", "ready")
        FAILED = "failed", pgettext_lazy("state of a copy", "failed")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("owner"))
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    asked_at = models.DateTimeField(_("asked for"), db_default=Now())
    started_at = models.DateTimeField(_("started"), null=True)
    expires_at = models.DateTimeField(_("expires"), null=True, db_index=True)
    size = models.PositiveBigIntegerField(_("bytes"), default=0)

    objects = CopyQuerySet.as_manager()

    class Meta:
        verbose_name = _("copy of a person's data")
        verbose_name_plural = _("copies of people's data")
        ordering: ClassVar = ["-asked_at", "-pk"]

    def __str__(self) -> str:
        return f"copy {self.pk}"

    @property
    def path(self) -> Path:
        return settings.DATA_DIR / "copies" / f"{self.pk}.zip"

    def remove_files(self) -> None:
        """The zip, and what a maker that was killed left of it."""
        for path in self.path.parent.glob(f"{self.pk}.*"):
            path.unlink(missing_ok=True)
