"""The console app, and Django's admin with the console's site in it."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class ConsoleConfig(AppConfig):
    name = "console"
    verbose_name = _("Console")

    def ready(self) -> None:
        # Imported here: they need the apps' tables.
        from console import permission_names, roles  # noqa: PLC0415

        post_migrate.connect(roles.make_groups, sender=self)
        post_migrate.connect(permission_names.rename, sender=self)


class ConsoleAdminConfig(AdminConfig):
    default_site = "console.site.ConsoleSite"
