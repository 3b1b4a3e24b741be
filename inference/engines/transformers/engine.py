"""The engine seam for Transformers: any model of the hub that it can batch, on one GPU or on the CPU."""

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from inference import machine
from inference.engines import admission
from inference.engines.warming import warm_up
from inference.model import Model
from inference.protocol import Capabilities, Chunk, EngineDead, EngineError, Finish, Health, Request

if TYPE_CHECKING:
    from inference.engines.transformers.core import Core

QUIET = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "TRANSFORMERS_VERBOSITY": "error"}
ENDED = "Transformers' generation loop has ended."


class TransformersEngine:
    """A model on Transformers."""

    def __init__(self, model: Model, weights: Path | None) -> None:
        self._model = model
        self._weights = weights or Path()
        self._harmony = machine.speaks_harmony(model.options["format"], self._weights)
        self.capabilities = Capabilities(
            context_window=model.context_window, slots=model.slots, continues_prefix=True, reasoning=self._harmony
        )
        self._core: Core | None = None
        self._running: set[str] = set()
        self._numbers = count(1)
        self._closed = ""

    async def start(self) -> None:
        for name, value in QUIET.items():
            os.environ.setdefault(name, value)
        self._core = await asyncio.to_thread(self._load, asyncio.get_running_loop())
        try:
            await warm_up(self)
        except EngineError:
            await self.close()  # its thread would keep the process from ending
            raise

    def _load(self, loop: asyncio.AbstractEventLoop) -> "Core":
        # Imported here: gigabytes of libraries, and the environment had to be set before.
        from inference.engines.transformers.core import Core  # noqa: PLC0415

        return Core(self._model, self._weights, loop, harmony=self._harmony)

    async def health(self) -> Health:
        detail = self._closed
        if not detail and self._core is None:
            detail = "starting"
        elif not detail and self._core and self._core.dead:
            detail = ENDED
        return Health(ready=not detail, detail=detail, running=len(self._running))

    async def close(self) -> None:
        self._closed = "The engine was closed."
        core, self._core = self._core, None
        if core:
            await asyncio.to_thread(core.shutdown)

    async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        core = self._alive()
        admission.check(request, self.capabilities)
        opening = core.dialect.open(request)
        prompt_tokens = len(opening.ids) + opening.resaid
        limit = admission.room(request, prompt_tokens, self.capabilities.context_window)
        if not limit:
            yield Chunk(finish=Finish.LENGTH, prompt_tokens=prompt_tokens, prefix_tokens=opening.prefix)
            return
        name = f"{request.id}-{next(self._numbers)}"
        draw = core.draw(request, opening.again)
        reader = core.dialect.reader(request, len(opening.again))
        tokens = -opening.resaid
        self._running.add(name)
        try:
            async with aclosing(core.generate(name, opening.ids, draw, limit + opening.resaid)) as pieces:
                async for ids, ended in pieces:
                    tokens += len(ids)
                    reasoning, text = reader.feed(ids)
                    finish = Finish.STOP if reader.stopped else ended
                    counts = prompt_tokens, max(0, tokens), opening.prefix
                    if finish:
                        yield Chunk(text + reader.flush(), reasoning, finish, *counts)
                        return
                    if text or reasoning:
                        yield Chunk(text, reasoning, None, *counts)
        finally:
            self._running.discard(name)

    def _alive(self) -> "Core":
        if self._closed:
            raise EngineDead(self._closed)
        if self._core is None:
            raise EngineError("The engine is still starting.", retry=True)
        if self._core.dead:
            raise EngineDead(ENDED)
        return self._core
