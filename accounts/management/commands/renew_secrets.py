"""``manage.py renew_secrets``: after the secret key changed, close with the new one what the old ones had closed."""

from typing import Any

from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.core.management.base import BaseCommand
from django.db import transaction

from accounts.mfa_adapter import renewed


class Command(BaseCommand):
    help = "Encrypt the secrets of second factors with the present secret key; older keys may go then."

    def handle(self, *args: Any, **options: Any) -> None:
        people: dict[bool, set[str]] = {True: set(), False: set()}
        with transaction.atomic():
            rows = Authenticator.objects.select_for_update(of=("self",)).select_related("user")
            for row in rows.exclude(type=Authenticator.Type.WEBAUTHN):
                people[_renew(row)].add(str(row.user))
        self.stdout.write(f"People whose second factors are now encrypted with the present key: {len(people[True])}.")
        if people[False]:
            names = ", ".join(sorted(people[False]))
            self.stderr.write(
                f"No key opens those of {names}. Put the key they were closed with into CHATSITE_SECRET_KEY_FALLBACKS "
                "and run this again, or remove their second factors on their pages in the console."
            )


def _renew(row: Authenticator) -> bool:
    """Whether a key opened it."""
    try:
        row.data = renewed(row.data)
    except InvalidToken:
        return False
    row.save(update_fields=["data"])
    return True
