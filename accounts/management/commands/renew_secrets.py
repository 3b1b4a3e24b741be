"""``manage.py renew_secrets``: after the secret key changed, close with the new one what the old ones had closed."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand
from django.db import transaction

from accounts.mfa_adapter import renewed


class Command(BaseCommand):
    help = "Encrypt the secrets of second factors with the present secret key; older keys may go then."

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            rows = list(Authenticator.objects.select_for_update().exclude(type=Authenticator.Type.WEBAUTHN))
            for row in rows:
                row.data = renewed(row.data)
                row.save(update_fields=["data"])
        self.stdout.write(f"{len(rows)} second factors are encrypted with the present key.")
