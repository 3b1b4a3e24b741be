"""``manage.py first_admin``: the first administrator, where the site's processes are started one by one."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from accounts.first_admin import create_first_admin


class Command(BaseCommand):
    help = "Creates the administrator of CHATSITE_ADMIN_EMAIL and CHATSITE_ADMIN_PASSWORD if nobody has an account yet."

    def handle(self, *args: Any, **options: Any) -> None:
        admin = create_first_admin(settings.FIRST_ADMIN_EMAIL, settings.FIRST_ADMIN_PASSWORD)
        if admin is None:
            self.stdout.write("There are accounts already; nothing was changed.")
            return
        self.stdout.write(f"Created the administrator {admin.name} ({admin.email}).")
        if admin.password:
            self.stdout.write(f"Password, shown only now: {admin.password}")
