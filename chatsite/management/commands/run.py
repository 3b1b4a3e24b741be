"""``manage.py run``: the whole site under one supervisor."""

import sys
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, SystemCheckError

from chatsite.supervisor import embedded_redis, preflight, processes
from chatsite.supervisor.apart import apart
from chatsite.supervisor.console import Console
from chatsite.supervisor.preparation import Prepared, prepare
from chatsite.supervisor.readiness import Readiness
from chatsite.supervisor.supervise import Supervisor


class Command(BaseCommand):
    requires_system_checks = ()  # done where memory is given back
    help = "Runs the site: web, inference, background work, scheduler and, unless REDIS_URL is set, Redis."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            sys.exit(run_site())
        except preflight.StartError as error:
            sys.exit(f"chatsite: {error}")
        except OSError as error:
            sys.exit(f"chatsite: {error.filename or settings.DATA_DIR}: {error.strerror or error}")
        except KeyboardInterrupt:
            sys.exit(130)


def check_and_prepare(console: Console) -> Prepared:
    try:
        BaseCommand().check()
    except SystemCheckError as error:
        raise preflight.StartError(str(error)) from None
    return prepare(console.say)


def run_site() -> int:
    """Check, prepare, run until stopped. Returns the exit status; raises StartError when the site cannot start."""
    began = time.monotonic()
    with preflight.lock(settings.DATA_DIR):
        preflight.keep_private(settings.DATA_DIR)
        preflight.check_port(settings.BIND, settings.PORT)
        preflight.check_space(settings.DATA_DIR)
        preflight.check_space(settings.CACHE_DIR)
        if not settings.REDIS_IS_EMBEDDED:
            preflight.check_redis(settings.REDIS_URL)
        console = Console()
        prepared = apart(lambda: check_and_prepare(console))
        readiness = Readiness(console, prepared, began)
        try:
            return Supervisor(
                processes.site(prepared.models), console, settings.DATA_DIR / "logs", readiness.look
            ).run()
        finally:
            embedded_redis.clear(settings.REDIS_SOCKET, settings.DATA_DIR / "redis")
