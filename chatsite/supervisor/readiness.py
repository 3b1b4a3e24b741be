"""From started to ready: what is waited for, and the block that tells people where to go."""

import time

import redis
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection

from chatsite.supervisor.console import Console
from chatsite.supervisor.preparation import Prepared
from chatsite.supervisor.processes import reachable_host, web_answers
from inference.presence import Presence, engines

LOOK_EVERY = 0.25


class Readiness:
    """Watches the start-up on behalf of the terminal."""

    def __init__(self, console: Console, prepared: Prepared) -> None:
        self._console = console
        self._prepared = prepared
        self._began = time.monotonic()
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
        return f"{self._prepared.model.label}: {detail or 'the engine is starting'}"

    def _rows(self, engine: Presence) -> dict[str, str]:
        scheme = "https" if settings.HTTPS else "http"
        host = "localhost" if reachable_host() in {"127.0.0.1", "::1"} else reachable_host()
        return {
            "Address": f"{scheme}://{host}:{settings.PORT}",
            "Sign-in": self._sign_in(),
            "Model": f"{engine.label} on {engine.engine}, {engine.slots} replies at once",
            "Data": str(settings.DATA_DIR),
            "Ready in": f"{time.monotonic() - self._began:.1f} s. Ctrl-C stops everything.",
        }

    def _sign_in(self) -> str:
        new = self._prepared.first_admin
        if new:
            return f"{new.name} or {new.email}, password " + (new.password or "as set in CHATSITE_ADMIN_PASSWORD")
        admin = get_user_model().objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
        connection.close()
        if admin is None:
            return "no administrator; make one with: make manage ARGS=createsuperuser"
        name = admin.get_username()
        return f'{name}; a forgotten password: make manage ARGS="changepassword {name}"'
