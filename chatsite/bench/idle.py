"""The plan of ``manage.py bench_path --idle``: what each process uses while nobody asks anything."""

import time
from collections.abc import Sequence

from chatsite.bench import report, site
from chatsite.bench.figures import Row
from chatsite.bench.progress import Progress
from chatsite.bench.usage import Reading

SETTLE_S = 5.0  # from ready to the first look


def run(seconds: float, model: str, progress: Progress) -> list[Row]:
    """A row for each process. ``model`` is one of the site's own catalog; empty is the scripted one."""
    progress.begin(seconds + SETTLE_S)
    with site.temporary_folder() as folder:
        site.catalog(folder, ttft_s=0.05, rate=50, tokens=128)
        with site.running(folder, model=model) as running:
            progress.tell("idle")
            time.sleep(SETTLE_S)
            progress.advance(SETTLE_S)
            before = running.read()
            time.sleep(seconds)
            progress.advance(seconds)
            return _rows(before, running.read())


def _rows(before: Reading, after: Reading) -> list[Row]:
    seconds = after.at - before.at
    return [
        {
            "process": name,
            "cpu_ms_per_s": round((now.cpu_s - before.processes[name].cpu_s) / seconds * 1000, 2),
            "rss_mb": round(now.rss_mb, 1),
        }
        for name, now in after.processes.items()
        if name != "client"
    ]


def show(write: report.Write, rows: Sequence[Row], seconds: float, model: str) -> None:
    """The table, and the JSON line."""
    total = {
        "process": "all",
        "cpu_ms_per_s": round(sum(row["cpu_ms_per_s"] for row in rows), 2),
        "rss_mb": round(sum(row["rss_mb"] for row in rows), 1),
    }
    lines = [[row["process"], f"{row['cpu_ms_per_s']:.1f}", f"{row['rss_mb']:.0f}"] for row in (*rows, total)]
    report.table(write, f"Idle for {seconds:.0f} s.", ["process", "CPU ms a second", "resident MB"], lines)
    report.last_line(write, {"bench": "idle", "seconds": seconds, "model": model or "scripted", "rows": [*rows, total]})
