"""What django-allauth asks about second factors here."""

import base64
import hashlib
import logging
from functools import cache

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import generate_totp_secret
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.translation import gettext as _

from accounts import second_factor

log = logging.getLogger(__name__)


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # the library has no types
    """Secrets are encrypted in the database; the last factor of whoever must have one stays."""

    def encrypt(self, text: str) -> str:
        return box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Of what no key opens, a secret that nobody has: no code is right, and an administrator helps."""
        try:
            return box().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            _warn()
            return str(generate_totp_secret())

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        factors = Authenticator.objects.filter(user=authenticator.user, type__in=second_factor.FACTORS)
        return factors.exclude(pk=authenticator.pk).exists() or not second_factor.must(authenticator.user)

    def get_totp_issuer(self) -> str:
        return f"Chatsite {super().get_totp_issuer()}"

    def generate_authenticator_name(self, user: object, type: str) -> str:  # noqa: A002 - the library's name
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return _("Passkey") if number == 1 else _("Passkey %(number)d") % {"number": number}


def box() -> MultiFernet:
    """Closes with the secret key, opens with that and those before it."""
    return MultiFernet([_fernet(secret) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


@cache  # once in each process: the next sign-in would only say it again
def _warn() -> None:
    log.error(
        "Second factors do not open with CHATSITE_SECRET_KEY: their codes count as wrong. Put the earlier key into "
        "CHATSITE_SECRET_KEY_FALLBACKS, or remove these people's second factors on their pages in the console."
    )


def renewed(data: dict[str, object]) -> dict[str, object]:
    """An authenticator's data, its secrets closed with the present key. Raises InvalidToken where no key opens them."""
    rotate = box().rotate
    return {
        name: rotate(value.encode()).decode() if name in {"secret", "seed"} and isinstance(value, str) else value
        for name, value in data.items()
    }


def _fernet(secret: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"accounts.second_factor {secret}".encode()).digest()))
