"""What one event loop of a web process shares between its sockets: the reader of the feed, renderings, turns."""

import asyncio
from collections import Counter
from functools import partial
from uuid import UUID
from weakref import WeakKeyDictionary, WeakValueDictionary

from conversations.database import in_database
from conversations.follow import Cursor, Follower
from conversations.formatting import Formattings
from conversations.replies.tickets import warm_up
from inference.events.feed import Feed
from inference.events.probe import Probe

MOST_SOCKETS = 100  # of one person in one web process: tabs and devices, not a way to use up all that there are

_streams: "WeakKeyDictionary[asyncio.AbstractEventLoop, Streams]" = WeakKeyDictionary()


class Streams:
    """The feed, the probe of it, the renderings, and whose turn it is, of one event loop."""

    def __init__(self) -> None:
        self.feed = Feed()
        self.probe = Probe(self.feed)
        self._formattings = Formattings(self.feed)
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._sockets: Counter[int] = Counter()

    def follower(self, reply_id: UUID, cursor: Cursor, *, html: bool, fresh: bool = False) -> Follower:
        """One who follows a reply; with ``html`` its frames carry rendered blocks too."""
        format_it = partial(self._formattings.of, reply_id, fresh=fresh) if html else None
        return Follower(reply_id, cursor, self.feed, format_it=format_it, fresh=fresh)

    def enters(self, user_id: int) -> bool:
        """Count one more socket of a person; False when they have as many as one may have here."""
        if self._sockets[user_id] >= MOST_SOCKETS:
            return False
        self._sockets[user_id] += 1
        return True

    def leaves(self, user_id: int) -> None:
        self._sockets[user_id] -= 1
        if not self._sockets[user_id]:
            del self._sockets[user_id]

    def turn(self, user_id: int) -> asyncio.Lock:
        """Held for work that may take long, one at a time a person: however many sockets one opens, others go on."""
        return self._turns.setdefault(user_id, asyncio.Lock())


async def streams() -> Streams:
    """The streams of the running loop, reading."""
    loop = asyncio.get_running_loop()
    if loop not in _streams:
        _streams[loop] = Streams()
        await in_database(warm_up)
    await _streams[loop].feed.start()
    return _streams[loop]
