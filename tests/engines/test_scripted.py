"""The scripted engine's own promises: exact text, exact pace, faults on demand."""

import asyncio
import selectors
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from inference import engines
from inference.protocol import Chunk, EngineDead, EngineError, Finish, Prefix, Problem, Request, Turn
from tests.engines.subjects import collect, model

FAULTS = {
    "fail_after": Problem.FAILED,
    "out_of_memory_after": Problem.OUT_OF_MEMORY,
    "die_after": Problem.DEAD,
}


async def engine(**options: Any) -> Any:
    built = engines.build(model("scripted", **{"rate": 500, **options}), Path())
    await built.start()
    return built


def ask(text: str = "Hello", prefix: Prefix | None = None) -> Request:
    return Request("1", (Turn("user", text),), prefix or Prefix())


async def said(running: Any, request: Request) -> list[Chunk]:
    return [chunk async for chunk in running.stream(request)]


def text(chunks: list[Chunk]) -> str:
    return "".join(chunk.text for chunk in chunks)


async def test_it_says_its_text_or_what_was_asked_or_as_many_tokens_as_wished() -> None:
    assert text(await said(await engine(text="One two 三."), ask())) == "One two 三."
    assert text(await said(await engine(echo=True), ask("Say  this \n back"))) == "Say  this \n back"
    chunks = await said(await engine(tokens=70), ask())
    assert chunks[-1].completion_tokens == 70
    assert text(chunks) == text(await said(await engine(tokens=70), ask()))
    assert text(chunks) != text(await said(await engine(tokens=70), ask("Another prompt")))


class Ahead(selectors.DefaultSelector):
    """Never waits: the time it would have waited has passed at once."""

    now = 1000.005

    def select(self, timeout: float | None = None) -> Any:
        self.now += timeout or 0
        return super().select(timeout and 0)


class Loop(asyncio.SelectorEventLoop):
    """Time passes here only while nothing is to be done, so that each moment is exact."""

    def __init__(self) -> None:
        self._ahead = Ahead()
        super().__init__(self._ahead)

    def time(self) -> float:
        return self._ahead.now


def moments(delays: Sequence[float], **options: Any) -> list[list[float]]:
    """When each token comes to each who asks after such a delay, from the beginning of all."""

    async def follow(running: Any, delay: float) -> list[float]:
        clock = asyncio.get_running_loop().time
        await asyncio.sleep(delay)
        return [clock() - Ahead.now async for _ in running.stream(ask())]

    async def all_of_them() -> list[list[float]]:
        running = await engine(**options)
        return await asyncio.gather(*(follow(running, delay) for delay in delays))

    with asyncio.Runner(loop_factory=Loop) as runner:
        return runner.run(all_of_them())


@pytest.mark.parametrize(("together", "second"), [(False, 0.12), (True, 0.115)])
def test_tokens_come_when_they_should(together: bool, second: float) -> None:
    (times,) = moments([0], tokens=10, ttft=0.1, rate=50, together=together)
    assert times == pytest.approx([0.1, *(second + number / 50 for number in range(9))])


def test_together_means_at_the_same_moments() -> None:
    one, other = moments([0, 0.011], tokens=12, rate=40, together=True)
    assert one[2:10] == pytest.approx(other[2:10])
    one, other = moments([0, 0.011], tokens=12, rate=40)
    assert other == pytest.approx([moment + 0.011 for moment in one]), "the premise: else each has its own"


async def test_a_late_consumer_gets_what_is_due_at_once() -> None:
    running = await engine(tokens=20, rate=200)
    stream = running.stream(ask())
    first = await anext(stream)
    await asyncio.sleep(0.2)
    rest = [chunk async for chunk in stream]
    assert len(rest) == 1
    assert rest[0].completion_tokens == 20
    assert first.text + rest[0].text == text(await said(running, ask()))


async def test_it_thinks_first_and_goes_on_from_inside_its_thought() -> None:
    running = await engine(reasoning="I wonder why.", text="Because.")
    whole = await said(running, ask())
    assert "".join(chunk.reasoning for chunk in whole) == "I wonder why."
    for at in range(1, len("I wonder why.")):
        rest = await said(running, ask(prefix=Prefix("", "I wonder why."[:at])))
        assert "".join(chunk.reasoning for chunk in rest) == "I wonder why."[at:]
        assert text(rest) == "Because."
    rest = await said(running, ask(prefix=Prefix("Bec", "I wonder why.")))
    assert (text(rest), "".join(chunk.reasoning for chunk in rest)) == ("ause.", "")


async def test_a_prefix_is_refused_where_the_catalog_says_so() -> None:
    with pytest.raises(EngineError) as refusal:
        await said(await engine(continues_prefix=False), ask(prefix=Prefix("The")))
    assert refusal.value.problem is Problem.UNSUPPORTED


@pytest.mark.parametrize("option", FAULTS)
async def test_faults_come_after_exactly_so_many_tokens(option: str) -> None:
    running = await engine(tokens=9, **{option: 3})
    whole = text(await said(await engine(tokens=9), ask()))
    chunks: list[Chunk] = []
    with pytest.raises(EngineError) as fault:
        await collect(running.stream(ask()), chunks)
    assert text(chunks) == text(await said(await engine(tokens=3), ask()))
    assert whole.startswith(text(chunks))
    assert fault.value.retry is (option != "fail_after")
    assert fault.value.problem is FAULTS[option]
    health = await running.health()
    assert health.ready is (option != "die_after")
    assert health.running == 0


async def test_when_it_dies_every_reply_on_it_fails() -> None:
    running = await engine(tokens=500, rate=50, directives=True)
    others = [asyncio.create_task(said(running, ask())) for _ in range(1)]
    await asyncio.sleep(0.05)
    with pytest.raises(EngineDead):
        await said(running, ask("@die_after=2"))
    for other in others:
        with pytest.raises(EngineDead):
            await other
    with pytest.raises(EngineDead):
        await said(running, ask())


async def test_closing_it_ends_its_replies() -> None:
    running = await engine(tokens=500, rate=20)
    reply = asyncio.create_task(said(running, ask()))
    await asyncio.sleep(0.05)
    await running.close()
    with pytest.raises(EngineDead):
        await asyncio.wait_for(reply, 1)
    assert not (await running.health()).ready


async def test_a_prompt_may_direct_it_only_where_the_catalog_allows() -> None:
    allowed, refused = await engine(tokens=9, directives=True), await engine(tokens=9)
    assert (await said(allowed, ask("@tokens=4")))[-1].completion_tokens == 4
    assert (await said(refused, ask("@tokens=4")))[-1].completion_tokens == 9
    with pytest.raises(EngineError) as refusal:
        await said(allowed, ask("@rate=never"))
    assert refusal.value.problem is Problem.BAD_REQUEST


async def test_starting_may_take_time_or_fail() -> None:
    slow = engines.build(model("scripted", start_delay=0.1), Path())
    starting = asyncio.create_task(slow.start())
    await asyncio.sleep(0.02)
    assert (await slow.health()).detail == "starting"
    await starting
    assert (await slow.health()).ready
    with pytest.raises(EngineError, match="not to start"):
        await engines.build(model("scripted", fail_start=True), Path()).start()


async def test_two_hundred_replies_lose_nothing() -> None:
    entry = replace(model("scripted", tokens=40, rate=100, together=True), slots=256)
    running = engines.build(entry, Path())
    await running.start()
    replies = await asyncio.gather(*(said(running, ask(str(number))) for number in range(200)))
    assert {chunks[-1].finish for chunks in replies} == {Finish.STOP}
    assert {chunks[-1].completion_tokens for chunks in replies} == {40}
    alone = text(await said(running, ask("7")))
    assert text(replies[7]) == alone
