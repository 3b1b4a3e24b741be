"""What every engine must do. A new engine joins by adding itself to ``tests.engines.subjects``."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Literal

import pytest

from inference.protocol import (
    REPLY_ROOM,
    Chunk,
    EngineError,
    Finish,
    Prefix,
    Problem,
    Request,
    Sampling,
    Turn,
)
from tests.engines.subjects import Subject

pytestmark = pytest.mark.asyncio(loop_scope="session")
USER = (Turn("user", "Hello"),)


async def test_the_chunks_are_the_reply_and_the_last_one_counts(subject: Subject) -> None:
    said = await subject.say()
    assert said.text.strip()
    assert len(said.chunks) > 1
    assert [chunk.finish is None for chunk in said.chunks] == [True] * (len(said.chunks) - 1) + [False]
    assert said.last.prompt_tokens > 0
    assert 0 < said.last.completion_tokens <= 24
    assert {(chunk.prompt_tokens, chunk.prefix_tokens) for chunk in said.chunks} == {(said.last.prompt_tokens, 0)}
    counts = [chunk.completion_tokens for chunk in said.chunks]
    assert counts == sorted(counts)


async def test_the_same_question_has_the_same_reply_at_temperature_zero(subject: Subject) -> None:
    assert (await subject.say()).text == (await subject.say()).text


async def test_instructions_are_read_before_the_conversation(subject: Subject) -> None:
    """In the place of those that some templates have for conversations without."""
    told = subject.request(max_tokens=4)
    told = replace(told, turns=(Turn("system", "Answer like a pirate, and briefly. " * 5), *told.turns))
    plain = (await subject.say(max_tokens=4)).last.prompt_tokens
    async with contextlib.aclosing(subject.engine.stream(told)) as chunks:
        assert (await anext(chunks)).prompt_tokens > plain


@pytest.mark.parametrize("effort", ["low", "medium", "high"])
async def test_what_a_person_may_set_is_taken(subject: Subject, effort: Literal["low", "medium", "high"]) -> None:
    """An effort too: a model that does not reason has no use for it, and takes no offence."""
    request = replace(subject.request(max_tokens=4, temperature=2.0, top_p=0.01), effort=effort)
    assert [chunk async for chunk in subject.engine.stream(request)][-1].finish


async def test_it_ends_at_max_tokens(subject: Subject) -> None:
    said = await subject.say(max_tokens=5)
    assert (said.last.finish, said.last.completion_tokens) == (Finish.LENGTH, 5)
    assert (await subject.say()).text.startswith(said.text)


async def test_it_ends_before_a_stop_string_that_spans_tokens(subject: Subject) -> None:
    whole = (await subject.say()).text
    stop = whole[9:16]
    assert len(stop) == 7
    said = await subject.say(stop=("never said", stop))
    assert said.text == whole[: whole.index(stop)]
    assert said.last.finish is Finish.STOP


async def test_what_only_began_like_a_stop_string_is_said(subject: Subject) -> None:
    whole = await subject.say()
    said = await subject.say(stop=(whole.text[-4:] + "§",))
    assert said.text == whole.text


async def test_a_conversation_that_does_not_fit_is_refused(subject: Subject) -> None:
    with pytest.raises(EngineError) as refusal:
        await subject.say("word " * 2000)
    assert (refusal.value.problem, refusal.value.retry) == (Problem.TOO_LONG, False)


async def test_a_reply_ends_where_the_window_does(subject: Subject) -> None:
    window = subject.engine.capabilities.context_window
    words = window - 2 * REPLY_ROOM - 60
    letters = "word " if subject.model.engine in {"llamacpp", "vllm", "transformers"} else "word"
    said = await subject.say(subject.endless + " ok" + letters * words, max_tokens=10_000)
    assert said.last.prompt_tokens + said.last.completion_tokens <= window
    assert said.last.completion_tokens < 3 * REPLY_ROOM


@pytest.mark.parametrize(
    "request_",
    [
        Request("1", ()),
        Request("1", (*USER, Turn("assistant", "Hi"))),
        Request("1", USER, sampling=Sampling(max_tokens=0)),
        Request("1", USER, sampling=Sampling(temperature=3.0)),
        Request("1", USER, sampling=Sampling(top_p=0.0)),
        Request("1", USER, sampling=Sampling(stop=("",))),
    ],
    ids=["no turns", "not the user's turn", "no tokens", "too hot", "no probability", "empty stop string"],
)
async def test_a_bad_request_is_the_requests_fault(subject: Subject, request_: Request) -> None:
    with pytest.raises(EngineError) as refusal:
        await anext(subject.engine.stream(request_))
    assert (refusal.value.problem, refusal.value.retry) == (Problem.BAD_REQUEST, False)
    await _idle(subject)


async def test_two_replies_are_made_at_once(subject: Subject) -> None:
    order: list[str] = []

    async def follow(name: str) -> None:
        async for chunk in subject.engine.stream(subject.request(f"{subject.question} {name}")):
            assert chunk
            order.append(name)

    await asyncio.gather(follow("a"), follow("b"))
    assert order.index("b") < len(order) - 1 - order[::-1].index("a")
    assert order.index("a") < len(order) - 1 - order[::-1].index("b")


async def test_closing_a_stream_gives_its_slot_to_the_next(subject: Subject) -> None:
    async with contextlib.AsyncExitStack() as stack:
        streams = [await _begun(subject, stack) for _ in range(subject.engine.capabilities.slots)]
        waiting = asyncio.create_task(_begun(subject, stack))
        done, _ = await asyncio.wait({waiting}, timeout=0.4)
        assert not done, "there was a slot too many"
        await streams[0].aclose()
        await asyncio.wait_for(waiting, 30)
    await _idle(subject)


async def test_cancelling_the_consumer_frees_the_engine(subject: Subject) -> None:
    began = asyncio.Event()

    async def consume() -> None:
        async for _ in subject.engine.stream(subject.request(subject.endless, max_tokens=300)):
            began.set()

    task = asyncio.create_task(consume())
    await asyncio.wait_for(began.wait(), 10)
    assert (await subject.engine.health()).running == 1
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    await _idle(subject)


async def test_no_chunk_holds_half_a_character(subject: Subject) -> None:
    said = await subject.say(subject.foreign, max_tokens=40)
    assert not said.text.isascii()
    for chunk in said.chunks:
        assert "�" not in chunk.text
        chunk.text.encode()


async def test_a_prefix_cut_anywhere_goes_on_without_a_seam(subject: Subject) -> None:
    whole = (await subject.say(max_tokens=16)).text
    cuts = range(1, len(whole), 3)
    assert any(letter.isspace() for letter in whole)
    goes_on = await asyncio.gather(*(subject.say(prefix=Prefix(whole[:at]), max_tokens=6) for at in cuts))
    for at, said in zip(cuts, goes_on, strict=True):
        known = whole[at : at + subject.exact_after_cut]
        length = min(len(known), len(said.text))
        assert length or at >= len(whole) - 1
        assert said.text[:length] == known[:length], f"cut after {whole[:at][-12:]!r}"


async def test_a_prefix_cut_inside_foreign_letters_goes_on(subject: Subject) -> None:
    whole = (await subject.say(subject.foreign, max_tokens=16)).text
    cuts = range(1, min(len(whole), 16))
    goes_on = await asyncio.gather(*(subject.say(subject.foreign, Prefix(whole[:at]), max_tokens=6) for at in cuts))
    for at, said in zip(cuts, goes_on, strict=True):
        assert "�" not in said.text
        length = min(2, len(said.text), len(whole) - at)
        assert said.text[:length] == whole[at : at + length], f"cut after {whole[:at]!r}"


async def test_a_prefix_is_read_not_said_and_counts_as_prompt(subject: Subject) -> None:
    whole = await subject.say()
    middle = len(whole.text) // 2
    said = await subject.say(prefix=Prefix(whole.text[:middle]), max_tokens=3)
    assert said.last.prompt_tokens - said.last.prefix_tokens == pytest.approx(whole.last.prompt_tokens, abs=3)
    assert 0 < said.last.prefix_tokens < whole.last.completion_tokens + 3
    assert said.last.completion_tokens == 3
    assert said.last.finish is Finish.LENGTH


async def test_a_prefix_that_fills_the_window_is_cut_not_refused(subject: Subject) -> None:
    window = subject.engine.capabilities.context_window
    said = await subject.say(prefix=Prefix("word " * (window * 2)), max_tokens=8)
    assert (said.text, said.last.finish) == ("", Finish.LENGTH)


async def test_reasoning_is_continued_or_refused_where_there_is_none(subject: Subject) -> None:
    prefix = Prefix("", "I think")
    if subject.engine.capabilities.reasoning:
        assert (await subject.say(prefix=prefix)).last.prefix_tokens > 0
        return
    with pytest.raises(EngineError) as refusal:
        await subject.say(prefix=prefix)
    assert refusal.value.problem is Problem.UNSUPPORTED


async def test_a_healthy_engine_says_so_within_a_second(subject: Subject) -> None:
    async def seconds() -> float:
        began = time.monotonic()
        health = await subject.engine.health()
        assert health.ready
        assert not health.detail
        return time.monotonic() - began

    assert min([await seconds() for _ in range(3)]) < 1, "the quickest counts: what else the machine does only adds"


async def _begun(subject: Subject, stack: contextlib.AsyncExitStack) -> AsyncGenerator[Chunk, None]:
    """A long reply that has begun."""
    stream = subject.engine.stream(subject.request(subject.endless, max_tokens=300))
    stack.push_async_callback(stream.aclose)
    await asyncio.wait_for(anext(stream), 10)
    return stream


async def _idle(subject: Subject) -> None:
    async with asyncio.timeout(10):
        while (await subject.engine.health()).running:  # noqa: ASYNC110 - an engine tells nobody when it is idle
            await asyncio.sleep(0.01)
