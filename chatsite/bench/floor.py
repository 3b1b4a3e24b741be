"""The same engine without a site: streams consumed where they are made, in a process that does nothing else.

``python -m chatsite.bench.floor CATALOG CACHE_DIR TOKENS STREAMS ROUNDS [STREAMS ROUNDS …]``; answers as JSON, per row:
seconds of processor time, and each reply as question, moment it was asked, and its pieces with the moment each came.
"""

import asyncio
import json
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import uvloop

from chatsite.bench.client import GAP_S
from inference.catalog import load
from inference.engines import build
from inference.protocol import Engine, Request, Turn

Told = tuple[str, float, list[tuple[float, str]]]


async def ask(engine: Engine, tokens: int) -> Told:
    """One reply."""
    question = f"@tokens={tokens} {uuid.uuid4()}"
    sent_at = time.monotonic()
    stream = engine.stream(Request(question, (Turn("user", question),)))
    return question, sent_at, [(time.monotonic(), chunk.text) async for chunk in stream]


async def ask_all(engine: Engine, tokens: int, streams: int) -> list[Told]:
    """So many replies, each asked for a moment after the one before."""
    began = time.monotonic()
    tasks = []
    for number in range(streams):
        await asyncio.sleep(began + number * GAP_S - time.monotonic())
        tasks.append(asyncio.create_task(ask(engine, tokens)))
    return await asyncio.gather(*tasks)


async def rows(catalog: Path, cache: Path, tokens: int, plan: list[tuple[int, int]]) -> list[dict[str, Any]]:
    """For each (streams, rounds) what was told and what it cost."""
    engine = build(load(catalog).choose("bench"), cache)
    await engine.start()
    await ask_all(engine, tokens=10, streams=10)  # warm
    done = []
    for streams, rounds in plan:
        before = time.process_time()
        told = [reply for _ in range(rounds) for reply in await ask_all(engine, tokens, streams)]
        done.append({"cpu_s": time.process_time() - before, "replies": told})
    return done


def main(catalog: str, cache: str, tokens: str, *plan: str) -> None:
    numbers = list(map(int, plan))
    pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
    sys.stdout.write(json.dumps(uvloop.run(rows(Path(catalog), Path(cache), int(tokens), pairs))))


if __name__ == "__main__":
    main(*sys.argv[1:])
