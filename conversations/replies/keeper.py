"""What a worker does for all its live replies together: leases, checkpoints, stops. A companion of its engine."""

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from django.db import Error as DatabaseFault
from django.db import connection
from redis.exceptions import RedisError

from conversations.database import at_once
from conversations.models import Message
from conversations.replies.queue import HEARTBEAT_S, LEASE_UNTIL
from conversations.states import State
from inference.events.items import Refusal
from inference.runner import Abort, Live

if TYPE_CHECKING:
    from inference.worker import Worker

STOPS_EVERY_S = 0.1

log = logging.getLogger(__name__)


async def keep(worker: "Worker") -> None:
    """Renew and save every heartbeat, look for stops ten times a second; for ever, through outages of either store.

    Side by side: where Redis does not answer, two questions to it take longer than a lease lasts.
    """
    await asyncio.gather(_keep_rows(worker), _keep_snapshots(worker))


async def _keep_rows(worker: "Worker") -> None:
    while True:
        await asyncio.sleep(HEARTBEAT_S)
        if worker.live:
            await _save(list(worker.live.values()))


async def _keep_snapshots(worker: "Worker") -> None:
    """By their ids: who slept with a reply at hand would hold it when it has ended."""
    next_touch = time.monotonic()
    while True:
        await asyncio.sleep(STOPS_EVERY_S)
        if replies := list(worker.live):
            await _look_for_stops(worker, replies)
        if replies and time.monotonic() >= next_touch:
            next_touch = time.monotonic() + HEARTBEAT_S
            await _touch(worker, replies)


async def _look_for_stops(worker: "Worker", replies: list[str]) -> None:
    try:
        for reply_id in await worker.writer.stops(replies):
            if reply_id in worker.live:
                worker.live[reply_id].abort(Abort.STOPPED)
    except RedisError as error:
        log.warning("Stops cannot be read: %s", error)


async def _save(live: list[Live]) -> None:
    try:
        stopped, lost = await at_once(save, [Checkpoint(one) for one in live])
    except DatabaseFault as error:
        log.warning("Replies could not be saved: %s. Trying again.", error)
        return
    for one in live:
        if one.id in stopped:
            one.abort(Abort.STOPPED)
        if one.id in lost:
            one.abort(Abort.SUPERSEDED)


async def _touch(worker: "Worker", replies: list[str]) -> None:
    try:
        for reply_id in await worker.writer.touch(replies):
            if reply_id in worker.live:
                worker.live[reply_id].channel.on_refusal(Refusal.UNFENCED)
    except RedisError as error:
        log.warning("Snapshots could not be kept: %s", error)


class Checkpoint:
    """What is saved of a live reply: taken on the loop, written on a database thread."""

    def __init__(self, live: Live) -> None:
        self.id = live.id
        self.attempt = live.channel.attempt
        self.epoch = live.channel.epoch
        self.text = live.text
        self.reasoning = live.reasoning
        self.prompt_tokens = live.prompt_tokens
        self.tokens = live.tokens
        self.reasoning_ms = live.reasoning_ms


def save(checkpoints: list[Checkpoint]) -> tuple[set[str], set[str]]:
    """Renew the leases and save the texts of live replies in one statement, on the database's clock.

    Returns the ids of those whose stop was requested, and of those that another attempt has taken.
    """
    statement = (
        f"UPDATE {Message._meta.db_table} SET lease_until = {LEASE_UNTIL[connection.vendor]},"  # noqa: S608 - no input in it
        " barren = CASE WHEN text = %s AND reasoning = %s THEN barren ELSE 0 END,"
        " text = %s, reasoning = %s, epoch = %s, prompt_tokens = %s, completion_tokens = %s,"
        " reasoning_ms = %s"
        " WHERE id = %s AND state = %s AND attempt = %s AND lease_until IS NOT NULL"  # let go of since: not taken back
    )
    adapt = Message._meta.pk.get_db_prep_value
    rows = [
        (
            *(
                one.text,
                one.reasoning,
                one.text,
                one.reasoning,
                one.epoch,
                one.prompt_tokens,
                one.tokens,
                one.reasoning_ms,
            ),
            *(adapt(one.id, connection), State.WRITING.value, one.attempt),
        )
        for one in checkpoints
    ]
    with connection.cursor() as cursor:
        cursor.executemany(statement, rows)
    now = Message.objects.filter(pk__in=[one.id for one in checkpoints], state=State.WRITING)
    held = {str(pk): (attempt, stop) for pk, attempt, stop in now.values_list("pk", "attempt", "stop_requested")}
    mine = {one.id for one in checkpoints if one.id in held and held[one.id][0] == one.attempt}
    return {pk for pk in mine if held[pk][1]}, {one.id for one in checkpoints} - mine
