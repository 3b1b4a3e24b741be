"""The forms a conversation leaves in: a table name -> class, imported on first use."""

from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from exports.records import Item, Record


@dataclass(frozen=True, slots=True)
class View:
    """How much of a conversation. Positions are those of ``Item.position``; both ends are in it."""

    whole: bool = False  # all branches, not only the one that is shown
    reasoning: bool = False
    first: int | None = None
    last: int | None = None
    tip: UUID | None = None

    def items(self, record: Record) -> tuple[Item, ...]:
        """The messages that were asked for, oldest first."""
        items = record.messages if self.whole else record.branch(self.tip)
        first = self.first or 0
        return tuple(
            item for item in items if first <= item.position and (self.last is None or item.position <= self.last)
        )


class Format(Protocol):
    """One conversation as a file."""

    name: str  # in addresses: "markdown"
    suffix: str  # of its files: ".md"
    content_type: str
    label: Any  # for people, translated when it is shown

    def write(self, record: Record, view: View) -> bytes:
        """The whole file."""
