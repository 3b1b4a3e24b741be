"""vLLM's end while a request begins. Its core here is one that does as vLLM's: a request that was never aborted, or too
soon, waits for ever once the core is gone."""

import asyncio
from collections.abc import AsyncGenerator
from types import SimpleNamespace
from typing import Any

import pytest

from inference.engines.dialects.dialect import Opening
from inference.engines.vllm.engine import VllmEngine
from inference.protocol import EngineDead
from tests.engines.subjects import Subject, collect, model


class Core:
    """Knows of a request a while after it was asked; ends it when it is aborted then."""

    dead = False

    def __init__(self) -> None:
        self.asked, self.may_know = asyncio.Event(), asyncio.Event()
        self._known: dict[str, asyncio.Event] = {}
        self.ended = False

    def params(self, *_: Any, **__: Any) -> None:
        pass

    async def generate(self, ids: list[int], params: Any, name: str) -> AsyncGenerator[Any, None]:
        self.asked.set()
        await self.may_know.wait()
        self._known[name] = asyncio.Event()
        await self._known[name].wait()
        yield SimpleNamespace(token_ids=[], finish_reason="abort")

    async def abort(self, names: list[str]) -> None:
        for name in names:
            if name in self._known:
                self._known[name].set()
        self.may_know.set()

    def stop_listening(self) -> None:
        pass

    def shutdown(self) -> None:
        self.ended = True


async def test_a_request_that_begins_while_the_engine_is_closed_ends_with_it() -> None:
    engine, core = VllmEngine(model("vllm", format="text"), None), Core()
    reader = SimpleNamespace(feed=lambda ids: ("", ""), flush=lambda: "", stopped=False)
    dialect = SimpleNamespace(open=lambda request: Opening([1]), reader=lambda request, skip: reader, ends=[])
    engine._parts = core, dialect, None  # type: ignore[assignment]
    subject = Subject(engine, model("vllm"))
    reply = asyncio.create_task(collect(engine.stream(subject.request()), []))
    async with asyncio.timeout(4):
        await core.asked.wait()
        await engine.close()
        with pytest.raises(EngineDead):
            await reply
    assert core.ended
