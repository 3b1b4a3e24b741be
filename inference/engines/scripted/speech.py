"""One reply of the scripted engine while it is being said."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from inference import stamps
from inference.engines import admission
from inference.engines.scripted.clock import Metronome
from inference.engines.scripted.script import count, script
from inference.engines.stopping import StopFilter
from inference.protocol import Chunk, EngineError, Finish, Prefix, Problem, Request


class Speech:
    """Where a reply stands: tokens ``said`` in this attempt, and how it finished."""

    def __init__(self, request: Request, options: Mapping[str, Any], window: int) -> None:
        self._limit = admission.room(request, count(request), window)
        said = script(request, options)
        self._prefix_tokens = said.tokens_in(request.prefix)
        self._prompt_tokens = count(replace(request, prefix=Prefix())) + self._prefix_tokens
        self._tokens = said.tokens_after(request.prefix)
        self._next = next(self._tokens, None)
        self._stop = StopFilter(request.sampling.stop)
        self._faults = {options["fail_after"]: _failure, options["out_of_memory_after"]: _out_of_memory}
        self._pause = {options["fail_after"], options["out_of_memory_after"], options["die_after"]}
        self._stamps: bool = options["stamp"]
        self.said = 0
        self.finish: Finish | None = None

    def say(self, metronome: Metronome) -> Chunk:
        """All tokens that are due, in one chunk; it ends early where a fault comes next, which then raises."""
        if fault := self._faults.get(self.said):
            raise fault()
        reasoning, text = [], []
        self._settle()
        while self.said < metronome.due and not self.finish and self._next:
            reasoning.append(self._next[0])
            said = stamps.dated(self._next[1], metronome.beats[self.said]) if self._stamps else self._next[1]
            text.append(self._stop.feed(said))
            self._next = next(self._tokens, None)
            self.said += 1
            self._settle()
            if self.said in self._pause:
                break
        if self.finish:
            text.append(self._stop.flush())
        counts = (self._prompt_tokens, self.said, self._prefix_tokens)
        return Chunk("".join(text), "".join(reasoning), self.finish, *counts)

    def _settle(self) -> None:
        if self._stop.stopped or (self._next is None and self._limit):
            self.finish = Finish.STOP
        elif self.said >= self._limit:
            self.finish = Finish.LENGTH


def _failure() -> EngineError:
    return EngineError("The scripted engine was told to fail.")


def _out_of_memory() -> EngineError:
    return EngineError("Out of memory, as the script says.", problem=Problem.OUT_OF_MEMORY, retry=True)
