"""A file that a person brought, from the moment it is here until what was in it is imported."""

from pathlib import Path
from typing import Any, ClassVar, Self
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

from exports.imports import AUTO, LABELS
from exports.imports.reports import Report


class ImportQuerySet(models.QuerySet["Import"]):
    def visible_to(self, user: Any) -> Self:
        """A person sees their own, and nobody another's."""
        return self.filter(owner_id=user.pk) if user.is_authenticated else self.none()

    def open(self) -> Self:
        """Those whose file is still here."""
        return self.filter(state__in=OPEN)


class Import(models.Model):
    """One file. It is read twice: first ``dry``, so that its owner sees what would happen, then in earnest.

    Whoever reads it holds it by ``attempt`` and a lease. One whose lease lapsed is read again from its beginning: what
    was imported before is there already, and nothing is imported twice.
    """

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("state of an import", "waiting")
        RUNNING = "running", pgettext_lazy("state of an import", "being read")
        READY = "ready", pgettext_lazy("state of an import", "to be confirmed")
        DONE = "done", pgettext_lazy("state of an import", "done")
        FAILED = "failed", pgettext_lazy("state of an import", "failed")
        CANCELLED = "cancelled", pgettext_lazy("state of an import", "cancelled")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("owner"))
    name = models.CharField(_("file"), max_length=120)
    size = models.PositiveBigIntegerField(_("bytes"))
    source = models.CharField(
        _("source"), max_length=12, choices=[(AUTO, _("what it says itself")), *LABELS.items()], default=AUTO
    )
    dry = models.BooleanField(_("only looked at"), default=True)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.WAITING)
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=0)
    lease_until = models.DateTimeField(null=True, editable=False)
    cancel_requested = models.BooleanField(default=False, editable=False)
    told = models.JSONField(_("report"), null=True)
    created_at = models.DateTimeField(_("brought"), db_default=Now())
    finished_at = models.DateTimeField(_("finished"), null=True)

    objects = ImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering: ClassVar = ["-created_at", "-pk"]
        indexes: ClassVar = [models.Index(fields=["state", "created_at"], name="exports_import_by_state")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner"],
                condition=Q(state__in=("waiting", "running", "ready")),
                name="exports_one_import_of_a_person",
            )
        ]

    def __str__(self) -> str:
        return f"import {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("import", args=[self.pk])

    @property
    def path(self) -> Path:
        return folder() / f"{self.pk}.file"

    @property
    def files(self) -> tuple[Path]:
        return (self.path,)

    @property
    def is_busy(self) -> bool:
        return self.state in BUSY

    @property
    def outcome(self) -> str:
        """Where it stands, or what became of it, in a word."""
        if self.state != self.State.DONE or not self.dry:
            return self.get_state_display()
        is_refused = self.report is not None and self.report.problem
        return (
            pgettext("state of an import", "refused") if is_refused else pgettext("state of an import", "nothing new")
        )

    @property
    def report(self) -> Report | None:
        return Report.of(self.told) if self.told else None


BUSY = (Import.State.WAITING, Import.State.RUNNING)
OPEN = (*BUSY, Import.State.READY)


def folder() -> Path:
    """Where files wait: for this site's own processes alone."""
    path: Path = settings.DATA_DIR / "imports"
    path.mkdir(mode=0o700, exist_ok=True)
    return path
