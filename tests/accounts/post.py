"""The background worker for letters, and a mailbox."""

import base64
import re
from typing import Any

import orjson
import redis
from django.core import mail

from chatsite.celery import app


def work_off(queue: redis.Redis) -> list[str]:
    """Do what waits for a background worker; the names of it."""
    done = []
    while raw := queue.rpop("background"):
        message: Any = orjson.loads(raw)  # type: ignore[arg-type]
        name = message["headers"]["task"]
        arguments, named, _more = orjson.loads(base64.b64decode(message["body"]))
        app.loader.import_default_modules()
        app.tasks[name](*arguments, **named)
        done.append(name)
    return done


def link() -> str:
    """Of the newest letter, the way on this site."""
    found = re.search(r"https?://[^/\s]+(/\S*)", str(mail.outbox[-1].body))
    assert found
    return found[1]
