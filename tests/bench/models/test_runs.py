"""The article's measurement as a whole, on sites of its own, with models that are quick and exact."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from django.conf import settings
from pytest_django import Settings

from chatsite.bench.models import measure, run
from chatsite.bench.models.plan import Plan
from chatsite.bench.models.run import Wanted
from chatsite.bench.progress import Progress
from chatsite.bench.site import BenchError
from tests.bench.models.test_report import png_size

MODEL = """
[[model]]
name = "{name}"
label = "{name}"
engine = "scripted"
context_window = 4096
slots = 8
options = {{ ttft = 0.1, rate = {rate}, tokens = 300 }}
"""


def catalog(folder: Path) -> Path:
    path = folder / "catalog.toml"
    path.write_text(MODEL.format(name="quick", rate=100) + MODEL.format(name="quicker", rate=200))
    return path


def bench(*arguments: str, catalog: Path) -> "subprocess.CompletedProcess[str]":
    mine = {"DJANGO_SETTINGS_MODULE": "chatsite.settings", "CHATSITE_CATALOG": str(catalog)}
    environment = {**os.environ, **mine, "CHATSITE_DATA_DIR": str(catalog.parent / "data")}
    command = [sys.executable, "manage.py", "bench", *arguments]
    return subprocess.run(
        command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, timeout=900, check=False
    )


@pytest.mark.long
def test_a_model_is_measured_and_a_worker_killed(tmp_path: Path) -> None:
    before = set(Path(tempfile.gettempdir()).glob("chatsite-bench-*"))
    written, drawn = tmp_path / "result.json", tmp_path / "chart.png"
    wanted = [
        "quick",
        "--short",
        "--kill-worker",
        "--compare",
        "article",
        "--json",
        str(written),
        "--chart",
        str(drawn),
    ]
    done = bench(*wanted, catalog=catalog(tmp_path))
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told == json.loads(written.read_text())
    assert png_size(drawn)[0] == 1600
    engine, site = told["rows"]
    assert (engine["side"], site["side"], engine["interleaved"]) == ("bare", "html", True)
    for row in (engine, site):
        assert (row["asked"], row["kept"], row["users_asked"], row["users"], row["failed"]) == (6, 4, 6, 3, 0)
        assert (row["tokens_mean"], row["rate_tokens_mean"]) == (12, 40)
        assert row["tokens_per_s_mean"] > 0
        assert row["start_s"] > 0 < row["rss_mb"]
    assert 100 <= engine["ttft_ms_mean"] < site["ttft_ms_mean"] < site["e2e_ms_mean"]
    assert [share["streams"] for share in told["shares"]] == [1, 3]
    assert all(share["ttft_ms_ratio"] > 1 for share in told["shares"])
    [kill] = told["kills"]
    assert (kill["is_whole"], kill["states"], kill["tokens"]) == (True, ["continuing"], 40)
    assert kill["next_token_s"] > 0
    assert "GPT-4 Turbo" in done.stdout
    assert told["machine"]["cores"]
    assert set(Path(tempfile.gettempdir()).glob("chatsite-bench-*")) <= before


@pytest.mark.long
def test_where_two_engines_do_not_fit_they_take_turns(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CATALOG = catalog(tmp_path)
    monkeypatch.setattr(measure, "available_mb", lambda: 0.0)
    plan = Plan(requests=5, users=2, tokens=5, rates=2, rate_tokens=20, formats=("text", "api"), fresh=True)
    told = run.run(plan, Wanted(("quick",)), Progress())
    assert [row["side"] for row in told["rows"]] == ["bare", "text", "api"]
    for row in told["rows"]:
        assert (row["interleaved"], row["asked"], row["kept"], row["users_asked"]) == (False, 5, 3, 6)
        assert (row["failed"], row["tokens_mean"], row["rate_tokens_mean"]) == (0, 5, 20)
    assert len(told["shares"]) == 4
    assert run.is_sound(told)


@pytest.mark.long
def test_a_model_is_measured_over_the_api_of_a_second_site(tmp_path: Path, settings: Settings) -> None:
    settings.CATALOG = catalog(tmp_path)
    plan = Plan(requests=5, users=2, tokens=5, rates=2, rate_tokens=20)
    told = run.run(plan, Wanted(("quicker",), loopback="quick"), Progress())
    assert [(row["model"], row["engine"]) for row in told["rows"]] == [
        *[("quicker", "scripted")] * 2,
        *[("quick-api", "openai")] * 2,
    ]
    for row in told["rows"]:
        assert (row["failed"], row["tokens_mean"], row["rate_tokens_mean"]) == (0, 5, 20)
    engine = told["rows"][2]
    assert engine["ttft_ms_mean"] > 100  # the script's own, behind a whole site
    assert run.is_sound(told)


@pytest.mark.parametrize(
    ("wanted", "database", "said"),
    [
        (Wanted(("quik",)), "", "no model 'quik'. Did you mean 'quick'"),
        (Wanted(("quick",), loopback="slow"), "", "no model 'slow'"),
        (Wanted(("quick", "quicker")), "postgres://localhost/empty", "one model at a time"),
        (Wanted(("quick",), loopback="quicker"), "postgres://localhost/empty", "one model at a time"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_anything_is(
    tmp_path: Path, settings: Settings, wanted: Wanted, database: str, said: str
) -> None:
    settings.CATALOG = catalog(tmp_path)
    with pytest.raises(BenchError, match=said):
        run.run(Plan(database=database), wanted, Progress())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing"], "no model 'nothing'"),
        (["quick", "--requests", "0"], "--requests"),
        (["quick", "--compare", "nowhere.json"], "nowhere.json: it cannot be read"),
        (["quick", "--formats", "pdf"], "'text', 'html', 'api'"),
    ],
)
def test_the_command_names_what_is_wrong(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = bench(*arguments, catalog=catalog(tmp_path))
    assert done.returncode not in (0, -1)
    assert said in done.stderr
    assert "Traceback" not in done.stderr
