"""What exports cost: seconds and memory of each form, for many messages and for few, beside a naive dump of them."""

import subprocess
import sys
from collections.abc import Sequence

from chatsite.bench import report, site
from chatsite.bench.figures import Row
from chatsite.bench.progress import Progress
from chatsite.environment import ROOT
from exports.forms import NAMES

MESSAGES, SHORT_MESSAGES = 100_000, 4_000
MANY, FEW = "one", "other0"  # who wrote them, as chatsite.bench.said has it: the few are a hundredth
NAIVE = "a naive dump"
S_PER_MESSAGE = 0.002  # about, with all forms


def run(messages: int, database: str, progress: Progress) -> list[Row]:
    """A row for each form and for the dump, each made in a process of its own."""
    with site.temporary_folder() as folder:
        site.catalog(folder, ttft_s=0, rate=1, tokens=1)
        environment = site.environment(folder, 0, database=database)
        progress.tell(f"{messages} messages")
        migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(migrate, env=environment, cwd=ROOT, check=True)
        site.python(environment, "chatsite.bench.said", "fill", str(messages))
        rows = []
        for form in (*NAMES, NAIVE):
            progress.tell(form)
            verb = ("naive",) if form == NAIVE else ("make",)
            of_form = () if form == NAIVE else (form,)
            few, many = (
                site.python(environment, "chatsite.bench.exported", *verb, person, *of_form) for person in (FEW, MANY)
            )
            rows.append(_row(form, few, many))
            progress.advance(S_PER_MESSAGE * messages / (len(NAMES) + 1))
    return rows


def _row(form: str, few: Row, many: Row) -> Row:
    return {
        "form": form,
        "messages": many["messages"],
        "export_s": many["s"],
        "messages_per_s": many["messages"] / many["s"],
        "file_mb": many["mb"],
        "peak_mb": many["peak_mb"],
        "before_mb": many["before_mb"],
        "few_messages": few["messages"],
        "few_peak_mb": few["peak_mb"],
    }


COLUMNS = (
    ("form", "{form}"),
    ("messages", "{messages}"),
    ("s", "{export_s:.1f}"),
    ("a second", "{messages_per_s:.0f}"),
    ("MB of the file", "{file_mb:.1f}"),
    ("peak MB", "{peak_mb:.0f}"),
    ("before it MB", "{before_mb:.0f}"),
    ("peak MB with a hundredth", "{few_peak_mb:.0f}"),
)


def show(write: report.Write, rows: Sequence[Row]) -> None:
    title = "Exports, each in a process of its own: seconds, the zip's size, resident memory."
    lines = [[form.format(**row) for _, form in COLUMNS] for row in rows]
    report.table(write, title, [heading for heading, _ in COLUMNS], lines)
    report.last_line(write, {"bench": "export", "rows": list(rows)})
