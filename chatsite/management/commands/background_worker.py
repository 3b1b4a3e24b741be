"""``manage.py background_worker``: the Celery worker for what is not a reply."""

import os
import socket
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from chatsite import metrics
from chatsite.celery import app


class Command(BaseCommand):
    help = "Do the work behind the site, such as sweeping the queue, until stopped."
    requires_system_checks = ()

    def handle(self, **options: Any) -> None:
        metrics.serve(settings.BACKGROUND_METRICS_PORT)
        app.worker_main(
            [
                *("--quiet", "worker", "--pool", "solo", "--queues", settings.CELERY_TASK_DEFAULT_QUEUE),
                *("--hostname", f"background-{os.getpid()}@{socket.gethostname()}"),
                *("--without-gossip", "--without-mingle", "--without-heartbeat"),
                *("--loglevel", settings.LOG_LEVEL),
            ]
        )
