"""What is Transformers' own: the loop it batches in, how tokens are drawn, and what it does when it dies."""

import asyncio
import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from inference import engines, weights
from inference.model import Weights
from inference.protocol import EngineDead, EngineError, Problem, Request, Sampling, Turn
from tests.engines.subjects import CATALOG, Subject, collect, libraries_may_warn, started

pytestmark = [pytest.mark.transformers, pytest.mark.asyncio(loop_scope="session")]


def core(subject: Subject) -> Any:
    return subject.engine._core  # type: ignore[attr-defined]


@pytest.mark.long
async def test_a_seed_repeats_what_was_drawn(transformers_subject: Subject) -> None:
    subject = transformers_subject

    async def drawn(seed: int | None) -> str:
        return (await subject.say(subject.foreign, temperature=2.0, seed=seed)).text

    once, again, other, free, freer = await asyncio.gather(*(drawn(seed) for seed in (7, 7, -8, None, None)))
    assert once == again
    assert len({once, other, free, freer}) == 4


async def test_little_probability_leaves_only_the_likeliest(transformers_subject: Subject) -> None:
    likeliest = await transformers_subject.say(temperature=0.0)
    drawn = await transformers_subject.say(temperature=2.0, top_p=0.0001)
    assert drawn.text == likeliest.text


async def test_what_is_stopped_leaves_nothing_behind(transformers_subject: Subject) -> None:
    """The library's own keeper of results holds what nobody fetches, prompts included."""
    subject = transformers_subject
    stream = subject.engine.stream(subject.request(subject.endless, max_tokens=300))
    await anext(stream)
    await stream.aclose()
    await subject.say(max_tokens=4)
    router, batch = core(subject)._router, core(subject)._manager.batch_processor
    assert not router._waiting
    assert router.output_queue.empty()
    assert not router.result_handlers
    assert not batch.scheduler.active_requests
    assert not batch.scheduler.waiting_requests


async def test_a_beginning_that_was_read_is_not_read_again(
    transformers_subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A conversation's next question begins with all that came before."""
    subject, long = transformers_subject, "Tell me of the sea and of ships. " * 12
    cache, found = core(subject)._manager.batch_processor.cache, list[int]()
    search = cache.search_prefix_match

    def searched(*arguments: Any) -> Any:
        found.append(search(*arguments))
        return found[-1]

    monkeypatch.setattr(cache, "search_prefix_match", searched)
    first = await subject.say(long, max_tokens=2)
    again = await subject.say(long, max_tokens=2)
    assert (found[0] < 64, found[-1] >= 64) == (True, True)
    assert again.text == first.text


@pytest.mark.long
async def test_a_cache_that_is_too_small_for_all_serves_them_in_turn(cache: Path) -> None:
    entry = CATALOG.get("smollm2-135m-transformers")
    options = {**entry.options, "cache_tokens": 256}
    async with started(replace(entry, context_window=256, slots=3, options=options), cache) as engine:
        subject = Subject(engine, entry)
        alone = await subject.say(max_tokens=100)
        together = await asyncio.gather(*(subject.say(max_tokens=100) for _ in range(3)))
        assert {said.text for said in together} == {alone.text}
        assert {said.last.completion_tokens for said in together} == {alone.last.completion_tokens}
        # Whoever was kept out meanwhile must come in when those inside are stopped, not only when they finish.
        streams = [engine.stream(subject.request(subject.endless, max_tokens=150)) for _ in range(3)]
        readers = [asyncio.create_task(collect(stream, [])) for stream in streams]
        await asyncio.sleep(0)
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
        assert (await asyncio.wait_for(subject.say(max_tokens=4), 60)).text


@pytest.mark.long
async def test_a_loop_that_dies_fails_its_replies_and_the_engine_can_be_made_anew(cache: Path) -> None:
    entry = replace(CATALOG.get("smollm2-135m-transformers"), context_window=256, slots=2)
    async with started(entry, cache) as engine:
        subject = Subject(engine, entry)
        stream = engine.stream(subject.request(subject.endless, max_tokens=150))
        await anext(stream)
        reply = asyncio.create_task(collect(stream, []))
        core(subject)._manager.model = _broken(MemoryError("no more"))
        with pytest.raises(EngineDead) as death:
            await asyncio.wait_for(reply, 30)
        assert death.value.problem is Problem.OUT_OF_MEMORY
        assert death.value.retry
        assert not (await engine.health()).ready
        with pytest.raises(EngineDead):
            await subject.say()
    async with started(entry, cache) as engine:
        assert (await Subject(engine, entry).say(max_tokens=4)).text


async def test_closing_fails_what_runs(cache: Path) -> None:
    entry = replace(CATALOG.get("smollm2-135m-transformers"), context_window=256, slots=2)
    async with started(entry, cache) as engine:
        subject = Subject(engine, entry)
        stream = engine.stream(subject.request(subject.endless, max_tokens=150))
        await anext(stream)
        reply = asyncio.create_task(collect(stream, []))
        await engine.close()
        with pytest.raises(EngineDead):
            await asyncio.wait_for(reply, 30)
        assert (await engine.health()).detail == "The engine was closed."
        with pytest.raises(EngineDead):
            await subject.say()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"device": "cuda"}, "PyTorch sees no GPU here"),
        ({"arguments": {"attn_implementation": "none_such"}}, "Transformers did not start: ValueError"),
        ({"cache_tokens": 10**9}, "Transformers did not start: MemoryError"),
    ],
)
async def test_a_model_that_cannot_start_says_so(
    cache: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], words: str
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    entry = CATALOG.get("smollm2-135m-transformers")
    broken = replace(entry, context_window=400, options={**entry.options, **options})
    weights.prepare(broken, cache, lambda _: None)
    with libraries_may_warn(), pytest.raises(EngineError, match=words):
        await engines.build(broken, cache).start()


async def test_weights_that_are_none_are_named(tmp_path: Path) -> None:
    entry = replace(CATALOG.get("smollm2-135m-transformers"), weights=Weights("path", str(tmp_path)))
    with libraries_may_warn(), pytest.raises(EngineError, match="Transformers did not start"):
        await engines.build(entry, tmp_path).start()


async def test_an_engine_that_is_not_started_says_so(cache: Path) -> None:
    engine = engines.build(CATALOG.get("smollm2-135m-transformers"), cache)
    assert (await engine.health()).detail == "starting"
    request = Request("1", (Turn("user", "Hi"),), sampling=Sampling(max_tokens=1))
    with pytest.raises(EngineError, match="still starting") as refusal:
        async with contextlib.aclosing(engine.stream(request)) as chunks:
            await anext(chunks)
    assert refusal.value.retry
    await engine.close()


def _broken(error: Exception) -> Any:
    """A network whose every step fails."""

    def fail(**_: Any) -> None:
        raise error

    return fail
