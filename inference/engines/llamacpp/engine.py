"""The engine seam for llama.cpp through xllamacpp, whose server batches continuously inside this process."""

import asyncio
import secrets
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from inference import machine
from inference.engines import admission, healing
from inference.engines.llamacpp.generation import Generation
from inference.engines.llamacpp.prompt import Prompter
from inference.engines.llamacpp.reply import Reply
from inference.model import Model
from inference.protocol import Capabilities, Chunk, EngineDead, EngineError, Finish, Health, Request

BATCH = 64  # tokens of prompt between two looks at who stopped and at the other replies
PROMPT_CACHE_MIB = 256
CLOSING = 10.0  # seconds


class LlamaCppEngine:
    """A GGUF model. A crash inside llama.cpp takes the process down; its supervisor starts another."""

    def __init__(self, model: Model, weights: Path | None) -> None:
        self._model = model
        self._weights = weights
        self.capabilities = Capabilities(
            context_window=model.context_window, slots=model.slots, continues_prefix=True, reasoning=False
        )
        self._executor = ThreadPoolExecutor(model.slots, thread_name_prefix="llamacpp")
        self._slots = asyncio.Semaphore(model.slots)
        self._running: set[Generation] = set()
        self._server: Any = None
        self._prompter: Prompter | None = None
        self._closed = ""

    async def start(self) -> None:
        # Imported here: 34 MB of native code that only the process that runs it should load.
        import xllamacpp  # noqa: PLC0415

        key = secrets.token_hex(16)
        params = self._params(xllamacpp.CommonParams(), key)
        try:
            self._server = await asyncio.to_thread(xllamacpp.Server, params)
        except (RuntimeError, ValueError) as error:
            raise EngineError(f"{self._model.name}: llama.cpp cannot load {self._weights}: {error}") from error
        self._prompter = Prompter(self._server.listening_address, key)

    def _params(self, params: Any, key: str) -> Any:
        options = self._model.options
        threads = options["threads"] or max(1, machine.cores() - 1)
        params.model.path = str(self._weights)
        params.n_ctx = self._model.context_window * self._model.slots
        params.n_parallel = self._model.slots
        params.n_batch = params.n_ubatch = BATCH
        params.n_gpu_layers = options["gpu_layers"]
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
        params.cache_ram_mib = PROMPT_CACHE_MIB
        params.verbosity = 0
        # Its listener cannot be switched off: a key of this process's own keeps other local users out.
        params.api_keys = [key]
        params.ui = params.endpoint_slots = False
        return params

    async def health(self) -> Health:
        ready = self._server is not None and not self._closed
        return Health(ready=ready, detail=self._closed or ("" if ready else "starting"), running=len(self._running))

    async def close(self) -> None:
        self._closed = "The engine was closed."
        waiting = []
        for generation in list(self._running):
            generation.fail(EngineDead(self._closed))
            if generation.done:
                waiting.append(generation.done)
        if waiting:
            await asyncio.wait(waiting, timeout=CLOSING)
        if self._prompter:
            await self._prompter.close()
        server, self._server = self._server, None
        del server
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        prompter = self._alive()
        admission.check(request, self.capabilities)
        kept, again = healing.split(request.prefix.text)
        try:
            prompt = await prompter.tokens(request.turns, kept)
            resaid = await prompter.count(again)
            prompt_tokens, prefix_tokens = len(prompt) + resaid, await prompter.count(kept) + resaid
        except EngineError:
            self._alive()  # an engine that was closed meanwhile says so
            raise
        limit = admission.room(request, prompt_tokens, self.capabilities.context_window)
        if not limit:
            yield Chunk(finish=Finish.LENGTH, prompt_tokens=prompt_tokens, prefix_tokens=prefix_tokens)
            return
        await self._slots.acquire()
        generation = self._begin(self._body(request, prompt, limit + resaid, again))
        reply = Reply(request.sampling.stop, again, prompt_tokens, prefix_tokens, resaid)
        try:
            while not reply.finished:
                if chunk := reply.take(await generation.next_event()):
                    yield chunk
        finally:
            generation.stop()

    def _begin(self, body: dict[str, Any]) -> Generation:
        """Start a generation; its slot is free again when llama.cpp has let go of it."""
        try:
            self._alive()
        except EngineDead:
            self._slots.release()
            raise
        generation = Generation(self._server.handle_completions, body)
        self._running.add(generation)

        def ended(_: "asyncio.Future[None]") -> None:
            self._running.discard(generation)
            self._slots.release()

        generation.start(self._executor).add_done_callback(ended)
        return generation

    def _body(self, request: Request, prompt: list[int], limit: int, again: str) -> dict[str, Any]:
        sampling, options = request.sampling, self._model.options
        values = {
            "temperature": sampling.temperature if sampling.temperature is not None else self._model.temperature,
            "top_p": sampling.top_p if sampling.top_p is not None else self._model.top_p,
            "seed": sampling.seed,
            "grammar": _grammar(again) if again else None,
        }
        return {
            "prompt": prompt,
            "max_tokens": limit,
            "stream": True,
            "return_progress": True,
            "timings_per_token": True,
            "cache_prompt": True,
            "top_k": options["top_k"],
            "min_p": options["min_p"],
            "repeat_penalty": options["repeat_penalty"],
            **{name: value for name, value in values.items() if value is not None},
        }

    def _alive(self) -> Prompter:
        if self._closed:
            raise EngineDead(self._closed)
        if self._prompter is None:
            raise EngineError("The engine is still starting.", retry=True)
        return self._prompter


def _grammar(text: str) -> str:
    """A grammar that makes the reply begin with this text."""
    letters = (f"\\x{ord(letter):02x}" if letter < " " or letter in '"\\' else letter for letter in text)
    return f'root ::= "{"".join(letters)}" .*\n'
