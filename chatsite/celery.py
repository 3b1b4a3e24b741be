"""The Celery app: tickets for the inference workers, and what recurs."""

import os
import warnings

from celery import Celery
from celery.exceptions import SecurityWarning

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")

# Whoever runs the site as root has chosen to; the same ten lines at every start of every worker help nobody.
warnings.filterwarnings("ignore", category=SecurityWarning)

app = Celery("chatsite")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    "sweep": {"task": "conversations.tasks.sweep", "schedule": 2.0, "options": {"expires": 2.0}},
    "index": {"task": "conversations.tasks.index", "schedule": 3.0, "options": {"expires": 3.0}},
    "release-orphans": {
        "task": "conversations.tasks.release_orphans",
        "schedule": 600.0,
        "options": {"expires": 600.0},
    },
    "purge-api": {"task": "conversations.tasks.purge_api", "schedule": 60.0, "options": {"expires": 60.0}},
    "empty-trash": {"task": "conversations.tasks.empty_trash", "schedule": 3600.0, "options": {"expires": 3600.0}},
    "keep-rules": {"task": "retention.tasks.sweep", "schedule": 300.0, "options": {"expires": 300.0}},
    "let-go": {"task": "retention.tasks.let_go", "schedule": 300.0, "options": {"expires": 300.0}},
    "back-up": {"task": "chatsite.tasks.back_up", "schedule": 600.0, "options": {"expires": 600.0}},
    "make-exports": {"task": "exports.tasks.make_exports", "schedule": 10.0, "options": {"expires": 10.0}},
    "ask-for-due-exports": {"task": "exports.tasks.ask_for_due", "schedule": 60.0, "options": {"expires": 60.0}},
    "clean-exports": {"task": "exports.tasks.clean", "schedule": 600.0, "options": {"expires": 600.0}},
    "read-imports": {"task": "exports.tasks.read_imports", "schedule": 10.0, "options": {"expires": 10.0}},
    "forget-imports": {"task": "exports.tasks.forget_imports", "schedule": 3600.0, "options": {"expires": 3600.0}},
    "forget": {
        "task": "conversations.tasks.forget",
        "schedule": 3600.0,
        "options": {"expires": 3600.0},
    },
}
