"""The Celery app: tickets for the inference workers, and what recurs."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")

app = Celery("chatsite")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    "sweep": {"task": "conversations.tasks.sweep", "schedule": 2.0, "options": {"expires": 2.0}},
}
