"""The engine seam for vLLM's AsyncLLM."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from inference import machine
from inference.engines import admission
from inference.engines.dialects import dialect_of
from inference.engines.dialects.dialect import Dialect
from inference.engines.dialects.vocabulary import Vocabulary
from inference.engines.vllm.again import say_again
from inference.engines.vllm.arguments import set_environment
from inference.engines.warming import warm_up
from inference.model import Model
from inference.protocol import Capabilities, Chunk, EngineDead, EngineError, Finish, Health, Request

if TYPE_CHECKING:
    from inference.engines.vllm.core import Core

FINISHES = {"stop": Finish.STOP, "length": Finish.LENGTH, "repetition": Finish.STOP}
ABORTING = 5.0  # seconds
ABORTING_AGAIN = 0.05


class VllmEngine:
    """A model on vLLM: over one or more GPUs, or a small one on the CPU."""

    def __init__(self, model: Model, weights: Path | None) -> None:
        self._model = model
        self._weights = weights or Path()
        self._harmony = machine.speaks_harmony(model.options["format"], self._weights)
        self.capabilities = Capabilities(
            context_window=model.context_window, slots=model.slots, continues_prefix=True, reasoning=self._harmony
        )
        self._parts: tuple[Core, Dialect, Vocabulary] | None = None
        self._running: set[str] = set()
        self._numbers = count(1)
        self._closed = ""

    async def start(self) -> None:
        set_environment()
        self._parts = await asyncio.to_thread(self._load)
        await warm_up(self)

    def _load(self) -> "tuple[Core, Dialect, Vocabulary]":
        # Imported here: gigabytes of libraries, and the environment had to be set before.
        from inference.engines.vllm.core import Core  # noqa: PLC0415

        core = Core(self._model, self._weights)
        vocabulary = Vocabulary(core.tokenizer)
        return core, dialect_of(core.tokenizer, vocabulary, harmony=self._harmony), vocabulary

    async def health(self) -> Health:
        detail = self._closed
        if not detail and self._parts is None:
            detail = "starting"
        elif not detail and self._parts and self._parts[0].dead:
            detail = "vLLM's engine has died."
        cache = self._parts[0].cache_use if self._parts else None
        return Health(ready=not detail, detail=detail, running=len(self._running), cache=cache)

    async def close(self) -> None:
        self._closed = "The engine was closed."
        if self._parts is None:
            return
        core = self._parts[0]
        if not core.dead:
            with suppress(TimeoutError):
                async with asyncio.timeout(ABORTING):
                    await self._abort_all(core)
        self._parts = None
        core.stop_listening()
        await asyncio.to_thread(core.shutdown)

    async def _abort_all(self, core: "Core") -> None:
        """Again and again: vLLM does not know yet of a request that has just begun, or says its prefix again first."""
        while self._running:
            await core.abort(list(self._running))
            await asyncio.sleep(ABORTING_AGAIN)

    async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        core, dialect, vocabulary = self._alive()
        admission.check(request, self.capabilities)
        opening = dialect.open(request)
        prompt_tokens = len(opening.ids) + opening.resaid
        limit = admission.room(request, prompt_tokens, self.capabilities.context_window)
        if not limit:
            yield Chunk(finish=Finish.LENGTH, prompt_tokens=prompt_tokens, prefix_tokens=opening.prefix)
            return

        def counts(said: int) -> tuple[int, int, int]:
            return prompt_tokens, max(0, said), opening.prefix

        name = f"{request.id}-{next(self._numbers)}"
        self._running.add(name)
        try:
            said = await say_again(core, vocabulary, request, opening, name)
            tokens = len(said) - opening.resaid
            reader = dialect.reader(request, len(opening.again))
            reasoning, text = reader.feed(said)
            if text or reasoning:
                yield Chunk(text, reasoning, None, *counts(tokens))
            if tokens >= limit:
                yield Chunk(reader.flush(), "", Finish.LENGTH, *counts(limit))
                return
            params = core.params(request, limit - tokens, stop_token_ids=dialect.ends)
            async with aclosing(core.generate(opening.ids + said, params, name)) as outputs:
                async for output in outputs:
                    tokens += len(output.token_ids)
                    reasoning, text = reader.feed(list(output.token_ids))
                    finish = Finish.STOP if reader.stopped else self._finish(output.finish_reason)
                    if finish:
                        yield Chunk(text + reader.flush(), reasoning, finish, *counts(tokens))
                        return
                    if text or reasoning:
                        yield Chunk(text, reasoning, None, *counts(tokens))
        finally:
            self._running.discard(name)

    def _finish(self, reason: str | None) -> Finish | None:
        if reason is None:
            return None
        if reason in FINISHES:
            return FINISHES[reason]
        if reason == "abort":
            # Nobody here asked for it, or all were: a signal to the core ends its requests so, with half a reply.
            raise EngineDead(self._closed or "vLLM's engine is shutting down.")
        raise EngineError(f"vLLM ended the reply with {reason!r}.", retry=True)

    def _alive(self) -> "tuple[Core, Dialect, Vocabulary]":
        if self._closed:
            raise EngineDead(self._closed)
        if self._parts is None:
            raise EngineError("The engine is still starting.", retry=True)
        if self._parts[0].dead:
            raise EngineDead("vLLM's engine has died.")
        return self._parts
