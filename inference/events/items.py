"""What worker, Redis and web processes agree on: names of keys, parts of a reply, and the shape of an item.

A flush is one msgpack array of items ``[reply id, attempt, epoch, part, offset, data]``. For text and reasoning
``offset`` is the byte where ``data`` (UTF-8, whole characters) begins in the part; for an event ``data`` is its JSON
and ``offset`` is 1 for the last of the reply, else 0; a sync item says that the snapshot was written anew. Lua's
msgpack knows no bin type, so everything is packed as str.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import msgpack

FEED: Final = "replies:feed"
FEED_LENGTH: Final = 1000  # flushes kept for a reader that reconnects
SNAPSHOT_S: Final = 900  # a live reply's snapshot lives on this long after its worker's last heartbeat
FINAL_S: Final = 120  # and a finished one's, for readers on their way
FIELD: Final = b"b"  # of the feed's entries


class Part(IntEnum):
    """What an item carries."""

    TEXT = 0
    REASONING = 1
    EVENT = 2
    SYNC = 3
    HTML = 4  # never in Redis: a web process adds it for its own followers
    PROBE = 5  # of no reply: the web process that published it wants to hear it back
    GONE = 6  # the message was deleted: nothing of it is to stay in memory


class Refusal(IntEnum):
    """Why Redis did not take an item."""

    SUPERSEDED = 1  # another attempt has the reply
    UNFENCED = 2  # Redis knows nothing of the reply: it came back empty
    HOLE = 3  # Redis has less text than the item continues


Item = tuple[str, int, int, int, int, bytes]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What Redis holds of a reply: all text released so far, as UTF-8."""

    attempt: int
    epoch: int
    reasoning: bytes
    text: bytes


def key(reply_id: str) -> str:
    """The hash of a reply (attempt, epoch, run). Its parts are at ``key:t`` and ``key:r``, its stop flag ``key:s``."""
    return f"reply:{reply_id}"


def pack(items: list[Item]) -> bytes:
    """One flush as bytes."""
    return bytes(msgpack.packb(items, use_bin_type=False))


def unpack(blob: bytes) -> list[Item]:
    """The items of one flush. Ids come back as text, data as bytes."""
    rows = msgpack.unpackb(blob, raw=True, use_list=False)
    return [(row[0].decode(), *row[1:]) for row in rows]
