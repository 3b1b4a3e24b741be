"""The figures of the cluster's run: what people had to wait, what went through, and that a loss is seen."""

import orjson

from inference.stamps import Stamp, mark
from tests.cluster.silences import longest
from tests.cluster.throughput import TOKENS, figures

QUESTION = "@tokens=64 a question"
Frames = list[tuple[float, bytes]]


def _reply(began: float, *, without: int = -1) -> tuple[str, float, Frames]:
    """A token each hundredth of a second; with one that is left out."""
    frames: Frames = [(began, orjson.dumps({"type": "sent", "reply": "r"}))]
    size = 0
    for number in range(TOKENS):
        if number == without:
            continue
        token = Stamp(mark(QUESTION), number, round(began * 1e6)).token
        size += len(token)
        at = began + (number + 1) / 100
        frames.append((at, orjson.dumps({"type": "text", "text": token, "cursor": [0, 0, size]})))
    frames.append((began + 1, orjson.dumps({"type": "done", "cursor": [0, 0, size]})))
    return QUESTION, began, frames


def test_what_came_between_two_moments_counts() -> None:
    row = figures([_reply(10.0), _reply(13.0)], 10.0, 12.0)
    assert (row["messages_accepted_per_s"], row["replies_per_s"], row["tokens_per_s"]) == (0.5, 0.5, TOKENS / 2)
    assert (row["replies"], row["wrong_replies"]) == (2, 0)


def test_a_lost_token_makes_a_reply_wrong() -> None:
    row = figures([_reply(10.0), _reply(10.0, without=7)], 10.0, 12.0)
    assert (row["wrong_replies"], row["replies_per_s"]) == (1, 0.5)


def test_a_reply_that_never_came_is_wrong() -> None:
    assert figures([(QUESTION, 10.0, [])], 10.0, 12.0)["wrong_replies"] == 1


def test_a_silence_counts_where_a_part_of_it_is_between() -> None:
    arrivals = [1.0, 1.5, 9.5, 10.0, 30.0]
    assert longest(arrivals, 1.2, 8.0) == 8.0
    assert longest(arrivals, 9.6, 9.9) == 0.5
    assert longest(arrivals, 31.0, 40.0) == 0.0
