"""The short form of ``make cluster``, in a process of its own: it needs settings of its own."""

import json
import subprocess
import sys

import pytest
from django.conf import settings

from tests.proxy.shipped import program

SECONDS = 900  # a bound against hanging, not a measure: a minute on a quiet machine


@pytest.mark.long
def test_hosts_fail_and_nothing_is_lost() -> None:
    if not program("nginx"):
        pytest.skip("nginx is not installed")
    command = [sys.executable, "-m", "tests.cluster", "--short"]
    done = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=SECONDS, check=False)
    said = f"{done.stdout[-4000:]}\n{done.stderr[-2000:]}"
    assert done.returncode == 0, said
    figures = json.loads(done.stdout.splitlines()[-1])
    moved = {row["fault"]: row["moved"] for row in figures["by_fault"]}
    assert len(moved) == 3, said
    assert moved["a worker killed"] > 0, said
    assert [row["web_processes"] for row in figures["throughput"]] == [1, 2], said
    assert all(row["tokens_per_s"] > 0 for row in figures["throughput"]), said
    assert figures["wrong"] == 0
