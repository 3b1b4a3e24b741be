"""The benchmark of rendering, in its short form, and that it renders what a page would."""

import json

import pytest
from django.core.management import call_command

from chatsite.bench import rendering as bench
from chatsite.bench.progress import Progress
from conversations.markdown import render


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "TIMES", 1)
    monkeypatch.setattr(bench, "TEXTS", {"Markdown": bench.MARKED, "formulas": bench.MATHS})


def test_the_short_form(small: None, capfd: pytest.CaptureFixture[str]) -> None:
    call_command("bench_rendering", short=True)
    result = json.loads(capfd.readouterr().out.splitlines()[-1])
    rows = result["rows"]
    assert [row["text"] for row in rows] == ["Markdown", "formulas"]
    assert all(row["on_cpu_ms_per_1k_tokens"] > row["off_cpu_ms_per_1k_tokens"] > 0 for row in rows)
    assert all(row["page_ms"] > 0 and row["whole_ms"] > 0 and row["html_bytes_per_byte"] > 1 for row in rows)


def test_each_step_is_told(small: None, capsys: pytest.CaptureFixture[str]) -> None:
    bench.run(True, Progress())
    assert [line.split(maxsplit=1)[1] for line in capsys.readouterr().err.splitlines()] == ["Markdown", "formulas"]


def test_its_texts_have_what_they_are_called_after() -> None:
    html = {kind: render(text) for kind, text in bench.TEXTS.items()}
    for mark in ("<h4", "<strong>", "<a ", "<ol", "<ul>", "<table", "<blockquote"):
        assert mark in html["Markdown"]
    assert html["plain"].count("<") == 2
    assert '<figure class="code">' in html["code"]
    assert html["formulas"].count("<math") == 2
    assert "<strong>" in html["Chinese"]
