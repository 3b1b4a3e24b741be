"""A reply as frames tell it: when its first token came, how long it took, why it does not count."""

from typing import Any

import orjson
import pytest

from chatsite.bench.models.answer import Answer, of_frames

SENT = {"type": "sent", "reply": "r1"}
COUNTS = {"prompt_tokens": 30, "completion_tokens": 3, "ttft_ms": 100}


def heard(*frames: dict[str, Any]) -> Answer:
    """The reply to a question that was asked at 100.0, of which these frames came a tenth of a second apart."""
    return of_frames(100.0, [(100 + number / 10, orjson.dumps(frame)) for number, frame in enumerate(frames)])


def test_a_reply_with_html_while_it_streams() -> None:
    answer = heard(
        {"type": "hello"},
        SENT,
        {"type": "queued", "reply": "r1", "ahead": 0},
        {"type": "started", "reply": "r1"},
        {"type": "text", "cursor": [0, 0, 3], "text": "稀"},
        {"type": "html", "cursor": [0, 0, 3], "html": "<p>稀</p>", "rest": ""},
        {"type": "text", "cursor": [0, 0, 6], "text": "疏"},
        {"type": "html", "cursor": [0, 0, 6], "html": "<p>稀疏</p>", "rest": ""},
        {"type": "done", "cursor": [0, 0, 6], **COUNTS},
    )
    assert (answer.fault, answer.reply, answer.text) == ("", "r1", "稀疏")
    assert (answer.tokens, answer.prompt_tokens) == (3, 30)
    assert (answer.first_s, answer.last_s, answer.end_s) == pytest.approx((0.4, 0.6, 0.8))


def test_thinking_is_a_first_token_and_a_block_may_be_the_first_to_show_text() -> None:
    thought = heard(SENT, {"type": "reasoning", "cursor": [0, 5, 0], "text": "Hm..."}, {"type": "done", **_end(5, 0)})
    assert thought.first_s == pytest.approx(0.1)
    block = {"type": "html", "part": "text", "cursor": [0, 0, 2], "html": "", "rest": "Hi"}
    assert heard(SENT, block, {"type": "done", **_end(0, 2)}).first_s == pytest.approx(0.1)


def test_a_reply_that_met_its_limit_counts() -> None:
    assert not heard(SENT, {"type": "cut", **_end(0, 0)}).fault


@pytest.mark.parametrize(
    ("frames", "fault"),
    [
        ([SENT], "it did not end"),
        ([{"type": "refused", "code": "too_long"}], "refused: too_long"),
        ([{"type": "error", "code": "unavailable", "about": "send"}], "error: unavailable"),
        ([SENT, {"type": "failed", "cursor": [0, 0, 0], **COUNTS}], "it ended with failed"),
        ([SENT, {"type": "stopped", "cursor": [0, 0, 0], **COUNTS}], "it ended with stopped"),
    ],
)
def test_what_does_not_count_says_why(frames: list[dict[str, Any]], fault: str) -> None:
    assert heard(*frames).fault == fault


def _end(reasoning: int, text: int) -> dict[str, Any]:
    return {"cursor": [0, reasoning, text], **COUNTS}
