"""What a browser may say: each frame is a value, or refused with what was wrong."""

from uuid import UUID, uuid4

import orjson
import pytest

from conversations import frames
from conversations.follow import Cursor
from conversations.services import Draft

ID = str(uuid4())
MANY = {str(uuid4()): [0, 0, 0] for _ in range(51)}
HUGE = f'{{"type": "follow", "reply": "{ID}", "cursor": [0, 0, {"9" * 400}]}}'
MALFORMED = [
    ("not json", "malformed", None),
    ("", "malformed", None),
    ("[]", "malformed", None),
    ('"ping"', "malformed", None),
    ("null", "malformed", None),
    ("{}", "unknown_type", None),
    ('{"type": 7}', "unknown_type", None),
    ('{"type": ["ping"]}', "unknown_type", None),
    ('{"type": "shout"}', "unknown_type", None),
    ('{"type": "ping"', "malformed", None),
    ('{"type": "send", "client_id": "\\ud800"}', "malformed", None),
    ("[" * 5000, "malformed", None),
    ({"type": "send"}, "malformed", "send"),
    ({"type": "send", "client_id": ID}, "malformed", "send"),
    ({"type": "send", "client_id": ID, "text": 5}, "malformed", "send"),
    ({"type": "send", "client_id": ID, "text": None}, "malformed", "send"),
    ({"type": "send", "client_id": 5, "text": "x"}, "malformed", "send"),
    ({"type": "send", "client_id": "me", "text": "x"}, "malformed", "send"),
    ({"type": "send", "client_id": ID, "text": "x", "conversation": 1}, "malformed", "send"),
    ({"type": "send", "client_id": ID, "text": "x", "conversation": "../1"}, "malformed", "send"),
    ({"type": "send", "client_id": ID, "text": "x", "parent": {}}, "malformed", "send"),
    ({"type": "send", "client_id": ID, "text": "x", "model": ["gpt"]}, "malformed", "send"),
    ({"type": "send", "client_id": ID, "text": "x", "format": "pdf"}, "malformed", "send"),
    ({"type": "open"}, "malformed", "open"),
    ({"type": "open", "conversation": ID, "cursors": ["x"]}, "malformed", "open"),
    ({"type": "open", "conversation": ID, "cursors": {"me": [0, 0, 0]}}, "malformed", "open"),
    ({"type": "open", "conversation": ID, "cursors": {ID: [0, 0]}}, "malformed", "open"),
    (
        {"type": "open", "conversation": ID, "cursors": {str(uuid4()): [0, 0, 0] for _ in range(51)}},
        "malformed",
        "open",
    ),
    ({"type": "open", "conversation": ID, "after": 3}, "malformed", "open"),
    ({"type": "follow", "reply": ID, "cursor": "0-0-0"}, "malformed", "follow"),
    ({"type": "follow", "reply": ID, "cursor": [0, 0, -1]}, "malformed", "follow"),
    ({"type": "follow", "reply": ID, "cursor": [0, 0, 2**31]}, "malformed", "follow"),
    ({"type": "follow", "reply": ID, "cursor": [0, 0, 0.5]}, "malformed", "follow"),
    ({"type": "follow", "reply": ID, "cursor": [0, 0, True]}, "malformed", "follow"),
    ({"type": "follow", "reply": ID, "cursor": None}, "malformed", "follow"),
    (HUGE, "malformed", None),
    ({"type": "stop"}, "malformed", "stop"),
    ({"type": "stop", "reply": [ID]}, "malformed", "stop"),
    ({"type": "draft", "conversation": "new"}, "malformed", "draft"),
    ({"type": "draft", "text": "x"}, "malformed", "draft"),
    ({"type": "draft", "text": "x", "revision": -1}, "malformed", "draft"),
    ({"type": "draft", "text": "x", "revision": True}, "malformed", "draft"),
    ({"type": "draft", "text": "x", "revision": 2**31}, "malformed", "draft"),
    ({"type": "draft", "text": 5, "revision": 0}, "malformed", "draft"),
    ({"type": "draft", "text": "x", "revision": 0, "after": 5}, "malformed", "draft"),
    ({"type": "draft", "wait": "me", "conversation": ID, "text": "x"}, "malformed", "draft"),
    ({"type": "draft", "wait": ID, "conversation": None, "text": "x"}, "malformed", "draft"),
    ({"type": "draft", "wait": ID, "conversation": ID, "text": None}, "malformed", "draft"),
    ({"type": "draft", "wait": ID, "conversation": ID, "text": "x", "before": 5}, "malformed", "draft"),
    ({"type": "draft", "take_back": None, "conversation": ID}, "malformed", "draft"),
    ({"type": "draft", "take_back": ID}, "malformed", "draft"),
]


@pytest.mark.parametrize(("frame", "code", "about"), MALFORMED)
def test_a_frame_that_is_not_of_the_protocol_is_refused(frame: object, code: str, about: str | None) -> None:
    with pytest.raises(frames.Malformed) as refusal:
        frames.parse(frame if isinstance(frame, str) else orjson.dumps(frame))
    assert (refusal.value.code, refusal.value.about) == (code, about)


@pytest.mark.parametrize("text", [b"\xff\xfe", b'{"type": "\xed\xa0\x80"}'])
def test_bytes_that_are_not_utf_8_are_refused(text: bytes) -> None:
    with pytest.raises(frames.Malformed):
        frames.parse(text)


def test_frames_of_the_protocol_become_values() -> None:
    one = UUID(ID)
    least = {"type": "send", "client_id": ID, "text": "Hello"}
    most = {**least, "conversation": ID, "parent": ID, "model": "m", "format": "text", "unknown": "ignored"}
    open_ = {"type": "open", "conversation": ID, "after": ID, "cursors": {ID: [1, 2, 3]}, "format": "text"}
    follow = {"type": "follow", "reply": ID, "cursor": [0, 5, 2**31 - 1]}
    for frame, value in (
        (least, frames.Send(Draft(one, "Hello"), html=True)),
        (most, frames.Send(Draft(one, "Hello", one, one, model="m"), html=False)),
        ({"type": "open", "conversation": ID}, frames.Open(one, None, {}, html=True)),
        (open_, frames.Open(one, one, {one: Cursor(1, 2, 3)}, html=False)),
        (follow, frames.Follow(one, Cursor(0, 5, 2**31 - 1), html=True)),
        ({"type": "stop", "reply": ID}, frames.Stop(one)),
        ({"type": "limits"}, frames.Limits()),
        ({"type": "ping"}, frames.Ping()),
    ):
        assert frames.parse(orjson.dumps(frame)) == value
