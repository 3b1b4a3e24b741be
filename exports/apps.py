"""The exports app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ExportsConfig(AppConfig):
    name = "exports"
    verbose_name = _("Exports")

    def ready(self) -> None:
        # Imported here: what is described needs the apps' tables.
        from conversations.api import described  # noqa: PLC0415
        from exports.api.described import part  # noqa: PLC0415

        described.add(part)
