"""How much goes through: people who ask again as soon as they were answered, with one web process and with two."""

import asyncio
import signal
import time
import uuid
from collections.abc import Sequence
from typing import Any

from chatsite.bench import usage
from chatsite.bench.client import PATIENCE_S, Socket, open_all
from chatsite.bench.replies import Reply, of_frames
from tests.cluster.site import WEBS, Cluster, wait_for_end
from tests.faults.site import WORKERS

TOKENS = 64  # of a reply
RATE = 400.0  # tokens a second that the engine writes of each
TTFT_S = 0.02
WARM_UP_S = 3.0
SENT = b'{"type":"sent"'
BY = (*WEBS, *WORKERS, "redis", "proxy")
Kept = tuple[str, float, list[tuple[float, bytes]]]  # a question, when it was sent, and the frames that came


async def with_one_and_two(site: Cluster, cookies: Sequence[str], seconds: float) -> list[dict[str, Any]]:
    """A row for each number of web processes."""
    return [await _with(site, webs, cookies, seconds) for webs in (WEBS[:1], WEBS)]


async def _with(site: Cluster, webs: Sequence[str], cookies: Sequence[str], seconds: float) -> dict[str, Any]:
    for web in WEBS:
        part = site.parts[web]
        part.held = web not in webs
        if part.held and part.is_running:
            part.signal(signal.SIGTERM)
            await wait_for_end(part, 30)
    await site.is_ready_for(taking=True)
    return {"web_processes": len(webs), **await _load(site, cookies, seconds)}


async def _load(site: Cluster, cookies: Sequence[str], seconds: float) -> dict[str, Any]:
    sockets = await open_all(site.port, cookies)
    kept: list[Kept] = []
    begin = time.monotonic() + WARM_UP_S
    asking = [asyncio.create_task(_ask(socket, kept, begin + seconds)) for socket in sockets]
    await asyncio.sleep(begin - time.monotonic())
    before = _used(site)
    await asyncio.sleep(begin + seconds - time.monotonic())
    after, end = _used(site), time.monotonic()
    await asyncio.wait(asking, timeout=PATIENCE_S)
    for socket in sockets:
        socket.close()
    for task in asking:
        task.cancel()
    cores = {f"{name}_cores": round((after[name] - before[name]) / (end - begin), 2) for name in before}
    return {"people": len(sockets), **figures(kept, begin, end), **cores}


async def _ask(socket: Socket, kept: list[Kept], until: float) -> None:
    while time.monotonic() < until and not socket.is_closed:
        socket.ask(f"@tokens={TOKENS} {uuid.uuid4()}", html=False)
        kept.append((socket.question, socket.sent_at, socket.frames))
        await asyncio.wait([socket.ended])


def figures(kept: Sequence[Kept], begin: float, end: float) -> dict[str, Any]:
    """What came between two moments, a second, and what was wrong at all."""
    replies = [of_frames(question, TOKENS, at, frames) for question, at, frames in kept]
    accepted = [at for _, _, frames in kept for at, raw in frames if raw.startswith(SENT)]
    ends = [frames[-1][0] for (_, _, frames), reply in zip(kept, replies, strict=True) if not _is_wrong(reply)]
    tokens = [at for reply in replies for at, _ in reply.arrivals]
    row = {"messages_accepted_per_s": accepted, "replies_per_s": ends, "tokens_per_s": tokens}
    rates = {name: round(sum(begin <= at < end for at in moments) / (end - begin), 1) for name, moments in row.items()}
    return {**rates, "replies": len(replies), "wrong_replies": sum(map(_is_wrong, replies))}


def _is_wrong(reply: Reply) -> bool:
    return bool(reply.unsent or reply.fault or reply.lost or reply.doubled or reply.reordered or reply.foreign)


def _used(site: Cluster) -> dict[str, float]:
    """Processor time by process, and of all that this machine does."""
    pids = {name: site.parts[name].pid for name in BY}
    each = {name: usage.usage(pid, *usage.descendants(pid)).cpu_s for name, pid in pids.items()}
    return {**each, "client": time.process_time(), "machine": usage.machine_cpu_s()}
