"""The short form of ``make faults``, in a process of its own: it needs settings of its own."""

import json
import subprocess
import sys

from django.conf import settings

SECONDS = 480  # a bound against hanging, not a measure: a minute on a quiet machine


def test_kills_lose_nothing_and_stop_and_fairness_hold() -> None:
    command = [sys.executable, "-m", "tests.faults", "--short"]
    done = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=SECONDS, check=False)
    said = f"{done.stdout[-4000:]}\n{done.stderr[-2000:]}"
    assert done.returncode == 0, said
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["kills"] == 3, said
    assert figures["continued"] + figures["rewound"] > 0, said
    assert 0 < figures["formatted_watchers"] < figures["watchers"], said
    assert figures["wrong"] == 0
