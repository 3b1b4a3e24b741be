"""Reservations whose reply was deleted before its end: nobody settles them, so they are released."""

from datetime import timedelta

from django.db import transaction

from conversations.models import Message
from limits import ledger

PATIENCE = timedelta(minutes=10)


def release_orphans() -> int:
    """Release what is reserved for replies that are gone; how many there were."""
    reserved = ledger.unsettled(PATIENCE)
    here = set(Message.objects.filter(pk__in=reserved).values_list("pk", flat=True))
    gone = [reply for reply in reserved if reply not in here]
    for reply in gone:
        with transaction.atomic():
            ledger.release(reply)
    return len(gone)
