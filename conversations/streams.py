"""What one event loop of a web process shares between its sockets: the reader of the feed, renderings, turns."""

import asyncio
from functools import partial
from uuid import UUID
from weakref import WeakKeyDictionary, WeakValueDictionary

from conversations.database import in_database
from conversations.follow import Cursor, Follower
from conversations.formatting import Formattings
from conversations.replies.tickets import warm_up
from inference.events.feed import Feed
from inference.events.probe import Probe

_streams: "WeakKeyDictionary[asyncio.AbstractEventLoop, Streams]" = WeakKeyDictionary()


class Streams:
    """The feed, the probe of it, the renderings, and whose turn it is, of one event loop."""

    def __init__(self) -> None:
        self.feed = Feed()
        self.probe = Probe(self.feed)
        self._formattings = Formattings(self.feed)
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def follower(self, reply_id: UUID, cursor: Cursor, *, html: bool, fresh: bool = False) -> Follower:
        """One who follows a reply; with ``html`` its frames carry rendered blocks too."""
        format_it = partial(self._formattings.of, reply_id, fresh=fresh) if html else None
        return Follower(reply_id, cursor, self.feed, format_it=format_it, fresh=fresh)

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
