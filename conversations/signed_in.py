"""Whether the person at a socket may still be there: sockets live for days, and sessions end meanwhile."""

import asyncio
import time
from collections.abc import Sequence
from importlib import import_module
from typing import Any
from weakref import WeakKeyDictionary

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.models import Session
from django.db import DatabaseError
from django.http import HttpRequest
from django.utils import timezone

from accounts import second_factor
from accounts.models import User
from conversations.database import in_database

AGAIN_S = 20.0  # between two looks; the page's own pings come about as often
TOGETHER_S = 0.05  # between two looks at the database; who asks meanwhile is in the next one

_looks: "WeakKeyDictionary[asyncio.AbstractEventLoop, _Looks]" = WeakKeyDictionary()


class SignedIn:
    """The session that opened a socket or a stream.

    It ends by signing out, here or from another device, a new password, a suspension, or a switched off account; and
    where a second factor is asked for that the person has not set up.
    """

    def __init__(self, session: Any, user: Any) -> None:
        self.key: str = session.session_key
        self.user_id: int = user.pk
        self.seen = 0  # of the rows by which it was held
        self._at = time.monotonic()

    async def holds(self, *, again: bool = False) -> bool:
        """At most ``AGAIN_S`` old, or looked up ``again``. While the database is away, what was known before holds."""
        if not again and time.monotonic() - self._at < AGAIN_S:
            return True
        try:
            held = await (in_database(self.is_held) if again else _ask(self))
        except DatabaseError:
            return True
        if held:
            self._at = time.monotonic()
        return held

    def is_held(self) -> bool:
        """As the database says now."""
        request = HttpRequest()
        request.session = import_module(settings.SESSION_ENGINE).SessionStore(self.key)
        user = get_user(request)
        return bool(user.pk == self.user_id and not second_factor.is_due(user))


async def _ask(session: SignedIn) -> bool:
    looks = _looks.setdefault(asyncio.get_running_loop(), _Looks())
    return await looks.ask(session)


class _Looks:
    """One look for all who ask at about the same time: ten thousand sockets ask four hundred times a second."""

    def __init__(self) -> None:
        self._waiting: list[tuple[SignedIn, asyncio.Future[bool]]] = []
        self._task: asyncio.Task[None] | None = None
        self._next = 0.0

    async def ask(self, session: SignedIn) -> bool:
        """Raises what the look raised."""
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((session, answer))
        if self._task is None:
            self._task = asyncio.create_task(self._answer())
        return await answer

    async def _answer(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(self._next - time.monotonic())
                self._next = time.monotonic() + TOGETHER_S
                await self._look()
        finally:
            self._task = None

    async def _look(self) -> None:
        asked, self._waiting = self._waiting, []
        try:
            held = await in_database(_held, [session for session, _ in asked])
        except Exception as error:  # noqa: BLE001 - for each of them, as if it had looked alone
            for _, answer in asked:
                if not answer.done():
                    answer.set_exception(error)
            return
        for session, answer in asked:
            if not answer.done():  # its socket may be gone meanwhile
                answer.set_result(session in held)


def _held(sessions: Sequence[SignedIn]) -> set[SignedIn]:
    """Those that hold, by two queries and, for whom something is new, by the long way.

    A session was checked against what its row and its person's said then. While both say the same, it still holds. Of
    them a number is kept that nobody outside this process can aim at.
    """
    rows = Session.objects.filter(pk__in={one.key for one in sessions}, expire_date__gt=timezone.now())
    data = dict(rows.values_list("pk", "session_data"))
    people = User.objects.filter(pk__in={one.user_id for one in sessions}, is_active=True)
    signs = {pk: sign for pk, *sign in people.values_list("pk", "password", "session_generation")}
    due = second_factor.due_among(signs)
    held: set[SignedIn] = set()
    for one in sessions:
        if one.key not in data or one.user_id not in signs or one.user_id in due:
            continue
        seen = hash((data[one.key], *signs[one.user_id]))
        if one.seen == seen or one.is_held():
            one.seen = seen
            held.add(one)
    return held
