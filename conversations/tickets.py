"""Tickets: Celery messages that tell a model's workers that a reply waits. Losing one costs a moment, never a reply."""

import logging

from celery import current_app
from kombu.exceptions import OperationalError

from inference.events.client import blocking_client

QUEUE_PREFIX = "replies."
TASK = "conversations.tasks.reply"

log = logging.getLogger(__name__)


def queue_of(model: str) -> str:
    """The name of the queue that the workers of a model read."""
    return QUEUE_PREFIX + model


def queue_ticket(model: str, *, lapsed: bool = False) -> None:
    """Tell the workers of ``model`` that there is work. A broker that is away loses nothing: the sweeper tops up."""
    try:
        current_app.send_task(TASK, kwargs={"lapsed": lapsed}, queue=queue_of(model), ignore_result=True, retry=False)
    except OperationalError:
        log.warning("The broker is away; the sweeper will queue a ticket for %s.", model)


def warm_up() -> None:
    """Connect to the broker now, so that the first message of this process does not wait for it."""
    try:
        with current_app.producer_pool.acquire(block=True) as producer:
            producer.connection.ensure_connection(max_retries=1)
            _ = producer.channel
    except OperationalError:
        log.warning("The broker is away.")


def tickets_waiting(model: str) -> int:
    """Tickets that no worker of the model has taken yet."""
    return int(blocking_client().llen(queue_of(model)))  # kombu keeps a queue as a list of that name
