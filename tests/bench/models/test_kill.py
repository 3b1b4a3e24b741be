"""A killed worker's reply: when it went on, and when its text is not called whole."""

from hashlib import sha256
from typing import Any

import orjson
import pytest

from chatsite.bench.figures import Row
from chatsite.bench.models import kill

SENT = {"type": "sent", "reply": "r1"}
CONTINUING = {"type": "state", "state": "continuing"}
KILLED_AT = 0.15


def piece(text: str, end: int) -> dict[str, Any]:
    return {"type": "text", "text": text, "cursor": [0, 0, end]}


def end(size: int, kind: str = "done") -> dict[str, Any]:
    return {"type": kind, "cursor": [0, 0, size], "completion_tokens": 4}


def row(*frames: dict[str, Any], saved: str = "One two") -> Row:
    """Frames a tenth of a second apart; the worker is killed after the second."""
    told = kill.read([(number / 10, orjson.dumps(frame)) for number, frame in enumerate(frames)])
    return kill.row(told, KILLED_AT, sha256(saved.encode()).hexdigest())


def test_it_goes_on_where_it_was() -> None:
    found = row(SENT, piece("One", 3), CONTINUING, piece(" two", 7), end(7))
    assert found["next_token_s"] == pytest.approx(0.15)
    assert (found["is_whole"], found["states"], found["tokens"]) == (True, ["continuing"], 4)


def test_what_was_on_its_way_when_it_was_killed_is_not_the_next_token() -> None:
    found = row(SENT, piece("One", 3), piece(" t", 5), CONTINUING, piece("wo", 7), end(7))
    assert found["next_token_s"] == pytest.approx(0.25)


def test_it_may_begin_anew_or_go_back() -> None:
    anew = row(SENT, piece("Gone", 4), {"type": "state", "state": "restarted"}, piece("One two", 7), end(7))
    assert anew["is_whole"]
    back = {"type": "state", "state": "rewound", "text": "One", "reasoning": ""}
    assert row(SENT, piece("One t", 5), back, piece(" two", 7), end(7))["is_whole"]


@pytest.mark.parametrize(
    ("frames", "fault"),
    [
        ([piece("One", 3), CONTINUING, piece("two", 7), end(7)], "the cursor says 7 bytes, 6 came"),
        ([piece("One", 3), CONTINUING, piece(" too", 7), end(7)], "what was saved is not what came"),
        ([piece("One", 3), CONTINUING, piece(" two", 7), end(7, "failed")], "it ended with failed"),
        ([piece("One", 3), CONTINUING, piece(" two", 7)], "it did not end"),
        ([piece("One two", 7), end(7)], "it had ended before"),
    ],
)
def test_what_is_not_whole_says_why(frames: list[dict[str, Any]], fault: str) -> None:
    found = row(SENT, *frames)
    assert not found["is_whole"]
    assert found["fault"].startswith(fault)
