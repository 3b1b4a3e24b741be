"""``manage.py scheduler``: Celery beat, which queues what recurs."""

from typing import Any

from celery.apps.beat import Beat
from django.conf import settings
from django.core.management.base import BaseCommand

from chatsite.celery import app


class Command(BaseCommand):
    help = "Queue what recurs until stopped."
    requires_system_checks = ()

    def handle(self, **options: Any) -> None:
        level = settings.LOG_LEVEL
        Beat(app=app, scheduler="celery.beat:Scheduler", loglevel=level, quiet=True).run()
