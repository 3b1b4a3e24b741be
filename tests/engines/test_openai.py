"""What servers over HTTP do: refuse, break, fall silent, count in their own way."""

import asyncio
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from inference import engines
from inference.engines.openai.answer import Answer
from inference.engines.openai.errors import from_status
from inference.engines.openai.sse import Events
from inference.protocol import Chunk, EngineDead, EngineError, Finish, Prefix, Problem, Request, Sampling, Turn
from tests.engines import server
from tests.engines.subjects import CATALOG, Subject, collect, model, started

pytestmark = pytest.mark.asyncio
ASK = Request("1", (Turn("user", "Hello"),), sampling=Sampling(max_tokens=20))


@asynccontextmanager
async def both(cache: Path, *, script: dict[str, Any] | None = None, **options: Any) -> AsyncIterator[tuple[Any, Any]]:
    """A server and an engine that asks it."""
    app = server.App(model("scripted", **{"tokens": 10, "rate": 200, "directives": True, **(script or {})}))
    with server.serving(app) as url:
        async with started(model("openai", url=url, **options), cache) as engine:
            yield app, engine


async def said(engine: Any, request: Request = ASK) -> list[Chunk]:
    return [chunk async for chunk in engine.stream(request)]


@pytest.mark.parametrize(
    ("status", "message", "problem", "retry"),
    [
        (400, "This model's maximum context length is 400 tokens.", Problem.TOO_LONG, False),
        (400, "temperature is odd", Problem.BAD_REQUEST, False),
        (401, "no", Problem.FAILED, False),
        (404, "never heard of it", Problem.FAILED, False),
        (429, "slow down", Problem.FAILED, True),
        (500, "sorry", Problem.FAILED, True),
        (503, "loading", Problem.FAILED, True),
    ],
)
async def test_a_refusal_is_named_and_its_words_are_not_repeated(
    cache: Path, status: int, message: str, problem: Problem, retry: bool
) -> None:
    async with both(cache) as (app, engine):
        app.refuse_with = (status, message)
        with pytest.raises(EngineError) as refusal:
            await said(engine)
    assert (refusal.value.problem, refusal.value.retry) == (problem, retry)
    assert message not in str(refusal.value)


@pytest.mark.parametrize(
    ("header", "after_s"), [("", 1.0), ("7", 7.0), ("0", 0.0), ("86400", 30.0), ("Wed, 21 Oct 2026 07:28:00 GMT", 1.0)]
)
async def test_a_server_that_is_busy_is_left_alone_for_as_long_as_it_says(header: str, after_s: float) -> None:
    assert from_status(429, "slow down", header).after_s == after_s


async def test_what_it_says_of_that_is_read(cache: Path) -> None:
    async with both(cache) as (app, engine):
        app.refuse_with, app.retry_after = (429, "slow down"), "7"
        with pytest.raises(EngineError) as refusal:
            await said(engine)
    assert refusal.value.after_s == 7


async def test_a_server_that_counts_max_tokens_into_the_window_is_asked_for_less(cache: Path) -> None:
    async with both(cache) as (app, engine):
        app.refuse_with = (400, "maximum context length is 400 tokens, your prompt contains at least 330 input tokens")
        with pytest.raises(EngineError):
            await said(engine, Request("1", ASK.turns, sampling=Sampling(max_tokens=300)))
        assert [body["max_tokens"] for body in app.bodies] == [300, 70]


async def test_a_server_that_knows_the_newer_name_of_max_tokens_only_is_asked_by_it(cache: Path) -> None:
    async with both(cache) as (app, engine):
        app.knows_new_name_only = True
        for _ in range(2):
            assert (await said(engine))[-1].finish is Finish.STOP
        asked = [sorted(body.keys() & {"max_tokens", "max_completion_tokens"}) for body in app.bodies]
        assert asked == [["max_tokens"], ["max_completion_tokens"], ["max_completion_tokens"]]
        app.refuse_with = (400, "Use 'max_completion_tokens' instead.")
        with pytest.raises(EngineError) as refusal:
            await said(engine)
        assert refusal.value.problem is Problem.BAD_REQUEST


async def test_a_broken_connection_is_a_dead_engine(cache: Path) -> None:
    async with both(cache) as (app, engine):
        app.break_after = 3
        chunks: list[Chunk] = []
        with pytest.raises(EngineDead):
            await collect(engine.stream(ASK), chunks)
        assert chunks


async def test_a_fault_in_mid_reply_may_be_tried_again(cache: Path) -> None:
    async with both(cache, script={"fail_after": 4}) as (_, engine):
        with pytest.raises(EngineError) as fault:
            await said(engine)
        assert (fault.value.problem, fault.value.retry) == (Problem.FAILED, True)


async def test_a_silent_server_is_given_up(cache: Path) -> None:
    async with both(cache, script={"ttft": 5}, timeout=0.2) as (_, engine):
        with pytest.raises(EngineError, match="silent") as fault:
            await said(engine)
        assert fault.value.retry


async def test_closing_the_stream_makes_the_server_give_up(cache: Path) -> None:
    async with both(cache, script={"tokens": 5000, "rate": 50}) as (app, engine):
        stream = engine.stream(ASK)
        await anext(stream)
        assert (await app.engine.health()).running == 1
        await stream.aclose()
        async with asyncio.timeout(10):
            while (await app.engine.health()).running:  # noqa: ASYNC110 - the server tells nobody
                await asyncio.sleep(0.01)


async def test_closing_the_engine_ends_its_replies(cache: Path) -> None:
    async with both(cache, script={"tokens": 5000, "rate": 5}) as (_, engine):
        reply = asyncio.create_task(said(engine))
        await asyncio.sleep(0.3)
        await engine.close()
        with pytest.raises(EngineDead):
            await asyncio.wait_for(reply, 15)


async def test_reasoning_is_kept_apart_and_continued(cache: Path) -> None:
    script = {"reasoning": "I wonder why.", "text": "Because it is so.", "tokens": 0}
    async with both(cache, script=script, reasoning=True, continues_prefix=True) as (app, engine):
        chunks = await said(engine)
        assert "".join(chunk.reasoning for chunk in chunks) == "I wonder why."
        assert "".join(chunk.text for chunk in chunks) == "Because it is so."
        chunks = await said(engine, Request("1", ASK.turns, Prefix("", "I won"), effort="low"))
        assert "".join(chunk.reasoning for chunk in chunks) == "der why."
        assert app.bodies[-1]["continue_final_message"] is True
        assert app.bodies[-1]["add_generation_prompt"] is False
        assert app.bodies[-1]["reasoning_effort"] == "low"


async def test_what_a_person_set_goes_to_the_server(cache: Path) -> None:
    async with both(cache, reasoning=True) as (app, engine):
        turns = (Turn("system", "Be kind."), *ASK.turns)
        await said(engine, Request("1", turns, sampling=Sampling(7, temperature=0.0, top_p=0.5), effort="high"))
        body = app.bodies[-1]
        assert body["messages"][0] == {"role": "system", "content": "Be kind."}
        chosen = {name: body[name] for name in ("temperature", "top_p", "max_tokens", "reasoning_effort")}
        assert chosen == {"temperature": 0.0, "top_p": 0.5, "max_tokens": 7, "reasoning_effort": "high"}
    async with both(cache) as (app, engine):
        await said(engine, Request("1", ASK.turns, effort="high"))
        assert "reasoning_effort" not in app.bodies[-1]


async def test_a_prefix_is_refused_unless_the_catalog_says_the_server_knows_it(cache: Path) -> None:
    async with both(cache) as (app, engine):
        with pytest.raises(EngineError) as refusal:
            await said(engine, Request("1", ASK.turns, Prefix("The")))
        assert refusal.value.problem is Problem.UNSUPPORTED
        assert not app.bodies


async def test_a_server_that_is_not_there_is_said_at_the_start(cache: Path) -> None:
    engine = engines.build(model("openai", url="http://127.0.0.1:9/v1"), cache)
    with pytest.raises(EngineError, match="no answer from http"):
        await engine.start()
    assert not (await engine.health()).ready
    await engine.close()


async def test_the_key_comes_from_its_file(cache: Path, tmp_path: Path) -> None:
    entry = model("openai", url="http://127.0.0.1:9/v1", key_file=str(tmp_path / "key"))
    with pytest.raises(EngineError, match="cannot be read"):
        await engines.build(entry, cache).start()


@pytest.mark.parametrize("held", ["sk-secret\nsk-other", "sk-secret for us", "sk-secrét"])
async def test_a_key_file_with_more_than_a_key_is_refused_and_not_quoted(
    cache: Path, tmp_path: Path, held: str
) -> None:
    """The HTTP library quotes a header that it cannot send."""
    file = tmp_path / "key"
    file.write_text(held)
    with pytest.raises(EngineError) as refusal:
        async with both(cache, key_file=str(file)):
            pass
    assert str(refusal.value) == f"openai: key_file {file} must hold an API key and nothing else: one word."
    assert "sk-" not in "".join(traceback.format_exception(refusal.value))


@pytest.mark.parametrize(
    "event",
    [
        {"choices": ["x"]},
        {"choices": 5},
        {"choices": [{"delta": "x"}]},
        {"choices": [{"delta": {"content": ["x"]}}]},
        {"choices": [{"delta": {}, "finish_reason": ["stop"]}]},
        {"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": "much"},
        {"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": {"prompt_tokens": "5"}},
        {"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": {"completion_tokens": 1.5}},
    ],
    ids=str,
)
async def test_an_event_of_another_shape_is_a_fault_of_this_reply(event: dict[str, Any]) -> None:
    with pytest.raises(EngineError) as fault:
        Answer(ASK).take(event)
    assert fault.value.retry
    assert "not as OpenAI's API has it" in str(fault.value)


async def test_halves_of_a_character_that_come_apart_become_one() -> None:
    """As servers send them that count in UTF-16: half a character can be neither saved nor told."""
    answer = Answer(ASK)
    pieces = ["a\ud83d", "\ude00b", "\ud83d", "c", "\ude00"]
    chunks = [answer.take({"choices": [{"delta": {"content": piece}}]}) for piece in pieces]
    alone = "\N{REPLACEMENT CHARACTER}"
    assert "".join(chunk.text for chunk in chunks if chunk) == f"a\N{GRINNING FACE}b{alone}c{alone}"
    thought = answer.take({"choices": [{"delta": {"reasoning": "\ud83d"}}]})
    assert thought is None


@pytest.mark.parametrize(("reason", "retry"), [("content_filter", False), ("tool_calls", False), ("abort", True)])
async def test_what_a_server_ends_on_purpose_is_not_asked_again(reason: str, retry: bool) -> None:
    with pytest.raises(EngineError, match=reason) as fault:
        Answer(ASK).take({"choices": [{"delta": {}, "finish_reason": reason}]})
    assert fault.value.retry is retry


async def test_llama_cpps_own_server_is_such_a_server(cache: Path) -> None:
    """Not ours, so it shows that what we read is what servers send."""
    import xllamacpp  # noqa: PLC0415 - native code that only this test of the file needs

    params = xllamacpp.CommonParams()
    found = CATALOG.get("smollm2-135m").weights
    assert found
    from inference import machine  # noqa: PLC0415

    params.model.path, params.n_ctx, params.n_parallel, params.verbosity = str(machine.find(found)), 1024, 2, 0
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    running = await asyncio.to_thread(xllamacpp.Server, params)
    entry = model("openai", url=f"{running.listening_address}/v1", window=512)
    async with started(entry, cache) as engine:
        subject = Subject(engine, entry)
        whole = await subject.say()
        assert whole.last.finish is Finish.LENGTH
        assert whole.last.completion_tokens == 24
        assert whole.last.prompt_tokens > 5
        assert (await subject.say(stop=(whole.text[10:14],))).text == whole.text[:10]
        with pytest.raises(EngineError) as refusal:
            await subject.say("word " * 2000)
        assert refusal.value.problem is Problem.TOO_LONG


async def test_events_are_cut_at_line_feeds_only_and_anywhere() -> None:
    stream = 'data: {"a": "one\u2028two"}\r\n\r\n: comment\nevent: x\ndata:{"a": "你"}\n\ndata: [DONE]\n\n'.encode()
    for size in (1, 3, 1000):

        async def source(size: int = size) -> AsyncIterator[bytes]:
            for at in range(0, len(stream), size):
                yield stream[at : at + size]

        events = Events(source())
        assert [await events.next_event() for _ in range(3)] == [{"a": "one\u2028two"}, {"a": "你"}, None]
