"""The filter's benchmark, as CI runs it, and that what it counts is what it says."""

import json

import pytest
from django.core.management import call_command

from chatsite.bench import corpus
from chatsite.bench import filter as bench
from chatsite.bench.progress import Progress
from moderation.matcher import Action, Matcher, RuleSpec
from moderation.stream import StreamFilter


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "WORDS", (10,))
    monkeypatch.setattr(bench, "PATTERNS", (10,))


def test_the_short_form(small: None, capfd: pytest.CaptureFixture[str]) -> None:
    call_command("bench_filter", short=True)
    result = json.loads(capfd.readouterr().out.splitlines()[-1])
    rows = result["rows"]
    assert [(row["rules"], row["kind"], row["language"]) for row in rows] == [
        (10, "words", "en"),
        (10, "words", "zh"),
        (10, "patterns", "en"),
        (10, "patterns", "zh"),
    ]
    assert all(row["stream_us_per_1k_chars"] > row["floor_us_per_1k_chars"] > 0 for row in rows)
    assert all(row["whole_us_per_1k_chars"] > 0 and row["first_piece_us_p50"] > 0 for row in rows)
    assert all(row["held_chars_mean"] <= row["held_chars_max"] < 300 for row in rows)
    assert all(row["characters"] == 4_000 for row in rows)


def test_each_step_is_told(small: None, capsys: pytest.CaptureFixture[str]) -> None:
    bench.run(True, Progress())
    assert [line.split(maxsplit=1)[1] for line in capsys.readouterr().err.splitlines()] == ["10 words", "10 patterns"]


def test_delays_are_counted_in_characters() -> None:
    """``ab`` may become ``abx``: it waits for the next piece, one of three characters and then one of one."""
    stream = StreamFilter(Matcher([RuleSpec(1, Action.MASK, words=("*abx*",))]))
    figures = bench._delays(stream, ["zab", "zzz", "a", "z"])
    assert figures == {"held_chars_mean": (3 + 3 + 1) / 8, "held_chars_p95": 3, "held_chars_max": 3}


def test_texts_are_as_long_as_asked_and_of_their_language() -> None:
    english, chinese = corpus.english(30_000), corpus.chinese(30_000)
    assert len(english) == len(chinese) == 30_000
    assert english.isascii()
    assert sum("一" <= one <= "鿿" for one in chinese) > 10_000


def test_words_are_many_and_not_in_the_texts() -> None:
    listed = corpus.words(1_000).words
    assert len(set(listed)) == 1_000
    assert corpus.words(1_000).words == listed
    assert not any(word in corpus.english(20_000) for word in listed)


def test_patterns_are_all_different_and_fit_replies() -> None:
    rules = corpus.patterns(50)
    assert len({rule.pattern for rule in rules}) == 50
    assert not Matcher(rules).compiled.long
