"""What a run is compared with: the article's table, and earlier runs."""

import json
from pathlib import Path

import pytest

from chatsite.bench.models import earlier, run
from chatsite.bench.site import BenchError
from tests.bench.models.results import told


def test_the_article_has_four_systems() -> None:
    rows = earlier.article()
    assert [(row["engine"], row["ttft_ms_mean"], row["e2e_ms_mean"]) for row in rows] == [
        ("vLLM", 327, 1420),
        ("llama.cpp", 890, 2600),
        ("Transformers + FlashAttention", 610, 2100),
        ("OpenAI API", 210, 1280),
    ]
    first, *others = rows
    assert (first["ttft_ms_deviation"], first["e2e_ms_deviation"]) == (18, 40)
    assert (first["tokens_per_s_mean"], first["users_e2e_ms_mean"], first["users"]) == (42.6, 1510, 5)
    assert all(row["tokens_per_s_mean"] is None for row in others)
    assert all("claims" in row["run"] and row["source"] for row in rows)


def test_a_file_that_was_written_can_be_compared(tmp_path: Path) -> None:
    file = tmp_path / "monday.json"
    run.write(file, told())
    rows = earlier.read([str(file), "article"])
    assert [row["run"] for row in rows] == ["monday", "monday", *["article (claims)"] * 4]
    assert rows[0]["ttft_ms_mean"] == pytest.approx(200)


def test_so_can_what_the_command_printed(tmp_path: Path) -> None:
    file = tmp_path / "printed"
    file.write_text("A table\n\n" + json.dumps(told()))
    assert len(earlier.read([str(file)])) == 2


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"bench": "path", "rows": []}', '{"bench": "models", "rows": [{}]}', "\x00"]
)
def test_what_is_no_result_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "wrong.json"
    file.write_text(text)
    with pytest.raises(BenchError, match=r"wrong\.json.*Allowed: a file that --json wrote, or 'article'"):
        earlier.read([str(file)])


def test_so_is_what_is_not_there_or_is_no_text(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="nowhere: it cannot be read: No such file"):
        earlier.read([str(tmp_path / "nowhere")])
    (tmp_path / "chart.png").write_bytes(b"\x89PNG\xff")
    with pytest.raises(BenchError, match="no result"):
        earlier.read([str(tmp_path / "chart.png")])
