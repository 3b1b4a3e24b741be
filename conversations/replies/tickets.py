"""Tickets: Celery messages that tell a model's workers that a reply waits. Losing one costs a moment, never a reply.

A ticket is written to Redis as Celery's message protocol and kombu's Redis transport have it (a test compares): through
Celery's producer it takes five times the processor time, in the path of every first token.
"""

import base64
import logging
from functools import cache
from typing import Any
from uuid import uuid4

import orjson
from celery import current_app
from redis.exceptions import RedisError

from inference.events.client import blocking_client

QUEUE_PREFIX = "replies."
TASK = "conversations.tasks.reply"

log = logging.getLogger(__name__)


def queue_of(model: str) -> str:
    """The name of the queue that the workers of a model read."""
    return QUEUE_PREFIX + model


def queue_ticket(model: str) -> None:
    """Tell the workers of ``model`` that there is work. While Redis is away nothing is lost: the sweeper tops up."""
    try:
        blocking_client().lpush(queue_of(model), _ticket(queue_of(model)))
    except RedisError:
        log.warning("The broker is away; the sweeper will queue a ticket for %s.", model)


def warm_up() -> None:
    """Connect to the broker now, so that the first message of this process does not wait for it."""
    try:
        blocking_client().ping()
    except RedisError:
        log.warning("The broker is away.")


def tickets_waiting(model: str) -> int:
    """Tickets that no worker of the model has taken yet."""
    return int(blocking_client().llen(queue_of(model)))  # kombu keeps a queue as a list of that name


def _ticket(queue: str) -> bytes:
    headers, body = _message()
    name = str(uuid4())
    return orjson.dumps(
        {
            "body": body,
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": {**headers, "id": name, "root_id": name},
            "properties": {
                "correlation_id": name,
                "delivery_tag": name,
                "delivery_mode": 2,
                "delivery_info": {"exchange": "", "routing_key": queue},
                "priority": 0,
                "body_encoding": "base64",
            },
        }
    )


@cache
def _message() -> tuple[dict[str, Any], str]:
    """What is the same in all tickets: the task's headers, and that it has no arguments, encoded."""
    message = current_app.amqp.create_task_message("", TASK, (), {}, ignore_result=True)
    return message.headers, base64.b64encode(orjson.dumps(message.body)).decode()
