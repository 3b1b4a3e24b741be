"""What a run shows: a bar while it lasts, tables, and as the last line one JSON object with a unit in each key."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from chatsite.bench.report import last_line, table

MOST_COMPLAINTS = 30


def write(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def show(title: str, row: Mapping[str, Any]) -> None:
    """Figures of one part."""
    table(write, title, ["figure", "value"], [[name, str(value)] for name, value in row.items()])


def zeros(counts: Mapping[str, int]) -> None:
    """Counts of what went wrong."""
    lines = [[name, str(number), "WRONG" if number else "right"] for name, number in counts.items()]
    table(write, "What must be zero.", ["count", "is", ""], lines)


def complaints(wrong: Sequence[str]) -> None:
    """A line for each thing that is wrong, up to some number."""
    for complaint in wrong[:MOST_COMPLAINTS]:
        write(f"WRONG {complaint}")
    if len(wrong) > MOST_COMPLAINTS:
        write(f"… and {len(wrong) - MOST_COMPLAINTS} more")


def end(about: Mapping[str, Any], row: Mapping[str, Any], wrong: int) -> None:
    """The last line."""
    last_line(write, {**about, **row, "wrong": wrong})
