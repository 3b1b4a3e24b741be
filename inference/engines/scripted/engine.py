"""The engine seam for a script: slots, timing, faults."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

from inference.engines import admission
from inference.engines.scripted.clock import Clock, Metronome
from inference.engines.scripted.script import directed
from inference.engines.scripted.speech import Speech
from inference.model import Model
from inference.protocol import Capabilities, Chunk, EngineDead, EngineError, Health, Request


class ScriptedEngine:
    """Says a script at an exact pace. A consumer that is late gets what is due in one chunk, as from a real batch."""

    def __init__(self, model: Model, weights: Path | None = None) -> None:
        del weights  # it has none
        self._options = model.options
        self.capabilities = Capabilities(
            context_window=model.context_window,
            slots=model.slots,
            continues_prefix=bool(model.options["continues_prefix"]),
            reasoning=bool(model.options["reasoning"]),
        )
        self._slots = asyncio.Semaphore(model.slots)
        self._clock = Clock()
        self._speaking: set[Metronome] = set()
        self._ready = False
        self._dead = ""

    async def start(self) -> None:
        await asyncio.sleep(self._options["start_delay"])
        if self._options["fail_start"]:
            raise EngineError("The scripted engine was told not to start.")
        self._ready = True

    async def health(self) -> Health:
        detail = self._dead or ("" if self._ready else "starting")
        return Health(ready=self._ready and not self._dead, detail=detail, running=len(self._speaking))

    async def close(self) -> None:
        self._die("The engine was closed.")

    async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        self._check_alive()
        admission.check(request, self.capabilities)
        options = directed(self._options, request.turns[-1].text)
        speech = Speech(request, options, self.capabilities.context_window)
        async with self._slots:
            self._check_alive()
            first = asyncio.get_running_loop().time() + options["ttft"]
            metronome = Metronome(first, 1 / options["rate"], together=options["together"])
            self._speaking.add(metronome)
            self._clock.add(metronome)
            try:
                while not speech.finish:
                    await metronome.wait(speech.said)
                    self._check_alive()
                    if speech.said == options["die_after"]:
                        self._die("The scripted engine was told to die.")
                        self._check_alive()
                    yield speech.say(metronome)
            finally:
                metronome.stopped = True
                self._speaking.discard(metronome)

    def _die(self, reason: str) -> None:
        self._dead = self._dead or reason
        self._clock.close()
        for metronome in self._speaking:
            metronome.wake()

    def _check_alive(self) -> None:
        if self._dead:
            raise EngineDead(self._dead)
