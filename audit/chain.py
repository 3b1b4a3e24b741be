"""The end of the chain, held for one writer at a time, and whether the chain holds."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection

from audit.models import GENESIS, Entry

PLACE_IN_LINE = 0x61756469740001  # of PostgreSQL's advisory locks, the one on which writers wait for each other
CLOCKS = {"postgresql": "clock_timestamp()", "sqlite": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now')"}
END = (
    "SELECT {clock}, newest.id, newest.hash FROM (SELECT 1 AS one) AS one"
    " LEFT JOIN (SELECT id, hash FROM audit_entry ORDER BY id DESC LIMIT 1) AS newest ON 1 = 1"
)


@dataclass(frozen=True, slots=True)
class End:
    """The newest entry's number and hash, and the database's time."""

    number: int
    hash: str
    now: datetime


class Broken(Exception):  # noqa: N818 - what a look found
    """The chain does not hold at ``number``; ``str()`` says why."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(f"Entry {number}: {why}")
        self.number = number


def end() -> End:
    """The chain's end, which nobody else moves before the caller's transaction is over.

    On SQLite the transaction itself, an IMMEDIATE one, holds the only right to write. On PostgreSQL the lock is a
    statement of its own: a statement that waited would still see the table as it was before it waited.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [PLACE_IN_LINE])
        cursor.execute(END.format(clock=CLOCKS[connection.vendor]), [])
        now, number, digest = cursor.fetchone()
    moment = now if isinstance(now, datetime) else datetime.fromisoformat(now).replace(tzinfo=UTC)
    return End(number or 0, digest or GENESIS, moment)


def length() -> int:
    """How many entries there are, if none is missing: they are numbered without a gap."""
    newest = Entry.objects.order_by("-pk").values_list("pk", flat=True).first()
    return newest or 0


def newest_hold(number: int) -> bool:
    """Whether the newest entries, so many of them, follow each other and the one before."""
    first = max(0, length() - number)
    before = Entry.objects.filter(pk=first).values_list("hash", flat=True).first() if first else GENESIS
    if before is None:
        return False
    try:
        deque(checked(Entry.objects.filter(pk__gt=first).oldest_first(), first, before), maxlen=0)
    except Broken:
        return False
    return True


def checked(entries: Iterable[Entry], number: int = 0, digest: str = GENESIS) -> Iterator[Entry]:
    """The entries, oldest first, each found to follow the one before. Raises Broken at the first that does not.

    ``number`` and ``digest`` are of the entry before the first.
    """
    for entry in entries:
        number += 1
        if entry.pk != number:
            raise Broken(number, "it is missing.")
        if entry.previous != digest:
            raise Broken(number, "it does not follow the entry before.")
        if entry.fingerprint() != entry.hash:
            raise Broken(number, "its hash is not of what it says.")
        digest = entry.hash
        yield entry
