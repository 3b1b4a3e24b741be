"""The tables of a run, and its one JSON object."""

from collections.abc import Sequence
from typing import Any

from chatsite.bench import machine, report
from chatsite.bench.figures import Row
from chatsite.bench.models.sides import BARE
from chatsite.bench.report import Write
from chatsite.bench.targets import Verdict

UNKNOWN = "-"
SIDES = {BARE: "bare engine", "html": "through the site", "text": "through the site, no HTML", "api": "through its API"}


def show(write: Write, result: dict[str, Any], compared: Sequence[Row], verdicts: Sequence[Verdict]) -> None:
    """All of it; the JSON is for the caller to write last."""
    write(f"\nOn {machine.in_words(result['machine'])}.")
    write(f"The question: {result['question']}")
    asked = f"{result['requests']} requests in a row, then {result['users']} at once"
    report.table(
        write,
        f"{asked}; the first and last tenth dropped. Mean ± deviation.",
        ["model", "engine", "side", "first token ms", "end to end s", "tokens", "tokens/s", *_USERS, *_LOAD],
        [_cells(row) for row in result["rows"]],
    )
    headings = ["model", "format", "at once", "first token", "added ms", "end to end", "added ms"]
    report.table(
        write,
        "The platform's share: through the site over the bare engine ± what chance alone may do (95%).",
        headings,
        [_share(row) for row in result["shares"]],
    )
    if result["kills"]:
        headings = ["model", "s to the next token", "how it went on", "tokens", "text"]
        report.table(write, "A worker killed in the middle of a reply.", headings, list(map(_kill, result["kills"])))
    if compared:
        report.table(
            write,
            "Beside it: earlier runs, and what the article's author claims.",
            ["run", "model", "engine", "side", "first token ms", "end to end s", "tokens/s", "users end to end s"],
            [_compared(row) for row in compared],
        )
    if verdicts:
        report.targets(write, verdicts)


_USERS = ("users: first token ms", "end to end s", "tokens/s together")
_LOAD = ("memory MB", "GPU MB", "start s", "failed")


def _cells(row: Row) -> list[str]:
    return [
        row["model"],
        row["engine"],
        side(row),
        spread(row, "ttft_ms", ".0f"),
        spread(row, "e2e_ms", ".2f", 1000),
        f"{row['tokens_mean']:.0f}",
        spread(row, "tokens_per_s", ".1f"),
        spread(row, "users_ttft_ms", ".0f"),
        spread(row, "users_e2e_ms", ".2f", 1000),
        f"{row['users_tokens_per_s']:.1f}",
        f"{row['rss_mb']:.0f}",
        f"{row['gpu_mb']:.0f}" if row["gpu_mb"] else UNKNOWN,
        f"{row['start_s']:.1f}",
        str(row["failed"]),
    ]


def side(row: Row) -> str:
    """Which side of a model a row is of, in words."""
    return SIDES.get(row["side"], str(row["side"]))


def spread(row: Row, key: str, form: str, unit: float = 1) -> str:
    """Mean and deviation, as far as they are known."""
    mean, deviation = row.get(f"{key}_mean"), row.get(f"{key}_deviation")
    if mean is None:
        return UNKNOWN
    return f"{mean / unit:{form}}" + (f" ± {deviation / unit:{form}}" if deviation is not None else "")


def _share(row: Row) -> list[str]:
    return [
        row["model"],
        row["format"],
        str(row["streams"]),
        f"{row['ttft_ms_ratio']:.3f} ± {row['ttft_ms_ratio_error']:.3f}",
        f"{row['ttft_ms_added']:.1f} of {row['ttft_ms_bare']:.0f}",
        f"{row['e2e_ms_ratio']:.3f} ± {row['e2e_ms_ratio_error']:.3f}",
        f"{row['e2e_ms_added']:.1f} of {row['e2e_ms_bare']:.0f}",
    ]


def _kill(row: Row) -> list[str]:
    seconds = UNKNOWN if row["next_token_s"] is None else f"{row['next_token_s']:.1f}"
    return [row["model"], seconds, ", ".join(row["states"]), str(row["tokens"]), row["fault"] or "whole"]


def _compared(row: Row) -> list[str]:
    return [
        row["run"],
        row["model"],
        row["engine"],
        side(row),
        spread(row, "ttft_ms", ".0f"),
        spread(row, "e2e_ms", ".2f", 1000),
        spread(row, "tokens_per_s", ".1f"),
        spread(row, "users_e2e_ms", ".2f", 1000),
    ]
