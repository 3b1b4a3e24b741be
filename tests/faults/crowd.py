"""People who keep asking, each in a tab of their own, often with a second tab on the same conversation."""

import asyncio
import contextlib
import itertools
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from tests.faults.page import Page
from tests.faults.question import Question
from tests.faults.tab import Seen, Tab

PATIENCE_S = 240.0  # for one reply, faults included
LAST_S = 30.0  # that a tab has to see an end which another tab has seen: it may come back a long pause later
LOOK_S = 0.05
GO_ON = 0.3  # share of questions asked in the same conversation
TWO_TABS = 0.5
FORMATTED = 0.5  # of the second tabs
STOPPED = 0.1
LONGEST_TALK = 3  # questions in one conversation


@dataclass
class Asked:
    """A question, and the reply to it as its tabs saw it, the asking one first."""

    question: Question
    earlier: tuple[str, ...]  # what was said before in the conversation
    is_stopped: bool
    reply: str = ""
    seen: list[Seen] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    @property
    def prompt_tokens(self) -> int:
        """As the scripted engine counts them; a reply that was stopped before its first word was never said."""
        return sum(len(text) // 4 + 1 for text in (*self.earlier, self.question.text) if text)

    @property
    def said(self) -> str:
        """What the script has said, as far as the asking tab has come."""
        return self.question.text.encode()[: self.seen[0].screen.cursor[2]].decode(errors="ignore")

    @property
    def is_live(self) -> bool:
        return bool(self.seen) and self.seen[0].screen.end is None

    @property
    def has_ended(self) -> bool:
        return bool(self.seen) and self.seen[0].screen.end is not None


class Person:
    """One person. ``tokens`` are the shortest and the longest reply they ask for; with ``prompt``, of a real model.

    ``formatted`` is whether they ask in a tab that formats; in which tab they look besides is chance.
    """

    def __init__(
        self,
        port: int,
        cookie: str,
        chance: random.Random,
        tokens: tuple[int, int],
        prompt: str = "",
        *,
        formatted: bool = False,
    ) -> None:
        self.asked: list[Asked] = []
        self.connections = 0
        self._port = port
        self._cookie = cookie
        self._chance = chance
        self._tokens = tokens
        self._prompt = prompt
        self._formatted = formatted
        self._said: tuple[str, ...] = ()

    async def live(self, serials: "itertools.count[int]", closing: asyncio.Event) -> None:
        """Ask, read, ask again, until ``closing``."""
        await asyncio.sleep(self._chance.random() * 2)
        async with self._tab(formatted=self._formatted) as tab:
            while not closing.is_set():
                await self._converse(tab, next(serials))
                await asyncio.sleep(self._chance.random() * 0.5)

    @asynccontextmanager
    async def _tab(self, *, formatted: bool) -> AsyncIterator[Tab]:
        page = partial(Page, numbered=not self._prompt) if formatted else None
        tab = Tab(self._port, self._cookie, self._chance, page=page)
        try:
            yield tab
        finally:
            await tab.close()
            self.connections += tab.connections

    async def _converse(self, tab: Tab, serial: int) -> None:
        goes_on = 0 < len(self._said) < 2 * LONGEST_TALK and self._chance.random() < GO_ON
        earlier = self._said if goes_on else ()
        prompt = self._prompt and f"{self._prompt} ({serial})"
        question = Question(serial, self._chance.randint(*self._tokens), prompt)
        asked = Asked(question, earlier, is_stopped=self._chance.random() < STOPPED)
        self.asked.append(asked)
        beside = [asyncio.create_task(self._look_from_another_tab(asked, tab))]
        if asked.is_stopped:
            beside.append(asyncio.create_task(self._stop(asked, tab)))
        try:
            await self._ask(asked, tab, anew=not goes_on)
            await asyncio.wait(beside, timeout=LAST_S)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
        self._said = (*earlier, question.text, asked.said) if asked.has_ended else ()

    async def _ask(self, asked: Asked, tab: Tab, *, anew: bool) -> None:
        before = len(tab.refusals)
        client_id = tab.ask(asked.question.text, anew=anew)
        with contextlib.suppress(TimeoutError):  # the verdict counts what did not end
            async with asyncio.timeout(PATIENCE_S):
                await _until(lambda: client_id in tab.replies or len(tab.refusals) > before)
                if client_id in tab.replies:
                    asked.reply = tab.replies[client_id]
                    asked.seen.append(tab.seen[asked.reply])
                    await _until(lambda: asked.has_ended)
        asked.refusals = tab.refusals[before:]

    async def _look_from_another_tab(self, asked: Asked, tab: Tab) -> None:
        if self._chance.random() > TWO_TABS:
            return
        await _until(lambda: asked.is_live)
        await asyncio.sleep(self._chance.random() * 4)
        if tab.conversation is None or asked.has_ended:
            return
        async with self._tab(formatted=self._chance.random() < FORMATTED) as other:
            other.show(tab.conversation)
            await _until(lambda: asked.reply in other.seen or asked.has_ended)
            if asked.reply in other.seen:
                asked.seen.append(other.seen[asked.reply])
                await _until(lambda: not other.is_writing)

    async def _stop(self, asked: Asked, tab: Tab) -> None:
        await _until(lambda: asked.is_live)
        await asyncio.sleep(self._chance.random() * asked.question.tokens / 20)
        while asked.is_live:  # a person presses again when nothing happens
            tab.stop(asked.reply)
            await asyncio.sleep(3)


class Crowd:
    """All people, and what they asked."""

    def __init__(self, people: Sequence[Person]) -> None:
        self.people = people
        self._closing = asyncio.Event()
        self._tasks = [asyncio.create_task(person.live(SERIALS, self._closing)) for person in people]

    @property
    def asked(self) -> list[Asked]:
        return [asked for person in self.people for asked in person.asked]

    def live(self) -> list[Asked]:
        """Replies that are under way."""
        return [person.asked[-1] for person in self.people if person.asked and person.asked[-1].is_live]

    async def close(self) -> None:
        """Let everyone read to the end, then go. Raises what a person could not handle."""
        self._closing.set()
        _, late = await asyncio.wait(self._tasks, timeout=PATIENCE_S + LAST_S)
        for task in late:
            task.cancel()
        for end in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(end, Exception):
                raise end


SERIALS = itertools.count()


async def _until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - a tab tells nobody what it shows
        await asyncio.sleep(LOOK_S)
