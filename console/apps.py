"""The console app, and Django's admin with the console's site in it."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _


class ConsoleConfig(AppConfig):
    name = "console"
    verbose_name = _("Console")


class ConsoleAdminConfig(AdminConfig):
    default_site = "console.site.ConsoleSite"
