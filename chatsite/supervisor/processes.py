"""The processes of the site on one machine."""

import http.client
import sys
from collections.abc import Iterator, Sequence
from itertools import count, islice

from django.conf import settings

from chatsite.supervisor import embedded_redis
from chatsite.supervisor.process import Spec
from inference import placement
from inference.model import Model


def site(models: Sequence[Model]) -> list[Spec]:
    """In the order they start: what nobody waits for comes after what people see. A worker for each model.

    The web process stops first, so that nobody's new message meets a stopping worker.
    """
    after = "redis" if settings.REDIS_IS_EMBEDDED else ""
    specs = [
        Spec("web", [sys.executable, "-m", "chatsite.serve"], 0, 12, web_answers, after),
        *_workers(models, after),
        Spec("background", _manage("background_worker"), 1, 15, after="web"),
        Spec("scheduler", _manage("scheduler"), 1, 10, after="web"),
    ]
    if settings.REDIS_IS_EMBEDDED:
        specs.insert(0, embedded_redis.spec(settings.REDIS_SOCKET, settings.DATA_DIR / "redis"))
    return specs


def _workers(models: Sequence[Model], after: str) -> Iterator[Spec]:
    """Those of other models than the default, the first, may be missing while the site serves."""
    if len(models) == 1:
        yield Spec("worker", _manage("inference_worker"), 1, 45, after=after)
        return
    environments = placement.environments(models)
    for number, model in enumerate(models):
        mine = {**environments[model.name], "CHATSITE_WORKER_METRICS_PORT": str(_metrics_port(number))}
        command = _manage("inference_worker", "--model", model.name)
        yield Spec(f"worker {model.name}", command, 1, 45, after=after, vital=number == 0, environment=mine)


def _metrics_port(number: int) -> int:
    """The first worker has the port that the settings name, the others those that follow and are free; 0 is off."""
    if not settings.WORKER_METRICS_PORT:
        return 0
    taken = {settings.PORT, settings.BACKGROUND_METRICS_PORT}
    free = (port for port in count(settings.WORKER_METRICS_PORT) if port not in taken)
    return next(islice(free, number, None))


def _manage(*command: str) -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), *command]


def web_answers() -> bool:
    """Whether the web process answers at all; what it answers is for ``/readyz`` to say."""
    connection = http.client.HTTPConnection(reachable_host(), settings.PORT, timeout=1)
    try:
        connection.request("GET", "/healthz")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def reachable_host() -> str:
    """An address of the site from this machine: a wildcard address is listened on, not connected to."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.BIND, settings.BIND)  # noqa: S104
