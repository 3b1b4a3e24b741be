"""One small round of ``make fuzz``, in a process of its own, as it has a site of its own."""

import json
import subprocess
import sys

import pytest
from django.conf import settings

SECONDS = 480  # a bound against hanging, not a measure


@pytest.mark.long
def test_nothing_that_is_said_breaks_it() -> None:
    command = [sys.executable, "-m", "tests.fuzz", "--short"]
    done = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=SECONDS, check=False)
    said = f"{done.stdout[-4000:]}\n{done.stderr[-2000:]}"
    assert done.returncode == 0, said
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["wrong"] == 0
    assert "400" in figures["statuses"], "what is no JSON is told so: it was read, and not refused before"
    assert set(figures["cases_by_part"]) == {"parse", "socket", "pages", "api", "raw"}
