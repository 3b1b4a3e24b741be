"""The administrator that a site without any account gets."""

import secrets
from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.db import transaction

NAME = "admin"


@dataclass(frozen=True)
class FirstAdmin:
    """A new administrator. ``password`` is there only when it was made here, to be shown once."""

    name: str
    email: str
    password: str


def create_first_admin(email: str, password: str) -> FirstAdmin | None:
    """Create the administrator if nobody has an account yet; with an empty ``password``, one is made. Else None."""
    users = get_user_model().objects
    with transaction.atomic():
        if users.exists():
            return None
        made = "" if password else secrets.token_urlsafe(12)
        users.create_superuser(NAME, email, password or made)
    return FirstAdmin(NAME, email, made)
