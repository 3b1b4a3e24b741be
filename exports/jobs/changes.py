"""What changed since an earlier export: found by comparing with what was in that one, not by times.

Times of rows lie: a rating, a folder's new name, a rule for what leaves, a transaction that took long. So each export
keeps, in the order of the conversations' ids, a hash of each and the ids of its messages, and the next one walks
through both side by side.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import IO, Any, BinaryIO

from exports import canonical
from exports.forms.lines import line
from exports.records import Record

Known = dict[str, Any]


class Changes:
    """Passes on the records that are new or changed. ``gone`` gets a line for each that is there no more."""

    def __init__(self, before: IO[bytes] | None, now: BinaryIO, gone: BinaryIO | None) -> None:
        """``before``: what the earlier export knew; None: nothing is known, so everything is new."""
        self._before = read_known(before) if before else iter(())
        self._next = next(self._before, None)
        self._now = now
        self._gone = gone

    def of(self, records: Iterable[Record]) -> Iterator[Record]:
        """In the order of their ids."""
        for record in records:
            known = _known(record)
            self._now.write(line(known))
            self._pass_by(known["conversation"])
            if self._next and self._next["conversation"] == known["conversation"]:
                before, self._next = self._next, next(self._before, None)
                if before["sha256"] == known["sha256"]:
                    continue
                self._tell_messages(before, known)
            yield record
        self._pass_by(None)

    def _pass_by(self, conversation: str | None) -> None:
        """Those before this one (None: all that are left) are gone."""
        while self._next and (conversation is None or self._next["conversation"] < conversation):
            self._tell({"conversation": self._next["conversation"], "message": None})
            self._next = next(self._before, None)

    def _tell_messages(self, before: Known, known: Known) -> None:
        there = set(known["messages"])
        for message in before["messages"]:
            if message not in there:
                self._tell({"conversation": known["conversation"], "message": message})

    def _tell(self, deletion: dict[str, str | None]) -> None:
        if self._gone:
            self._gone.write(line(deletion))


def _known(record: Record) -> Known:
    return {
        "conversation": str(record.id),
        "sha256": hashlib.sha256(canonical.line(record).encode()).hexdigest(),
        "messages": [str(item.id) for item in record.messages],
    }


def read_known(file: IO[bytes]) -> Iterator[Known]:
    """What an export knew of each of its conversations."""
    for row in file:
        yield json.loads(row)
