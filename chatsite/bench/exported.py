"""One export, measured in a process of its own: ``python -m chatsite.bench.exported make one chunks`` or ``naive one``.

Runs with the settings of the benchmark's site and answers as JSON.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402 - the settings must be ready

from accounts.models import User  # noqa: E402
from conversations.models import Message  # noqa: E402
from exports import making  # noqa: E402
from exports.forms.options import Options  # noqa: E402
from exports.jobs import asking, held, work  # noqa: E402
from exports.models import ExportJob  # noqa: E402


def make(name: str, form: str) -> dict[str, Any]:
    """As the background worker makes it, with all that it keeps and checks."""
    asking.tell = lambda: None  # nobody listens on this site
    options = Options(whole=form == "jsonl", cut="windows" if form == "chunks" else "pairs")
    job = asking.ask(_person(name), ExportJob(form=form, options=options.chosen(), selection={}))
    mine = held.claim(job)
    if mine is None:
        sys.exit("Another export is being made on this site.")
    making.spare_memory()
    before = _peak_mb()
    seconds = _timed(lambda: work.make(mine))
    job.refresh_from_db()
    if job.state != ExportJob.State.DONE:
        sys.exit(f"The export is {job.state}: {job.problem}")
    return {"messages": job.messages, "s": seconds, "before_mb": before, "peak_mb": _peak_mb(), "mb": job.size / 1e6}


def naive(name: str) -> dict[str, Any]:
    """All rows at once, and all of them as one JSON text: what is written first, by whoever is in a hurry."""
    rows = Message.objects.filter(conversation__owner=_person(name))
    path = settings.DATA_DIR / "naive.json"
    before, count = _peak_mb(), rows.count()
    seconds = _timed(lambda: path.write_text(json.dumps(list(rows.values()), default=str)))
    return {
        "messages": count,
        "s": seconds,
        "before_mb": before,
        "peak_mb": _peak_mb(),
        "mb": path.stat().st_size / 1e6,
    }


def _person(name: str) -> User:
    return User.objects.get(username=name)


def _timed(work: Any) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def _peak_mb() -> float:
    """Of this process so far, resident."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    verbs: dict[str, Callable[..., Any]] = {"make": make, "naive": naive}
    sys.stdout.write(json.dumps(verbs[sys.argv[1]](*sys.argv[2:])))
