"""The search's benchmark, as CI runs it but smaller: it measures, and leaves nothing behind."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from django.conf import settings


def leftovers() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob("chatsite-bench-*"))


def test_the_short_form() -> None:
    before = leftovers()
    command = [sys.executable, "manage.py", "bench_search", "--short", "--messages", "1000"]
    run = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]
    result = json.loads(run.stdout.splitlines()[-1])
    rows = result["rows"]
    assert result["bench"] == "search"
    assert {row["database"] for row in rows} == {"sqlite"}
    assert {row["own_messages"] for row in rows} == {1000, 200}
    assert {row["indexed_messages"] for row in rows} == {1000 + 10 * 200}
    shown = {row["query"]: row["shown"] for row in rows if row["own_messages"] == 1000}
    assert shown["a common word"] > 0
    assert shown["two characters"] > 0
    assert shown["a word nobody said"] == 0
    assert all(0 < row["ms_p50"] <= row["ms_p95"] for row in rows)
    assert "Milliseconds of a search" in run.stdout
    assert leftovers() <= before
