"""Results as tables for people and, as the last line, one JSON object for programs."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

import orjson

from chatsite.bench import machine
from chatsite.bench.figures import PATH, Row
from chatsite.bench.targets import Verdict

Write = Callable[[str], Any]
Column = tuple[str, Callable[[Row], str]]


def _plain(key: str, heading: str, form: str = "") -> Column:
    return heading, lambda row: format(row[key], form)


def _ms(key: str, heading: str) -> Column:
    """Seconds shown as milliseconds."""
    return heading, lambda row: f"{row[key] * 1000:.1f}"


def _beside_floor(key: str, heading: str) -> Column:
    return heading, lambda row: f"{row[key]:.1f} ({row[f'floor_{key}']:.1f})"


def _by_process(unit: str) -> Iterator[Column]:
    yield _ms(unit, "sum")
    for name in PATH:
        yield _ms(f"{name}_{unit}", name)


WHICH = (_plain("streams", "streams"), _plain("format", "format"), _plain("words", "words"))
TABLES: tuple[tuple[str, tuple[Column, ...]], ...] = (
    (
        "Milliseconds, and in brackets the floor: the same engine without a site.",
        (
            _beside_floor("added_ttft_ms_p50", "added TTFT p50"),
            _beside_floor("added_ttft_ms_p95", "p95"),
            _beside_floor("delay_ms_p50", "delay of a token p50"),
            _beside_floor("delay_ms_p95", "p95"),
            _beside_floor("delay_ms_p99", "p99"),
            _beside_floor("engine_late_ms_p50", "engine late p50"),
            _beside_floor("engine_late_ms_p95", "p95"),
            _plain("others_cores", "cores busy with other things", ".2f"),
        ),
    ),
    (
        "Processor time of 1,000 tokens without their sends, ms; client and floor (with sends) to compare.",
        (
            *_by_process("cpu_s_per_1k_tokens"),
            _ms("client_cpu_s_per_1k_tokens", "client"),
            _ms("floor_cpu_s_per_1k_tokens", "floor"),
        ),
    ),
    ("Processor time of a send: saving, queueing, claiming, ending; ms.", tuple(_by_process("cpu_s_per_send"))),
    ("Both together, for 1,000 tokens; ms.", tuple(_by_process("cpu_s_per_1k_tokens_all_in"))),
    ("Resident memory, MB.", tuple(_plain(f"{name}_rss_mb", name, ".0f") for name in PATH)),
    (
        "What went wrong.",
        (
            _plain("replies", "replies"),
            _plain("failed_sends", "failed sends"),
            _plain("faulty_replies", "faulty replies"),
            _plain("unsaved_replies", "not saved"),
            _plain("lost_tokens", "tokens lost"),
            _plain("doubled_tokens", "doubled"),
            _plain("reordered_tokens", "reordered"),
            _plain("foreign_tokens", "of others"),
        ),
    ),
)


def path(write: Write, rows: Sequence[Row], verdicts: Sequence[Verdict], about: dict[str, Any]) -> None:
    """What ``manage.py bench_path`` shows."""
    for title, columns in TABLES:
        shown = (*WHICH, *columns)
        table(write, title, [heading for heading, _ in shown], [[show(row) for _, show in shown] for row in rows])
    targets(write, verdicts)
    last_line(write, {"bench": "path", **about, "rows": rows, "targets": [asdict(verdict) for verdict in verdicts]})


def targets(write: Write, verdicts: Sequence[Verdict]) -> None:
    """Each target with the figure beside it."""
    lines = [
        [one.key, one.where, f"{one.value:.4g}", f"{one.limit:g}", "met" if one.met else "NOT MET"]
        for one in verdicts
        if one.limit or not one.met
    ]
    table(write, "Targets; those of zero are shown when they are missed.", ["figure", "at", "is", "at most", ""], lines)


def table(write: Write, title: str, headings: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    """Columns as wide as they must be, to the right."""
    widths = [max(len(line[column]) for line in (headings, *lines)) for column in range(len(headings))]
    write(f"\n{title}")
    for line in (headings, *lines):
        write("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))


def last_line(write: Write, result: dict[str, Any]) -> None:
    """The whole result, and the machine it comes from, as one JSON object."""
    write("")
    write(orjson.dumps({**result, "machine": machine.described()}).decode())
