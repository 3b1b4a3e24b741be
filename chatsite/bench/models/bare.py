"""The bare engine in a process of its own: ``python -m chatsite.bench.models.bare CATALOG MODEL CACHE_DIR``.

It writes a line when it is ready; then each line it reads is a list of [question, tokens], all asked at once, and each
line it writes the list of their answers. All is JSON. It runs on the loop that a worker runs its engine on.
"""

import asyncio
import dataclasses
import json
import os
import sys
import time
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path
from typing import IO, Any

import uvloop

from chatsite.bench.models.answer import Answer
from inference.catalog import load
from inference.engines import build
from inference.model import Model
from inference.protocol import Engine, EngineError, Request, Sampling, Turn


async def answers(engine: Engine, model: Model, asked: Sequence[tuple[str, int]]) -> list[dict[str, Any]]:
    """What the engine says, asked all at once."""
    requests = [request(model, f"bare-{number}", *one) for number, one in enumerate(asked)]
    said = await asyncio.gather(*(answer(engine, one) for one in requests))
    return [dataclasses.asdict(one) for one in said]


def request(model: Model, name: str, question: str, tokens: int) -> Request:
    """What a site's worker asks for the first message of a conversation."""
    system = (Turn("system", model.system),) if model.system else ()
    return Request(name, (*system, Turn("user", question)), sampling=Sampling(tokens, temperature=0.0))


async def answer(engine: Engine, asked: Request) -> Answer:
    """One reply, consumed where it is made."""
    told = Answer(fault="it did not end")
    began = time.monotonic()
    try:
        async with aclosing(engine.stream(asked)) as chunks:
            async for chunk in chunks:
                now = time.monotonic() - began
                if chunk.text or chunk.reasoning:
                    told.came(now)
                    told.text += chunk.text
                if chunk.finish:
                    told.end_s, told.fault = now, ""
                told.tokens, told.prompt_tokens = chunk.completion_tokens, chunk.prompt_tokens
    except EngineError as error:
        told.fault = str(error)
    return told


async def serve(model: Model, cache: Path, output: IO[str]) -> None:
    """Load, then answer each line until there are no more."""

    def tell(what: Any) -> None:
        output.write(json.dumps(what) + "\n")
        output.flush()

    try:
        engine = build(model, cache)
        await engine.start()
    except EngineError as error:
        return tell({"error": str(error)})
    tell({"ready": True})
    try:
        while line := await asyncio.to_thread(sys.stdin.readline):
            tell(await answers(engine, model, json.loads(line)))
    finally:
        await engine.close()


def main(catalog: str, name: str, cache: str) -> None:
    with os.fdopen(os.dup(1), "w") as output:  # whatever an engine prints goes to standard error
        os.dup2(2, 1)
        uvloop.run(serve(load(Path(catalog)).get(name), Path(cache), output))


if __name__ == "__main__":
    main(*sys.argv[1:])
