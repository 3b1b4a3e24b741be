"""Whose an e-mail address is."""

from accounts.models import User


def with_address(address: str) -> User | None:
    """The person who has it, whatever its case.

    Databases take more for the same letter than post offices do: PostgreSQL finds ``mike@…`` for one with an i without
    its dot, which is somebody else's mailbox. Whoever has that must not get what is for this one.
    """
    found = User.objects.filter(email__iexact=address)
    return next((person for person in found if person.email.lower() == address.lower()), None)
