"""The exports app."""

from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.apps import AppConfig
from django.db import transaction
from django.db.models.signals import post_delete
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from exports.models import ExportJob, Import


class ExportsConfig(AppConfig):
    name = "exports"
    verbose_name = _("Exports")

    def ready(self) -> None:
        # Imported here: what is described needs the apps' tables.
        from conversations.api import described  # noqa: PLC0415
        from conversations.deletion import deleted  # noqa: PLC0415
        from exports.api.described import part  # noqa: PLC0415
        from exports.models import ExportJob, Import  # noqa: PLC0415

        described.add(part)
        deleted.connect(_withdraw, dispatch_uid="exports.withdraw")
        for rows in (ExportJob, Import):
            post_delete.connect(_remove, sender=rows, dispatch_uid=f"exports.remove.{rows.__name__}")


def _withdraw(conversations: list[UUID], **_more: Any) -> None:
    """What somebody deletes is in no file that can still be taken."""
    from exports.jobs.cleaning import withdraw  # noqa: PLC0415 - needs the apps' tables

    transaction.on_commit(partial(withdraw, conversations))


def _remove(instance: "ExportJob | Import", **_more: Any) -> None:
    """With a row its files go, also where it goes with its owner."""
    for path in instance.files:
        transaction.on_commit(partial(path.unlink, missing_ok=True))
