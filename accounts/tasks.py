"""Celery's doors to accounts: letters, written beside the requests that ask for them."""

from celery import shared_task
from django.utils import translation

from accounts import letters


@shared_task(ignore_result=True)  # type: ignore[untyped-decorator]  # Celery has no types
def lost_password(address: str, site: str, language: str) -> None:
    """A link for a new password, if there is such an account."""
    with translation.override(language):
        letters.lost_password(address, site)


@shared_task(ignore_result=True)  # type: ignore[untyped-decorator]  # Celery has no types
def sign_up(address: str, site: str, language: str) -> None:
    """An invitation to who signs up by their address."""
    with translation.override(language):
        letters.sign_up(address, site)


@shared_task(ignore_result=True)  # type: ignore[untyped-decorator]  # Celery has no types
def invitation(pk: int, secret: str, site: str, language: str) -> None:
    """An administrator's invitation."""
    with translation.override(language):
        letters.invitation(pk, secret, site)
