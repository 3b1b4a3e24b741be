"""Whether the person at a socket may still be there: sockets live for days, and sessions end meanwhile."""

import time
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.db import DatabaseError
from django.http import HttpRequest

from accounts import second_factor
from conversations.database import in_database

AGAIN_S = 20.0  # between two looks; the page's own pings come about as often


class SignedIn:
    """The session that opened a socket or a stream.

    It ends by signing out, here or from another device, a new password, a suspension, or a switched off account; and
    where a second factor is asked for that the person has not set up.
    """

    def __init__(self, session: Any, user: Any) -> None:
        self._key = session.session_key
        self._user_id = user.pk
        self._at = time.monotonic()

    async def holds(self, *, again: bool = False) -> bool:
        """At most ``AGAIN_S`` old, or looked up ``again``. While the database is away, what was known before holds."""
        if not again and time.monotonic() - self._at < AGAIN_S:
            return True
        try:
            held = await in_database(self._is_held)
        except DatabaseError:
            return True
        if held:
            self._at = time.monotonic()
        return held

    def _is_held(self) -> bool:
        request = HttpRequest()
        request.session = import_module(settings.SESSION_ENGINE).SessionStore(self._key)
        user = get_user(request)
        return bool(user.pk == self._user_id and not second_factor.is_due(user))
