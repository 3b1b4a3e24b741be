"""What people are shown: tables and the chart."""

import struct
from pathlib import Path

import pytest

from chatsite.bench.models import chart, earlier, report, rows
from chatsite.bench.models.answer import Answer
from inference.model import Model
from tests.bench.models.results import measured, told

OTHER = Model("other", "Other", "vllm", context_window=2048, slots=4)
KILL = {"next_token_s": 3.21, "states": ["continuing"], "tokens": 256, "is_whole": True, "fault": ""}


def shown(*, compare: bool = False, slower: float = 1.1) -> str:
    lines: list[str] = []
    result = told(measured(slower, kill=KILL), measured(model=OTHER))
    compared = earlier.article() if compare else []
    report.show(lines.append, result, compared, rows.judge(result["shares"]))
    return "\n".join(lines)


def test_each_side_of_each_model_has_a_line() -> None:
    text = shown()
    assert "cores" in text
    assert "稀疏激活" in text
    assert text.count("bare engine") >= 2
    assert "220 ± 0" in text
    assert "1.32 ± 0.00" in text
    assert "50.0 ± 0.0" in text


def test_the_share_stands_beside_what_it_may_be() -> None:
    assert "20.0 of 200" in shown()
    assert "NOT MET" in shown()
    assert "NOT MET" not in shown(slower=1.0)


def test_a_kill_says_how_long_it_took() -> None:
    line = next(line for line in shown().splitlines() if "continuing" in line)
    assert line.split() == ["small", "3.2", "continuing", "256", "whole"]


def test_what_the_article_does_not_say_is_not_made_up() -> None:
    assert "article" not in shown()
    line = next(line for line in shown(compare=True).splitlines() if "LLaMA" in line)
    assert line.split()[-4:] == ["890", "2.60", "-", "-"]


def png_size(path: Path) -> tuple[int, int]:
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert data.endswith(b"IEND\xaeB`\x82")
    width, height = struct.unpack(">II", data[16:24])
    return width, height


@pytest.mark.parametrize(("compare", "places"), [(False, 2), (True, 6)])
def test_the_chart_is_a_png_as_high_as_there_are_models(tmp_path: Path, compare: bool, places: int) -> None:
    compared = earlier.article() if compare else []
    chart.draw(tmp_path / "chart.png", told(measured(), measured(model=OTHER)), compared)
    assert png_size(tmp_path / "chart.png") == (chart.WIDTH, chart.MARGINS + places * chart.PLACE)


def test_an_earlier_run_stands_by_itself_and_the_engine_below_the_site() -> None:
    found = chart.grouped(told()["rows"], [{**row, "run": "monday"} for row in told()["rows"]])
    assert [[row["side"] for row in group] for _, group in found] == [["html", "bare"]] * 2
    assert "monday" in found[1][0]


def test_a_chart_is_drawn_of_a_run_in_which_nothing_came(tmp_path: Path) -> None:
    done = measured()
    for key, rounds in done.rounds.items():
        done.rounds[key] = [[Answer(fault="gone") for _ in answers] for answers in rounds]
    chart.draw(tmp_path / "chart.png", told(done), [])
    assert png_size(tmp_path / "chart.png")[0] == chart.WIDTH
