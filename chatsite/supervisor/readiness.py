"""From started to ready: what is waited for, and the block that tells people where to go."""

import time

import redis
from django.conf import settings

from chatsite.supervisor.console import Console
from chatsite.supervisor.preparation import Prepared
from chatsite.supervisor.processes import reachable_host, web_answers
from inference import sentinels
from inference.model import Model
from inference.presence import Presence, engines

LOOK_EVERY = 0.25
LATER_EVERY = 2.0  # once people can come in, for the models that are not ready yet
LATER_FOR = 600.0


class Readiness:
    """Watches the start-up on behalf of the terminal; it ``began`` then, on the monotonic clock."""

    def __init__(self, console: Console, prepared: Prepared, began: float) -> None:
        self._console = console
        self._prepared = prepared
        self._began = began
        self._looked = 0.0
        self._web = False
        self._told: set[str] = set()  # models that were said to be ready
        self._redis = sentinels.client(settings.REDIS_URL, socket_timeout=1)

    def look(self) -> bool:
        """Show how far the start is; True once nothing more is to be said of it.

        The site is ready with its web process and the default model; a block says so. Other models are named there, and
        again when they are ready.
        """
        now = time.monotonic()
        if now - self._looked < (LATER_EVERY if self._told else LOOK_EVERY):
            return False
        self._looked = now
        found = self._engines()
        ready = [model for model in self._prepared.models if _is_ready(found.get(model.name))]
        if self._told:
            return self._tell_later(ready)
        self._web = self._web or web_answers()
        if not (self._web and self._prepared.models[0] in ready):
            self._console.progress(f"{self._waits_for(found)} ({now - self._began:.0f} s)")
            return False
        self._console.end_progress()
        self._console.block(self._rows(found))
        return self._settled(ready)

    def _engines(self) -> dict[str, Presence]:
        """Of each model the worker that has come farthest."""
        try:
            found = reversed(engines(self._redis))
        except redis.RedisError:
            return {}
        return {engine.model: engine for engine in found}

    def _tell_later(self, ready: list[Model]) -> bool:
        took = time.monotonic() - self._began
        for model in ready:
            if model.name not in self._told:
                self._console.say(f"{model.label} is ready ({took:.0f} s)")
        return self._settled(ready) or took > LATER_FOR

    def _settled(self, ready: list[Model]) -> bool:
        self._told |= {model.name for model in ready}
        is_all = len(self._told) == len(self._prepared.models)
        if is_all:
            self._redis.close()
        return is_all

    def _waits_for(self, found: dict[str, Presence]) -> str:
        model = self._prepared.models[0]
        engine = found.get(model.name)
        if _is_ready(engine):
            return "The web process is starting"
        detail = engine.detail if engine else ""
        return f"{model.label}: {detail or 'the engine is starting'}"

    def _rows(self, found: dict[str, Presence]) -> dict[str, str]:
        models = [_in_words(model, found.get(model.name)) for model in self._prepared.models]
        return {
            "Address": _address(),
            "Sign-in": self._prepared.sign_in,
            "Models" if len(models) > 1 else "Model": "; ".join(models),
            "Data": str(settings.DATA_DIR),
            "Ready in": f"{time.monotonic() - self._began:.1f} s. Ctrl-C stops everything.",
        }


def _is_ready(engine: Presence | None) -> bool:
    return engine is not None and engine.state == "ready"


def _in_words(model: Model, engine: Presence | None) -> str:
    told = f"{model.label} on {model.engine}, {model.slots} replies at once"
    return told if _is_ready(engine) else f"{told} (starting)"


def _address() -> str:
    """As people type it: the proxy's, where one is in front."""
    if settings.CSRF_TRUSTED_ORIGINS:
        return str(settings.CSRF_TRUSTED_ORIGINS[0])
    host = reachable_host()
    if host in {"127.0.0.1", "::1"}:
        host = "localhost"
    return f"http://[{host}]:{settings.PORT}" if ":" in host else f"http://{host}:{settings.PORT}"
