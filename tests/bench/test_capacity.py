"""The capacity model: what its page shows is what it says, and it is set beside what was measured."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from chatsite.bench.capacity import PEOPLE, Costs, Habits, compared, needs, table

PAGE = (settings.BASE_DIR / "docs" / "capacity.md").read_text()


def test_the_page_shows_what_the_model_says() -> None:
    assert table(PEOPLE) in PAGE


def test_costs_are_those_of_the_benchmarks() -> None:
    benchmarks = (settings.BASE_DIR / "docs" / "benchmarks.md").read_text()
    costs = Costs()
    at_50 = f"{costs.web_tokens:.0f} + {costs.worker_tokens:.0f} + {costs.redis_tokens:.0f}"
    row = re.search(r"^\| 50 \| html \|.*$", benchmarks, re.M)
    assert row is not None
    assert at_50 in row[0]


def test_twice_the_people_need_twice_the_work_and_never_less_than_one_of_each() -> None:
    few, many = needs(5_000, Habits(), Costs()), needs(10_000, Habits(), Costs())
    assert many.web_cores == pytest.approx(2 * few.web_cores)
    assert many.tokens_per_s == pytest.approx(2 * few.tokens_per_s)
    nobody = needs(0, Habits(), Costs())
    assert (nobody.web_processes, nobody.gpus, nobody.sockets) == (1, 1, 0)


def result(factor: float) -> dict[str, object]:
    costs = Costs()
    row = {"streams": 50, "format": "html"} | {
        f"{name}_cpu_s_per_1k_tokens": getattr(costs, f"{name}_tokens") * factor / 1000
        for name in ("web", "worker", "redis")
    }
    return {"rows": [row, {**row, "streams": 1}, {**row, "format": "text"}]}


def test_only_rows_that_the_model_is_for_are_compared() -> None:
    assert [name for name, _, _ in compared(result(1))] == [
        f"{name}, 1,000 tokens at 50 streams" for name in ("web", "worker", "redis")
    ]


@pytest.mark.parametrize(("factor", "differs"), [(1.0, 0), (2.0, 3), (0.4, 3)])
def test_a_measurement_that_differs_is_told(tmp_path: Path, factor: float, differs: int) -> None:
    file = tmp_path / "bench"
    file.write_text("figures\n" + json.dumps(result(factor)) + "\n")
    command = [sys.executable, "-m", "chatsite.bench.capacity", "10", "--measured", str(file)]
    told = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, check=True).stdout
    assert told.startswith("| people | 10 |\n")
    assert told.count("DIFFERS") == differs
