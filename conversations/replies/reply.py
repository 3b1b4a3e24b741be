"""What a ticket leads to: claim the fairest reply, write it, and the next. Runs on the worker's loop."""

import asyncio
import logging

from conversations import metrics
from conversations.database import in_database
from conversations.replies import naming, queue
from conversations.replies.attempt import Attempt
from conversations.replies.claimed import claim
from conversations.replies.tickets import queue_ticket
from inference.concerning import concerning
from inference.events.writer import Superseded
from inference.protocol import EngineDead
from inference.runner import Aborted
from inference.worker import Worker

PATIENCE_S = 0.5  # for an engine that is not there

log = logging.getLogger(__name__)


async def serve(worker: Worker) -> None:
    """Claim the fairest reply that waits for this worker's model, write it to its end, then the next, while any waits.

    A ticket may find nothing: another took it, or the person who waits has enough in writing.
    """
    while await _serve_one(worker):
        if worker.is_ending or not await in_database(queue.has_free, worker.model.name):
            return


async def _serve_one(worker: Worker) -> bool:
    try:
        async with asyncio.timeout(PATIENCE_S):
            engine = await worker.engine()
    except TimeoutError:  # it is being rebuilt; another worker may take the ticket at once
        await in_database(queue_ticket, worker.model.name)
        return False
    except EngineDead as error:
        log.info("A ticket is left to another worker: %s", error)
        await in_database(queue_ticket, worker.model.name)
        return False
    claimed = await in_database(claim, worker.model)
    if claimed is None:
        return False
    reply = claimed.reply
    attempt = Attempt(worker, engine, claimed)
    with worker.writing(attempt.live), concerning(reply.pk):
        try:
            await attempt.write()
        except (Superseded, Aborted) as end:
            log.info("Attempt %d ended here: %s", reply.attempt, end)
        finally:
            metrics.attempted(reply, attempt.live)
    naming.begin(worker, engine, claimed, attempt.ended, attempt.live.text)
    return True
