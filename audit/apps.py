"""The audit app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    name = "audit"
    verbose_name = _("Audit")

    def ready(self) -> None:
        # Imported here: the guard needs the app's tables.
        from audit import guard  # noqa: PLC0415

        post_migrate.connect(guard.put_up, sender=self)
