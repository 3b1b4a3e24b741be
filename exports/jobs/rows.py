"""Exports that are made in the background, and what makes them again and again."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, Self
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from exports import forms
from exports.jobs import problems

LONGEST_REASON = 300


class OwnedQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """A person sees their own, and nobody another's."""
        return self.filter(owner_id=user.pk) if user.is_authenticated else self.none()


class Wish(models.Model):
    """What is to leave, and how: the same for an export and for a schedule."""

    form = models.CharField(_("form"), max_length=20)
    options = models.JSONField(_("options"), default=dict)
    selection = models.JSONField(_("selection"), default=dict)
    reason = models.CharField(
        _("reason"), max_length=LONGEST_REASON, blank=True, help_text=_("Of whoever takes what others wrote.")
    )

    class Meta:
        abstract = True

    @property
    def label(self) -> str:
        """Its form, in the active language, without what the form's label says after a colon."""
        return re.split("[:：]", str(dict(forms.LABELS).get(self.form, self.form)))[0]


class Schedule(Wish):
    """An export that is made each day or each week, and what changed since the last one, or all of it, is in it."""

    class Every(models.TextChoices):
        DAY = "day", pgettext_lazy("how often", "each day")
        WEEK = "week", pgettext_lazy("how often", "each week")

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("owner"))
    every = models.CharField(_("how often"), max_length=4, choices=Every)
    only_changes = models.BooleanField(_("only what changed"), default=True)
    delivers = models.BooleanField(_("is put where the site keeps exports"), default=False)
    next_at = models.DateTimeField(_("next"), default=timezone.now, db_index=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("scheduled export")
        verbose_name_plural = _("scheduled exports")
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return f"schedule {self.pk}"

    @property
    def period(self) -> timedelta:
        return timedelta(days=7 if self.every == self.Every.WEEK else 1)


class ExportJob(Wish):
    """One export, from when it is asked for until what was made is deleted.

    Whoever makes it holds it by ``attempt`` and a lease: one whose lease lapsed is taken up by another, from its
    beginning, and an older attempt changes nothing any more.
    """

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("state of an export", "waiting")
        RUNNING = "running", pgettext_lazy("state of an export", "being made")
        DONE = "done", pgettext_lazy("state of an export", "ready")
        FAILED = "failed", pgettext_lazy("state of an export", "failed")
        CANCELLED = "cancelled", pgettext_lazy("state of an export", "cancelled")
        EXPIRED = "expired", pgettext_lazy("state of an export", "expired")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("owner"))
    schedule = models.ForeignKey(Schedule, models.SET_NULL, null=True, related_name="jobs", verbose_name=_("schedule"))
    since = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("since"),
        help_text=_("Only what changed since this export was made."),
    )
    is_update = models.BooleanField(default=False, editable=False)  # it names, or named, one in ``since``
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.WAITING)
    problem = models.CharField(_("problem"), max_length=32, blank=True)
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=0)
    lease_until = models.DateTimeField(null=True, editable=False)
    cancel_requested = models.BooleanField(default=False, editable=False)
    total = models.PositiveIntegerField(_("conversations"), null=True, help_text=_("That were found as it began."))
    done = models.PositiveIntegerField(_("read"), default=0)
    conversations = models.PositiveIntegerField(_("conversations in it"), default=0)
    messages = models.PositiveIntegerField(_("messages in it"), default=0)
    is_delivered = models.BooleanField(default=False, editable=False)
    size = models.PositiveBigIntegerField(_("bytes"), default=0)
    root = models.CharField(_("Merkle root"), max_length=64, blank=True)
    created_at = models.DateTimeField(_("asked for"), db_default=Now())
    started_at = models.DateTimeField(_("started"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    expires_at = models.DateTimeField(_("expires"), null=True, help_text=_("Then what was made is deleted."))

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        ordering: ClassVar = ["-created_at", "-pk"]
        indexes: ClassVar = [
            models.Index(fields=["owner", "-created_at"], name="exports_of_owner"),
            models.Index(fields=["state", "created_at"], name="exports_by_state"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner"], condition=Q(state="running"), name="exports_one_at_a_time")
        ]

    def __str__(self) -> str:
        return f"export {self.pk}"

    @property
    def result(self) -> Path:
        """The zip, once it is done: each attempt has its own, so that an older one cannot write over it."""
        return folder() / f"{self.pk}-{self.attempt}.zip"

    @property
    def known(self) -> Path:
        """What was in it, for the next one that is to have only what changed."""
        return folder() / f"{self.pk}-{self.attempt}.known"

    @property
    def files(self) -> tuple[Path, Path]:
        return self.result, self.known

    @property
    def is_open(self) -> bool:
        return self.state in {self.State.WAITING, self.State.RUNNING}

    @property
    def can_follow(self) -> bool:
        """Whether another may have what changed since."""
        return self.state in {self.State.DONE, self.State.EXPIRED}

    @property
    def trouble(self) -> str:
        """A sentence for its owner; empty when all is well."""
        return problems.sentence(self.problem)

    @property
    def percent(self) -> int:
        return min(99, 100 * self.done // self.total) if self.total else 0

    @property
    def file_name(self) -> str:
        return f"chatsite-{self.form}-{self.created_at:%Y-%m-%d}-{str(self.pk)[:8]}.zip"


def folder() -> Path:
    """Where exports lie: for this site's own processes alone."""
    path: Path = settings.DATA_DIR / "exports"
    path.mkdir(mode=0o700, exist_ok=True)
    return path
