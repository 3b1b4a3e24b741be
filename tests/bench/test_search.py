"""The search's benchmark, as CI runs it but smaller: it measures, and leaves nothing behind."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings


@pytest.mark.long
def test_the_short_form(tmp_path: Path) -> None:
    command = [sys.executable, "manage.py", "bench_search", "--short", "--messages", "1000"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    run = subprocess.run(
        command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
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
    assert list(tmp_path.iterdir()) == []
