"""The retention app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RetentionConfig(AppConfig):
    name = "retention"
    verbose_name = _("Retention")

    def ready(self) -> None:
        # Imported here: it needs the app's tables.
        from retention import leaving  # noqa: PLC0415

        leaving.connect()
