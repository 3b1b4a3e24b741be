"""From started to ready: what is waited for, and the block that tells people where to go."""

import time

import redis
from django.conf import settings

from chatsite.supervisor.console import Console
from chatsite.supervisor.preparation import Prepared
from chatsite.supervisor.processes import reachable_host, web_answers
from inference.presence import Presence, engines

LOOK_EVERY = 0.25


class Readiness:
    """Watches the start-up on behalf of the terminal; it ``began`` then, on the monotonic clock."""

    def __init__(self, console: Console, prepared: Prepared, began: float) -> None:
        self._console = console
        self._prepared = prepared
        self._began = began
        self._looked = 0.0
        self._web = False
        self._redis = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1)

    def look(self) -> bool:
        """Show how far the start is; True once the site is ready, and the block that says so has been printed."""
        now = time.monotonic()
        if now - self._looked < LOOK_EVERY:
            return False
        self._looked = now
        engine = self._engine()
        self._web = self._web or web_answers()
        if not (self._web and engine and engine.state == "ready"):
            self._console.progress(f"{self._waits_for(engine)} ({now - self._began:.0f} s)")
            return False
        self._console.end_progress()
        self._console.block(self._rows(engine))
        self._redis.close()
        return True

    def _engine(self) -> Presence | None:
        try:
            return next(iter(engines(self._redis)), None)
        except redis.RedisError:
            return None

    def _waits_for(self, engine: Presence | None) -> str:
        if engine and engine.state == "ready":
            return "The web process is starting"
        detail = engine.detail if engine else ""
        return f"{self._prepared.model}: {detail or 'the engine is starting'}"

    def _rows(self, engine: Presence) -> dict[str, str]:
        return {
            "Address": _address(),
            "Sign-in": self._prepared.sign_in,
            "Model": f"{engine.label} on {engine.engine}, {engine.slots} replies at once",
            "Data": str(settings.DATA_DIR),
            "Ready in": f"{time.monotonic() - self._began:.1f} s. Ctrl-C stops everything.",
        }


def _address() -> str:
    """As people type it: the proxy's, where one is in front."""
    if settings.CSRF_TRUSTED_ORIGINS:
        return str(settings.CSRF_TRUSTED_ORIGINS[0])
    host = reachable_host()
    if host in {"127.0.0.1", "::1"}:
        host = "localhost"
    return f"http://[{host}]:{settings.PORT}" if ":" in host else f"http://{host}:{settings.PORT}"
