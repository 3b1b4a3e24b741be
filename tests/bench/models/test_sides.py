"""The bare engine in its own process, and when it may be loaded beside another."""

from pathlib import Path

import pytest
from django.conf import settings

from chatsite.bench import usage
from chatsite.bench.models import bare as program
from chatsite.bench.models import measure
from chatsite.bench.models.plan import Asked
from chatsite.bench.models.sides import bare
from chatsite.bench.site import BenchError
from inference.catalog import load
from inference.model import Model

CATALOG = """
[[model]]
name = "quick"
label = "Quick"
engine = "scripted"
context_window = 2048
slots = 8
options = { ttft = 0.02, rate = 500, tokens = 20, text = "稀疏激活", fail_start = FAILS, directives = true }
"""


def catalog(folder: Path, fails: str = "false") -> Path:
    path = folder / "catalog.toml"
    path.write_text(CATALOG.replace("FAILS", fails))
    return path


async def test_it_is_asked_and_answers(tmp_path: Path) -> None:
    with bare(catalog(tmp_path), "quick", tmp_path) as engine:
        one, two = await engine.ask(Asked("Hello", 7), 2)
        assert (one.tokens, two.tokens, one.fault) == (7, 7, "")
        assert 0.01 <= one.first_s <= one.last_s <= one.end_s
        assert one.text.startswith("稀疏激活")
        assert engine.loaded.start_s > 0
        assert engine.rss_mb() > 10
        [broken] = await engine.ask(Asked("@fail_after=3", 7), 1)
        assert broken.fault
        pid = engine._process.pid
    assert not usage.command_line(pid)


def test_what_does_not_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="start"), bare(catalog(tmp_path, "true"), "quick", tmp_path):
        pass


def test_a_process_that_ends_shows_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="CatalogError"), bare(catalog(tmp_path), "unknown", tmp_path):
        pass


def test_it_is_asked_what_a_worker_would_ask() -> None:
    model = load(settings.CATALOG).get("smollm2-135m")
    asked = program.request(model, "1", "Hello", 9)
    assert [(turn.role, turn.text) for turn in asked.turns] == [("system", model.system), ("user", "Hello")]
    assert (asked.sampling.max_tokens, asked.sampling.temperature) == (9, 0)


def test_two_engines_are_loaded_only_where_both_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "available_mb", lambda: 3000.0)
    model = Model("small", "Small", "vllm", context_window=2048, slots=4)
    assert measure.leaves_room(model, 1900)
    assert not measure.leaves_room(model, 2000)
    assert not measure.leaves_room(Model("big", "Big", "vllm", context_window=2048, slots=4, gpus=1), 100)


def test_memory_that_can_be_had_is_known() -> None:
    assert usage.available_mb() > 0
