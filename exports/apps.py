"""The exports app."""

from functools import partial
from typing import Any
from uuid import UUID

from django.apps import AppConfig
from django.db import transaction
from django.utils.translation import gettext_lazy as _


class ExportsConfig(AppConfig):
    name = "exports"
    verbose_name = _("Exports")

    def ready(self) -> None:
        # Imported here: what is described needs the apps' tables.
        from conversations.api import described  # noqa: PLC0415
        from conversations.deletion import deleted  # noqa: PLC0415
        from exports.api.described import part  # noqa: PLC0415

        described.add(part)
        deleted.connect(_withdraw, dispatch_uid="exports.withdraw")


def _withdraw(conversations: list[UUID], **_more: Any) -> None:
    """What somebody deletes is in no file that can still be taken."""
    from exports.jobs.cleaning import withdraw  # noqa: PLC0415 - needs the apps' tables

    transaction.on_commit(partial(withdraw, conversations))
