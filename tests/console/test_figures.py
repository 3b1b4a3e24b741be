"""The last hour in figures, and the bars that show them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Group
from django.template.loader import render_to_string
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from accounts.chart import HEIGHT, LEFT, WIDTH, bars
from accounts.models import User
from audit.models import Hold
from console import recent
from console.recent import STEPS, figures, last_hour
from console.templatetags.figures import clock, milliseconds, named, number, percent
from conversations.models import Message
from inference.model import Model
from moderation.models import Incident
from tests.conversations.talk import say

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def ended(minutes: float, ttft: int | None = 100, tokens: int = 10, state: str = "complete") -> recent.Row:
    return NOW - timedelta(minutes=minutes), ttft, tokens, state


def test_an_hour_without_replies_has_no_times() -> None:
    hour = figures([], NOW)
    assert len(hour.steps) == STEPS
    assert hour.p50_ms is hour.p95_ms is hour.steps[0].p50_ms is None
    assert hour.replies == hour.tokens == 0


def test_each_reply_is_in_the_step_in_which_it_ended() -> None:
    hour = figures([ended(1, 50, 120), ended(1.5, 70, 120), ended(59, 900, 24), ended(61), ended(-1)], NOW)
    assert (hour.steps[-1].p50_ms, hour.steps[-1].p95_ms, hour.steps[-1].tokens_s) == (70, 70, 2.0)
    assert (hour.steps[0].p50_ms, hour.steps[0].tokens_s) == (900, 0.2)
    assert hour.replies == 3
    assert hour.tokens == 264
    assert all(step.p50_ms is None for step in hour.steps[1:-1])


def test_quantiles_are_values_that_occurred() -> None:
    hour = figures([ended(1, ms) for ms in range(1, 101)] + [ended(1, None, state="stopped")], NOW)
    assert (hour.p50_ms, hour.p95_ms) == (51, 96)
    assert hour.ends == (("complete", 100), ("stopped", 1))


def test_it_is_read_from_the_rows_of_the_models_asked_for(
    alice: User, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent, "FRESH_S", -1)
    sent = [say(alice) for _ in range(3)]
    rows = Message.objects.filter
    rows(pk=sent[0].reply).update(state="complete", finished_at=timezone.now(), ttft_ms=42, completion_tokens=7)
    rows(pk=sent[1].reply).update(state="complete", finished_at=timezone.now(), ttft_ms=9, model="another")
    hour = last_hour(["scripted"])
    assert (hour.p50_ms, hour.tokens, hour.replies) == (42, 7, 1)
    assert last_hour(["scripted", "another"]).replies == 2


def test_one_look_serves_all_for_a_while(db: None, model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "_last", {})
    first = last_hour(["scripted"])
    assert last_hour(["scripted"]) is first
    assert last_hour(["other"]) is not first


values = st.lists(st.none() | st.floats(0, 1e7), min_size=1, max_size=60)


@given(values)
def test_bars_stay_inside_and_grow_with_their_values(series: list[float | None]) -> None:
    drawn = bars({"one": series}, [str(index) for index in range(len(series))], number)
    for bar in drawn.bars:
        assert bar.x >= LEFT
        assert bar.x + bar.width <= WIDTH + 1
        assert bar.y >= 0
        assert bar.y + bar.height <= HEIGHT
    heights = [(value, bar.height) for value, bar in zip(filter(None, series), drawn.bars, strict=True)]
    assert [height for _, height in sorted(heights)] == sorted(height for _, height in heights)


def test_an_empty_chart_has_an_axis() -> None:
    drawn = bars({"one": [None, 0]}, ["a", "b"], number)
    assert drawn.bars == ()
    assert [tick.words for tick in drawn.ticks] == ["0", "1"]


@pytest.mark.parametrize(
    ("value", "words"),
    [(2, ["0", "1", "2"]), (3, ["0", "3"]), (0.1, ["0", "0.1"]), (40, ["0", "20", "40"])],
)
def test_the_middle_has_a_line_where_it_says_something(value: float, words: list[str]) -> None:
    drawn = bars({"one": [value]}, ["a"], number)
    assert [tick.words for tick in drawn.ticks] == words


@pytest.mark.parametrize(("values", "drawn"), [((None, 0), False), ((None, 7), True)])
def test_where_there_is_nothing_to_draw_it_is_said(values: tuple[float | None, ...], drawn: bool) -> None:
    chart = bars({"one": values}, ["a", "b"], milliseconds)
    html = render_to_string("console/chart.html", {"chart": chart, "title": "First text", "keys": chart.series})
    assert "First text" in html
    assert ("<svg" in html, "0 ms" in html, "Nothing yet." in html) == (drawn, drawn, not drawn)


def test_bars_say_what_they_show() -> None:
    drawn = bars({"p95": [120.0, None], "p50": [40.0, 10.0]}, ["2 min ago", "now"], milliseconds)
    assert [bar.words for bar in drawn.bars] == ["2 min ago: p95 120 ms", "2 min ago: p50 40 ms", "now: p50 10 ms"]
    assert drawn.ticks[-1].words == "200 ms"


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "–"), (0, "0:00"), (7.9, "0:07"), (185, "3:05"), (3723, "1:02:03"), (timedelta(days=2), "48:00:00")],
)
def test_durations_read_like_a_clock(value: timedelta | float | None, words: str) -> None:
    assert clock(value) == words


@pytest.mark.parametrize(
    ("value", "words"), [(None, "–"), (0, "0 ms"), (999.4, "999 ms"), (1349, "1.3 s"), (75_000, "75 s")]
)
def test_milliseconds_get_a_unit(value: float | None, words: str) -> None:
    assert milliseconds(value) == words


def test_numbers_are_short() -> None:
    assert [number(value) for value in (0, 3, 3.14, 12.6, 1234.5)] == ["0", "3", "3.1", "13", "1234"]
    assert percent(None) is None
    assert percent(0.876) == 88


def test_a_row_without_a_name_is_called_by_its_kind_in_the_readers_language() -> None:
    incident = Incident()
    assert named(Hold(pk=7)) == "Legal hold 7"
    assert named(incident) == f"Incident {str(incident.pk)[:8]}"
    with translation.override("zh-hans"):
        assert named(Hold(pk=7)) == "法律保留 7"
    assert named(Group(pk=2, name="team 2")) == "team 2"
    assert named(User(pk=3, username="agent 3")) == "agent 3"
