"""``python -m tests.engines.dying CACHE``: kill vLLM's processes under a reply; says in JSON what came of it.

A process of its own, since libraries complain for long about what was killed under them.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

from inference.protocol import EngineError
from tests.engines.subjects import CATALOG, Subject, started


async def main(cache: Path) -> dict[str, object]:
    entry = replace(CATALOG.get("smollm2-135m-vllm"), context_window=400, slots=2)
    async with started(entry, cache) as engine:
        subject = Subject(engine, entry)
        reply = asyncio.create_task(outcome(subject, max_tokens=300))
        await asyncio.sleep(1)
        killed = descendants()
        for process in killed:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        began = time.monotonic()
        running = await asyncio.wait_for(reply, 10)
        seconds = time.monotonic() - began
        ready, later = (await engine.health()).ready, await outcome(subject)
    async with started(entry, cache) as engine:
        anew = await outcome(Subject(engine, entry))
    return {
        "killed": len(killed),
        "seconds": seconds,
        "running": running,
        "ready": ready,
        "later": later,
        "anew": anew,
        "left": len(descendants()),
    }


async def outcome(subject: Subject, max_tokens: int = 24) -> str:
    """The name of the error, or "said"."""
    try:
        await subject.say(subject.endless, max_tokens=max_tokens)
    except EngineError as error:
        return type(error).__name__
    return "said"


def descendants() -> set[int]:
    """Processes that this one, or one of its own, started, but for Python's own tracker of shared memory."""
    found, waiting = set[int](), [os.getpid()]
    while waiting:
        for file in Path(f"/proc/{waiting.pop()}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                waiting += map(int, file.read_text().split())
        found |= {process for process in waiting if b"resource_tracker" not in command(process)}
    return found


def command(process: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_bytes()
    return b""


if __name__ == "__main__":
    said = asyncio.run(main(Path(sys.argv[1])))
    print(json.dumps(said))  # noqa: T201 - how it answers
