"""How many processes and GPUs so many people need: ``python -m chatsite.bench.capacity [PEOPLE …] [--measured FILE]``.

The costs are those of docs/benchmarks.md, the habits are assumptions, and both can be seen here. ``--measured`` is the
last line of ``make bench``: a simulation with the scripted engine, whose processor time is set beside this model's.
"""

import argparse
import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PEOPLE = (10, 1_000, 100_000)
WITHIN = 1.5  # what was measured may be so many times what the model says, and the other way round
FROM_STREAMS = 50  # with fewer, flushes are for few tokens, and the model is for many


@dataclass(frozen=True, slots=True)
class Habits:
    """What a person does on a working day."""

    messages: float = 30
    reply_tokens: float = 300
    peak_share: float = 0.2  # of the day's messages, in its busiest hour
    open_tabs: float = 0.5


@dataclass(frozen=True, slots=True)
class Costs:
    """Processor time in milliseconds, of a send and of 1,000 tokens with HTML, at 50 replies at once."""

    web_send: float = 4.0
    worker_send: float = 4.0
    redis_send: float = 0.6
    web_tokens: float = 77.0
    worker_tokens: float = 32.0
    redis_tokens: float = 14.0
    socket_kib: float = 36.0
    web_mb: float = 110.0
    busy: float = 0.6  # of a core, at most: queues grow beyond
    gpu_tokens_per_s: float = 1_300.0  # one H100, gpt-oss-20b, ten replies at once
    tokens_per_s: float = 150.0  # of one reply there


@dataclass(frozen=True, slots=True)
class Needs:
    """At the busiest hour's mean. Poisson's peaks within it are what ``busy`` leaves room for."""

    people: int
    sends_per_s: float
    tokens_per_s: float
    replies_at_once: float
    web_cores: float
    worker_cores: float
    redis_cores: float
    web_processes: int
    gpus: int
    sockets: int
    web_memory_mb: float


def needs(people: int, habits: Habits, costs: Costs) -> Needs:
    """What so many people need."""
    sends = people * habits.messages * habits.peak_share / 3600
    tokens = sends * habits.reply_tokens
    web = (sends * costs.web_send + tokens * costs.web_tokens / 1000) / 1000
    processes = max(1, math.ceil(web / costs.busy))
    sockets = math.ceil(people * habits.open_tabs)
    return Needs(
        people=people,
        sends_per_s=sends,
        tokens_per_s=tokens,
        replies_at_once=tokens / costs.tokens_per_s,
        web_cores=web,
        worker_cores=(sends * costs.worker_send + tokens * costs.worker_tokens / 1000) / 1000,
        redis_cores=(sends * costs.redis_send + tokens * costs.redis_tokens / 1000) / 1000,
        web_processes=processes,
        gpus=max(1, math.ceil(tokens / costs.gpu_tokens_per_s / costs.busy)),
        sockets=sockets,
        web_memory_mb=processes * costs.web_mb + sockets * costs.socket_kib / 1024,
    )


def table(people: tuple[int, ...]) -> str:
    """As docs/capacity.md shows it."""
    rows = [needs(number, Habits(), Costs()) for number in people]
    lines = {
        "people": [f"{row.people:,}" for row in rows],
        "sends a second": [f"{row.sends_per_s:.2f}" for row in rows],
        "tokens a second": [f"{row.tokens_per_s:,.0f}" for row in rows],
        "replies at once": [f"{row.replies_at_once:,.1f}" for row in rows],
        "cores: web / workers / Redis": [
            f"{row.web_cores:.2f} / {row.worker_cores:.2f} / {row.redis_cores:.2f}" for row in rows
        ],
        "web processes": [f"{row.web_processes}" for row in rows],
        "GPUs (H100, gpt-oss-20b)": [f"{row.gpus}" for row in rows],
        "open sockets": [f"{row.sockets:,}" for row in rows],
        "memory of web processes, MB": [f"{row.web_memory_mb:,.0f}" for row in rows],
    }
    (name, heads), *rest = lines.items()
    body = [f"| {name} | {' | '.join(values)} |" for name, values in rest]
    return "\n".join([f"| {name} | {' | '.join(heads)} |", "|" + "---|" * (len(heads) + 1), *body]) + "\n"


def compared(measured: dict[str, Any]) -> list[tuple[str, float, float]]:
    """What, as measured and as this model says, in milliseconds of processor time, for each row that is meant."""
    costs, found = Costs(), []
    for row in measured["rows"]:
        if row["streams"] < FROM_STREAMS or row["format"] != "html":
            continue
        for name in ("web", "worker", "redis"):
            said = getattr(costs, f"{name}_tokens")
            what = f"{name}, 1,000 tokens at {row['streams']} streams"
            found.append((what, row[f"{name}_cpu_s_per_1k_tokens"] * 1000, said))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m chatsite.bench.capacity", description=__doc__)
    parser.add_argument("people", type=int, nargs="*", default=PEOPLE)
    parser.add_argument("--measured", type=Path, help="a file whose last line is that of make bench")
    chosen = parser.parse_args()
    sys.stdout.write(table(tuple(chosen.people)))
    if chosen.measured is None:
        return 0
    rows = compared(json.loads(chosen.measured.read_text().splitlines()[-1]))
    for what, measured, said in rows:
        fits = 1 / WITHIN <= measured / said <= WITHIN
        sys.stdout.write(f"{what}: measured {measured:.0f} ms, model {said:.0f} ms{'' if fits else ' DIFFERS'}\n")
    return 0 if rows else 1


if __name__ == "__main__":
    sys.exit(main())
