"""The conversations app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConversationsConfig(AppConfig):
    name = "conversations"
    verbose_name = _("Conversations")

    def ready(self) -> None:
        # Imported here: it needs the apps' tables.
        from conversations import ended  # noqa: PLC0415

        ended.connect()
