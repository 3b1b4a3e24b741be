"""What a run shows: a bar while it lasts, tables, and as the last line one JSON object with a unit in each key."""

import sys
from collections.abc import Sequence
from typing import Any

from chatsite.bench.report import last_line, table
from tests.faults.verdict import ZERO, Verdict

MOST_COMPLAINTS = 30


def write(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def show(about: dict[str, Any], figures: dict[str, Any], verdict: Verdict) -> None:
    for line in verdict.complaints[:MOST_COMPLAINTS]:
        write(f"WRONG {line}")
    if len(verdict.complaints) > MOST_COMPLAINTS:
        write(f"… and {len(verdict.complaints) - MOST_COMPLAINTS} more")
    table(write, "The run.", ["", ""], _rows(about))
    table(write, "What happened; times are of faults that met no other.", ["figure", "value"], _rows(figures))
    counts = dict(verdict.counts)
    wrong = [[name, str(counts[name]), "right" if counts[name] == 0 else "WRONG"] for name in ZERO if name in counts]
    table(write, "What must be zero.", ["count", "is", ""], wrong)
    last_line(write, {**about, **figures, **counts, "right": not verdict.complaints})


def _rows(row: dict[str, Any]) -> Sequence[Sequence[str]]:
    return [[name, str(value)] for name, value in row.items()]
