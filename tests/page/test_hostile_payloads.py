"""Whatever a model says: nothing of it runs, leaves, names itself or breaks out, and all of it is formatted at once."""

import json
import random
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from conversations.markdown import formulas, render
from conversations.rendering import _LivePart, _render_open
from tests.page.hostile_payloads import CLASSES, PAYLOADS
from tests.page.stage import HOME, Stage

MOST_SECONDS = 0.5  # of processor time: those that are not cut off take many seconds
PIECES, LONG, LONG_PIECES = 10, 30_000, 2  # in how many pieces a payload is streamed
SCOPE = "0123456789abcdef" * 2
LOOK = Path(__file__).with_name("hostile_look.js")


def in_pieces(text: str, dice: random.Random) -> list[str]:
    pieces = PIECES if len(text) < LONG else LONG_PIECES
    cuts = sorted({0, len(text), *(dice.randint(0, len(text)) for _ in range(pieces - 1))})
    return [text[start:end] for start, end in pairwise(cuts)]


def steps(text: str, dice: random.Random) -> list[dict[str, Any]]:
    """What a page is told while this streams: not every piece is formatted before the next one comes."""
    live = _LivePart(SCOPE)
    made: list[dict[str, Any]] = []
    for piece in in_pieces(text, dice):
        live.feed(piece)
        blocks = live.take(_render_open(live.open_text)) if dice.random() < 0.7 else []
        made.append({"piece": piece, "blocks": [list(block) for block in blocks], "rest": live.unrendered})
    return made


def streamed(text: str, dice: random.Random) -> str:
    live = _LivePart(SCOPE)
    for piece in in_pieces(text, dice):
        live.feed(piece)
        live.take(_render_open(live.open_text))
    return live.whole()


def test_there_are_enough_of_them_in_each_class() -> None:
    assert len(PAYLOADS) >= 200
    assert len({text for _, text in PAYLOADS}) == len(PAYLOADS)
    assert {
        "script",
        "handler",
        "link",
        "svg",
        "mathml",
        "style",
        "mutation",
        "fence",
        "name",
        "unicode",
    } <= CLASSES.keys()
    assert {"line", "nesting", "table", "many"} <= CLASSES.keys()


@pytest.mark.browser
def test_none_runs_leaves_or_breaks_out(stage: Stage) -> None:
    stage.page.add_script_tag(path=LOOK)
    faults = {}
    for number, (name, text) in enumerate(PAYLOADS):
        told = steps(text, random.Random(number))  # noqa: S311 - cuts a text
        if found := stage.page.evaluate("look", [render(text, SCOPE), told]):
            faults[name] = found
    assert not faults, json.dumps(faults, indent=1, ensure_ascii=False)[:6000]
    stage.page.wait_for_function(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))"
    )
    assert stage.page.evaluate("window.ran") == []
    assert stage.page.url == HOME


@pytest.mark.browser
def test_the_stage_sees_what_runs_leaves_or_breaks_out(browser: Any) -> None:
    stage = Stage(browser)
    stage.page.add_script_tag(path=LOOK)
    hostile = (
        "<p id=messages onclick=x><img src='https://leak.example/x' onerror=canary(1)>"
        "<a href='javascript:canary(1)'>x</a><b style='position:fixed;left:-999px'>x</b></p>"
    )
    found = stage.page.evaluate("look", [hostile, []])
    stage.page.wait_for_function("window.ran.length")
    assert stage.leaks == ["https://leak.example/x"] * len(stage.leaks) != []
    said = " ".join(found["whole"])
    for fault in ("has <img", "ids messages", "onclick", "leads to javascript:", "is fixed"):
        assert fault in said


@pytest.mark.parametrize(("name", "text"), PAYLOADS, ids=[name for name, _ in PAYLOADS])
def test_each_is_formatted_in_no_time(name: str, text: str) -> None:
    def seconds() -> float:
        formulas.formula.cache_clear()
        began = time.thread_time()
        html = render(text, SCOPE)
        took = time.thread_time() - began
        assert len(html) <= 60 * len(text) + 200
        return took

    assert any(seconds() < MOST_SECONDS for _ in range(5)), "the quickest counts: what else the machine does only adds"


@pytest.mark.parametrize(("name", "text"), PAYLOADS, ids=[name for name, _ in PAYLOADS])
def test_each_ends_as_the_whole_however_it_streams(name: str, text: str) -> None:
    assert streamed(text, random.Random(name)) == render(text, SCOPE)  # noqa: S311 - cuts a text
