"""The benchmark's command, run as CI runs it but smaller: it measures, and leaves nothing behind."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from django.conf import settings


def leftovers() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob("chatsite-bench-*"))


@pytest.mark.long
def test_a_small_run() -> None:
    before = leftovers()
    command = [
        sys.executable,
        "manage.py",
        "bench_path",
        "--short",
        "--streams",
        "3",
        "--formats",
        "html",
        "text",
        "--words",
        "500",
    ]
    run = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=150, check=False)
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]
    rows = json.loads(run.stdout.splitlines()[-1])["rows"]
    measured = [(row["format"], row["words"]) for row in rows]
    assert measured == [("html", 0), ("text", 0), ("html", 500), ("text", 500)]
    assert {(row["streams"], row["replies"]) for row in rows} == {(3, 3)}
    assert all(row["lost_tokens"] == row["failed_sends"] == row["unsaved_replies"] == 0 for row in rows)
    assert all(row["delay_ms_p50"] > 0 and row["web_rss_mb"] > 0 and row["cpu_s_per_send"] > 0 for row in rows)
    assert leftovers() <= before
