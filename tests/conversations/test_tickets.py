"""Tickets are written as Celery's own producer writes them; a whole site's worker takes them in the tests of sites."""

import base64
import json
from typing import Any

from celery import current_app
from redis import Redis

from conversations.replies.tickets import TASK, queue_of, queue_ticket, tickets_waiting

MODEL = "scripted"
OF_EACH_TICKET = {"id", "root_id", "correlation_id", "delivery_tag"}
FOR_RESULTS = {"reply_to"}  # where a result would be sent, if tickets had any


def written(redis: Redis) -> dict[str, Any]:
    """The newest ticket, as JSON."""
    newest: Any = redis.lpop(queue_of(MODEL))
    return dict(json.loads(newest))


def without_names(ticket: dict[str, Any], part: str) -> dict[str, Any]:
    return {name: value for name, value in ticket[part].items() if name not in OF_EACH_TICKET | FOR_RESULTS}


def test_a_ticket_is_what_celery_would_write(empty_redis: Redis) -> None:
    queue_ticket(MODEL)
    assert tickets_waiting(MODEL) == 1
    ours = written(empty_redis)
    current_app.send_task(TASK, queue=queue_of(MODEL), ignore_result=True)
    celerys = written(empty_redis)
    assert ours.keys() == celerys.keys()
    assert json.loads(base64.b64decode(ours["body"])) == json.loads(base64.b64decode(celerys["body"]))
    assert (ours["content-type"], ours["content-encoding"]) == (celerys["content-type"], celerys["content-encoding"])
    assert without_names(ours, "headers") == without_names(celerys, "headers")
    assert without_names(ours, "properties") == without_names(celerys, "properties")


def test_no_two_tickets_have_the_same_name(empty_redis: Redis) -> None:
    queue_ticket(MODEL)
    queue_ticket(MODEL)
    first, second = written(empty_redis), written(empty_redis)
    assert first["headers"]["id"] != second["headers"]["id"]
    assert first["properties"]["delivery_tag"] != second["properties"]["delivery_tag"]
