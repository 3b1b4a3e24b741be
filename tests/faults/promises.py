"""What is promised of Stop, of fairness, of a worker that is told to end, and of a restart: measured, not only checked.

The site here has four slots, so that people wait; nobody's share is limited but by fairness itself.
"""

import asyncio
import random
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from itertools import pairwise
from typing import Any

from chatsite.bench.figures import percentile
from inference.presence import EVERY_S
from tests.faults.crowd import SERIALS
from tests.faults.question import Question
from tests.faults.site import WORKERS, Part, Site
from tests.faults.tab import Seen, Tab

SLOTS = 2  # of each of the two workers
RATE = 20.0
ENVIRONMENT = {"CHATSITE_REPLIES_AT_ONCE": "100"}
SENDS_A_SECOND = 25
SHORT, SLOT, LASTING, LONG = 40, 20, 200, 700  # tokens
GOALS = {  # figures and the most they may be
    "stop_to_free_slot_ms_p50": 200,
    "stop_while_queued_ms_p50": 200,
    "fair_others_first_ms_p50": SLOT / RATE * 1000,
    "fair_others_first_ms_max": SLOT / RATE * 1000 + 500,  # and what a busy machine adds
    "fair_started_before_most": 1,
    "drain_exit_s": 25,
    "drain_taken_after_sigterm": 0,
    "drain_hand_over_silence_s_max": 4,
    "drain_exit_status": 0,
    "fair_texts_wrong": 0,
    "drain_texts_wrong": 0,
    "restart_texts_wrong": 0,
}


class People:
    """Alice, who asks much, and others; each has a tab, Alice and Bob two."""

    def __init__(self, port: int, cookies: Sequence[str], stack: AsyncExitStack) -> None:
        chance = random.Random(1)  # noqa: S311 - only pauses come from it
        self.alice, self.alice2, self.bob, self.bob2, *self.others = (
            Tab(port, cookies[who], chance) for who in (0, 0, 1, 1, 2, 3, 4)
        )
        for tab in (self.alice, self.alice2, self.bob, self.bob2, *self.others):
            stack.push_async_callback(tab.close)

    async def are_here(self) -> None:
        tabs = (self.alice, self.alice2, self.bob, self.bob2, *self.others)
        await soon(lambda: all(tab.connections for tab in tabs), "all tabs to be open")


async def soon(condition: Callable[[], Any], what: str, seconds: float = 30) -> None:
    """Wait for the condition; raises TimeoutError that says what did not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}")
        await asyncio.sleep(0.002)


class Talk:
    """One question in one tab."""

    def __init__(self, tab: Tab, tokens: int) -> None:
        self.question = Question(next(SERIALS), tokens)
        self.asked_at = time.monotonic()
        self._tab = tab
        self._client_id = tab.ask(self.question.text)

    @property
    def seen(self) -> Seen | None:
        reply = self._tab.replies.get(self._client_id)
        return self._tab.seen[reply] if reply else None

    @property
    def started_at(self) -> float | None:
        return self.seen.started_at if self.seen else None

    @property
    def end(self) -> str:
        return self.seen.screen.end["type"] if self.seen and self.seen.screen.end else ""

    @property
    def is_whole(self) -> bool:
        seen = self.seen
        return bool(seen and seen.screen.text == self.question.text and seen.ends == 1 and not seen.faults)

    @property
    def has_moved(self) -> bool:
        """Whether another worker went on with it."""
        return bool(self.seen and self.seen.states)

    @property
    def longest_silence(self) -> float:
        """Seconds between two pieces of text, at most."""
        arrivals = self.seen.arrivals if self.seen else []
        return max((after - before for before, after in pairwise(arrivals)), default=0.0)

    def was_written_at(self, moment: float) -> bool:
        """Whether it had a slot then, as far as its text shows by now."""
        if not (self.seen and self.seen.started_at and self.seen.arrivals):
            return False
        return self.seen.started_at <= moment <= self.seen.arrivals[-1]

    async def saved(self) -> None:
        await soon(lambda: self.seen, "a message to be saved")

    async def started(self) -> None:
        await soon(lambda: self.started_at, "a reply to be started", 60)

    async def ended(self, seconds: float = 90) -> None:
        await soon(lambda: self.end, "a reply to end", seconds)

    async def stop(self, tab: Tab) -> float:
        """Press Stop in a tab; seconds until this tab reads that it stopped."""
        assert self.seen
        pressed = time.monotonic()
        tab.stop(self.seen.reply)
        await self.ended()
        return time.monotonic() - pressed


async def stops(people: People, times: int) -> dict[str, Any]:
    """Stop, pressed in another tab, frees the slot for who waits; pressed while queued, it ends the reply.

    One tab sends and another stops: in one, so many frames a second would be too fast.
    """
    freed, queued = [], []
    for _ in range(times):
        full = [Talk(people.alice, LASTING) for _ in range(SLOTS * len(WORKERS))]
        await asyncio.gather(*(talk.started() for talk in full))
        waits, gives_up = Talk(people.bob, LASTING), Talk(people.bob, LASTING)
        await asyncio.gather(waits.saved(), gives_up.saved())
        queued.append(await gives_up.stop(people.bob2))
        pressed = time.monotonic()
        assert full[0].seen
        people.alice2.stop(full[0].seen.reply)
        await waits.started()
        assert waits.started_at
        freed.append(waits.started_at - pressed)
        for talk, tab in ((waits, people.bob2), *((talk, people.alice2) for talk in full[1:])):
            await talk.stop(tab)
    return {
        "stop_to_free_slot_ms_p50": _ms(percentile(freed, 0.5)),
        "stop_to_free_slot_ms_max": _ms(max(freed)),
        "stop_while_queued_ms_p50": _ms(percentile(queued, 0.5)),
        "stop_while_queued_ms_max": _ms(max(queued)),
    }


async def fairness(people: People, queued: int) -> dict[str, Any]:
    """So many of Alice's wait; how long Bob's first takes, and how many of hers begin before it."""
    hers, chance = [], random.Random(2)  # noqa: S311 - only lengths and pauses come from it
    for _ in range(queued):
        hers.append(Talk(people.alice, chance.randint(SLOT // 2, SLOT)))
        await asyncio.sleep(1 / SENDS_A_SECOND)
    waits, before, taken = [], [], []
    while sum(talk.started_at is None for talk in hers) > 2 * SLOTS * len(WORKERS):
        await asyncio.sleep(chance.random() / 2)
        his = Talk(people.bob, SLOT)
        await his.started()
        assert his.started_at
        waits.append(his.started_at - his.asked_at)
        begun = [talk.started_at for talk in hers if talk.started_at]
        taken.append(sum(talk.was_written_at(his.asked_at) for talk in hers))
        before.append(sum(his.asked_at < at < his.started_at for at in begun))
        await his.ended()
    for talk in hers:
        await talk.ended()
    return {
        "fair_queued_of_one_person": queued,
        "fair_others_asked": len(waits),
        "fair_slots": SLOTS * len(WORKERS),
        "fair_slots_taken_least": min(taken),
        "fair_one_slot_ms": _ms(SLOT / RATE),
        "fair_others_first_ms_p50": _ms(percentile(waits, 0.5)),
        "fair_others_first_ms_max": _ms(max(waits)),
        "fair_started_before_most": max(before),
        "fair_texts_wrong": sum(not talk.is_whole for talk in hers),
    }


async def drain(site: Site, people: People) -> dict[str, Any]:
    """SIGTERM to a worker: no new work, what can end ends, the rest is handed over."""
    long = [Talk(tab, LONG) for tab in (people.alice, people.bob)]
    short = [Talk(tab, 6 * SHORT) for tab in people.others[:2]]
    await asyncio.gather(*(talk.started() for talk in (*long, *short)))
    worker = site.parts[WORKERS[0]]
    worker.held = True
    began = time.monotonic()
    worker.signal(signal.SIGTERM)
    more = [Talk(people.others[2], SHORT) for _ in range(3)]
    await asyncio.sleep(EVERY_S + 0.5)  # until it has said how many it has
    live = []
    while worker.is_running and time.monotonic() < began + 60:
        live.append(_live(site, worker.pid))
        await asyncio.sleep(0.2)
    took, status = time.monotonic() - began, worker.status
    worker.held = False
    everyone = (*long, *short, *more)
    for talk in everyone:
        await talk.ended()
    handed = [talk for talk in everyone if talk.has_moved]
    return {
        "drain_exit_s": round(took, 1),
        "drain_exit_status": status,
        "drain_taken_after_sigterm": sum(max(0, after - before) for before, after in pairwise(live)),
        "drain_handed_over": len(handed),
        "drain_hand_over_silence_s_max": round(max((talk.longest_silence for talk in handed), default=0), 2),
        "drain_texts_wrong": sum(not talk.is_whole for talk in everyone),
    }


async def restart(site: Part, people: People) -> dict[str, Any]:
    """``manage.py run`` ended by SIGTERM, and again by SIGKILL, and started anew each time, with replies under way."""
    row: dict[str, Any] = {}
    broken = 0
    for how in (signal.SIGTERM, signal.SIGKILL):
        name = f"restart_after_{how.name.lower()}"
        talks = [Talk(tab, LONG) for tab in (people.alice, people.bob, *people.others[:2])]
        await asyncio.gather(*(talk.started() for talk in talks))
        await asyncio.sleep(2)
        began = time.monotonic()
        site.signal(how)
        await soon(lambda: not site.is_running, "the site to end", 90)
        row[f"{name}_stopping_s"] = round(time.monotonic() - began, 1)
        site.start()
        for talk in talks:
            await talk.ended(120)
        row[f"{name}_silence_s_max"] = round(max(talk.longest_silence for talk in talks), 1)
        row[f"{name}_continued"] = sum(talk.has_moved for talk in talks)
        broken += sum(not talk.is_whole for talk in talks)
    return {**row, "restart_texts_wrong": broken}


def _live(site: Site, pid: int) -> int:
    return next((one.live for one in site.presences() if f"-{pid}@" in one.name), 0)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
