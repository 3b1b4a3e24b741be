"""What finding costs on a site with many messages, most of them of one person: for that one, and for another."""

import subprocess
import sys
from collections.abc import Sequence

from chatsite.bench import report, site
from chatsite.bench.figures import Row
from chatsite.bench.progress import Progress
from chatsite.environment import ROOT

MESSAGES, SHORT_MESSAGES = 1_000_000, 4_000
TIMES, SHORT_TIMES = 30, 5


def run(messages: int, times: int, database: str, progress: Progress) -> list[Row]:
    """Rows of one site: its own SQLite, or an empty PostgreSQL database."""
    about = {"database": "postgresql" if database else "sqlite"}
    module = "chatsite.bench.said"
    with site.temporary_folder() as folder:
        site.catalog(folder, ttft_s=0, rate=0, tokens=1)
        environment = site.environment(folder, 0, database=database)
        progress.tell(f"{messages} messages")
        migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(migrate, env=environment, cwd=ROOT, check=True)
        site.python(environment, module, "fill", str(messages))
        progress.advance(messages)
        progress.tell("their index")
        built = site.python(environment, module, "build")
        progress.advance(2 * messages)
        progress.tell("queries")
        measured = site.python(environment, module, "measure", str(times))
    return [{**about, **built, **row} for row in measured]


COLUMNS = (
    ("database", "{database}"),
    ("messages", "{indexed_messages}"),
    ("own", "{own_messages}"),
    ("looked for", "{query}"),
    ("first ms", "{first_ms:.1f}"),
    ("least", "{ms_min:.1f}"),
    ("p50", "{ms_p50:.1f}"),
    ("p95", "{ms_p95:.1f}"),
    ("CPU", "{cpu_ms_mean:.1f}"),
    ("conversations", "{shown}"),
)


def show(write: report.Write, rows: Sequence[Row]) -> None:
    title = "Milliseconds of a search: the index, the rows, the snippets and the HTML."
    lines = [[form.format(**row) for _, form in COLUMNS] for row in rows]
    report.table(write, title, [heading for heading, _ in COLUMNS], lines)
    for row in rows[:1]:
        write(
            "{indexed_messages_per_s:.0f} messages a second are indexed; "
            "{index_mb:.0f} MB for {texts_mb:.0f} MB of rows.".format(**row)
        )
    report.last_line(write, {"bench": "search", "rows": list(rows)})
