"""``manage.py inference_worker``: a Celery worker that holds the model and writes replies."""

import os
import socket
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatsite import metrics
from chatsite.celery import app
from conversations.replies.keeper import keep
from conversations.replies.tickets import queue_of
from inference.catalog import CatalogError
from inference.serving import NotServedError, model
from inference.worker import Worker, install


class Command(BaseCommand):
    help = "Hold a model and write replies until stopped."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--model", default="", help="one of those that CHATSITE_MODEL names (the first)")

    def handle(self, **options: Any) -> None:
        try:
            served = model(options["model"])
        except (CatalogError, NotServedError) as error:
            raise CommandError(str(error)) from error
        name = f"inference-{os.getpid()}@{socket.gethostname()}"
        metrics.serve(settings.WORKER_METRICS_PORT)
        install(app, Worker(served, name, companions=[keep]))
        app.worker_main(
            [
                *("--quiet", "worker", "--pool", "threads", "--concurrency", str(served.slots)),
                *("--queues", queue_of(served.name), "--hostname", name),
                *("--without-gossip", "--without-mingle", "--without-heartbeat"),
                *("--loglevel", settings.LOG_LEVEL),
            ]
        )
