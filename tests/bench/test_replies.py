"""What the benchmark counts as lost, doubled, out of order, or somebody else's."""

from typing import Any

import orjson
import pytest

from chatsite.bench.replies import Reply, of_frames, of_pieces
from inference import stamps

ASKED = "what is measured here"
TOKENS = 6
SENT_AT = 100.0


def tokens(numbers: list[int], asked: str = ASKED) -> list[str]:
    """These tokens, number n said n hundredths of a second after the question."""
    undated = stamps.undated(asked, TOKENS)
    return [stamps.dated(undated[number], SENT_AT + number / 100) for number in numbers]


def arrived(numbers: list[int]) -> Reply:
    """The reply of which these came, each 2 ms after it was said."""
    return of_pieces(
        ASKED,
        TOKENS,
        SENT_AT,
        [(SENT_AT + n / 100 + 0.002, text) for n, text in zip(numbers, tokens(numbers), strict=True)],
    )


def text_frames(pieces: list[str]) -> list[dict[str, Any]]:
    frames, end = [], 0
    for piece in pieces:
        end += len(piece)
        frames.append({"type": "text", "text": piece, "cursor": [0, 0, end]})
    return frames


def told(frames: list[dict[str, Any]]) -> Reply:
    return of_frames(ASKED, TOKENS, SENT_AT, [(SENT_AT + 1, orjson.dumps(frame)) for frame in frames])


SENT = {"type": "sent", "reply": "r"}
DONE = {"type": "done", "cursor": [0, 0, TOKENS * stamps.LENGTH]}


def test_a_whole_reply() -> None:
    reply = arrived([0, 1, 2, 3, 4, 5])
    assert (reply.lost, reply.doubled, reply.reordered, reply.foreign) == (0, 0, 0, 0)
    assert reply.ttft_s == pytest.approx(0.002)
    assert reply.delays_s == pytest.approx([0.002] * 6, abs=2e-6)


@pytest.mark.parametrize(
    ("numbers", "counted"),
    [
        ([0, 1, 3, 4, 5], (1, 0, 0)),
        ([0, 1, 2, 2, 3, 4, 5], (0, 1, 0)),
        ([0, 2, 1, 3, 4, 5], (0, 0, 1)),
        ([], (6, 0, 0)),
    ],
)
def test_what_goes_wrong_is_counted(numbers: list[int], counted: tuple[int, int, int]) -> None:
    reply = arrived(numbers)
    assert (reply.lost, reply.doubled, reply.reordered) == counted


def test_a_token_of_another_question_is_foreign_and_does_not_make_up_for_a_lost_one() -> None:
    pieces = [*tokens([0, 1, 2, 3, 4]), *tokens([5], asked="something else")]
    reply = of_pieces(ASKED, TOKENS, SENT_AT, [(SENT_AT, piece) for piece in pieces])
    assert (reply.foreign, reply.lost) == (1, 1)


def test_an_engine_that_was_held_up_is_seen() -> None:
    moments = [0.0, 0.0201, 0.0403, 0.0650, 0.0801, 0.1002]  # on a grid of 20 ms, the fourth 5 ms late
    undated = stamps.undated(ASKED, TOKENS)
    pieces = [(100 + at, stamps.dated(token, 100 + at)) for token, at in zip(undated, moments, strict=True)]
    late = of_pieces(ASKED, TOKENS, SENT_AT, pieces).lateness_s(0.02)
    assert late == pytest.approx([0.0001, 0.0003, 0.005, 0.0001, 0.0002], abs=1e-5)


def test_frames_of_a_good_reply() -> None:
    reply = told([SENT, {"type": "started"}, *text_frames(tokens([0, 1, 2, 3, 4, 5])), DONE])
    assert (reply.id, reply.unsent, reply.fault, reply.lost) == ("r", "", "", 0)


def test_text_that_only_its_blocks_show_counts_as_come_and_shown_again_not_twice() -> None:
    first, second = tokens([0, 1, 2]), tokens([0, 1, 2, 3, 4, 5])
    html = {
        "type": "html",
        "html": f"<p>{''.join(second[:4])}</p>",
        "rest": "".join(second[4:]),
        "cursor": DONE["cursor"],
    }
    reply = told([SENT, *text_frames(first), html, {**DONE, "html": f"<p>{''.join(second)}</p>"}])
    assert (reply.fault, reply.lost, reply.doubled) == ("", 0, 0)


@pytest.mark.parametrize(
    ("frames", "fault"),
    [
        ([SENT, *text_frames(tokens([0, 1]))], "did not end"),
        ([SENT, *text_frames(tokens([0, 1])), {"type": "failed", "cursor": [0, 0, 30]}], "ended with failed"),
        ([SENT, *text_frames(tokens([0, 1])), DONE], "the cursor says"),
        ([SENT, *text_frames(tokens([0, 1, 2, 3, 4, 5])), {**DONE, "html": "<p></p>"}], "HTML at the end"),
    ],
)
def test_a_reply_with_a_fault_says_which(frames: list[dict[str, Any]], fault: str) -> None:
    assert fault in told(frames).fault


def test_a_refused_question_is_a_failed_send() -> None:
    reply = told([{"type": "refused", "code": "busy"}])
    assert (reply.unsent, reply.id, reply.lost) == ("refused: busy", "", TOKENS)
