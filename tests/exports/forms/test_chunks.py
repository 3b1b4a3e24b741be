"""Chunks: none is too large, nothing is lost, and ids stay when a conversation goes on."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exports.forms.chunks import pairs, windows
from exports.forms.options import Options
from exports.forms.pieces import pack, pieces
from tests.exports.many import talk

PARAGRAPHS = "\n\n".join(f"Paragraph {number} has some words. And another sentence, 茶。" * 3 for number in range(12))


def count(text: str) -> int:
    """A token for each three characters: as with real ones, two texts have no more together than apart."""
    return -(-len(text) // 3)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=300), max_size=5), st.integers(5, 60), st.integers(0, 30))
def test_no_row_is_too_large_and_nothing_is_lost(texts: list[str], size: int, overlap: int) -> None:
    found = list(pieces(texts, size, count))
    assert "".join(piece.text for piece in found) == "".join(texts)
    rows = pack(found, size, min(overlap, size // 2))
    assert all(sum(piece.tokens for piece in row) <= size for row in rows)
    assert all(count("".join(piece.text for piece in row)) <= size for row in rows)
    assert {piece for row in rows for piece in row} == set(found)


def test_texts_are_cut_at_their_best_seams() -> None:
    text = "One.\n\nTwo is longer. It has two sentences.\n\nThree"
    assert [piece.text for piece in pieces([text], 10, count)] == [
        "One.\n\n",
        "Two is longer. ",
        "It has two sentences.\n\n",
        "Three",
    ]


def test_a_long_answer_is_parts_that_each_have_the_question() -> None:
    made = list(pairs(talk("Why so long?", PARAGRAPHS), Options(size=100), count))
    assert len(made) > 5
    assert all(chunk["text"].startswith("Why so long?\n\n") for chunk in made)
    assert all(chunk["tokens"] <= 100 for chunk in made)
    assert [chunk["part"] for chunk in made] == list(range(len(made)))
    assert all(chunk["id"] == f"{chunk['messages'][1]}:{chunk['part']}" for chunk in made)


def test_a_question_that_leaves_no_room_is_beside_the_text() -> None:
    made = list(pairs(talk("Why? " * 60, "Because."), Options(size=100), count))
    (chunk,) = made
    assert chunk["text"] == "Because."
    assert chunk["question"].startswith("Why? Why?")


def test_windows_slide_over_the_branch() -> None:
    record = talk("First question?", PARAGRAPHS, "Second question?", PARAGRAPHS)
    made = list(windows(record, Options(cut="windows", size=120, overlap=40), count))
    assert all(chunk["tokens"] <= 120 for chunk in made)
    for one, next_one in pairwise(made):
        assert any(one["text"].endswith(next_one["text"][:size]) for size in range(15, 121)), "they share an end"
    assert "Second question?" in " ".join(chunk["text"] for chunk in made)
    across = [chunk for chunk in made if len(chunk["messages"]) > 1]
    assert across, "a window reaches over the end of a message"


@pytest.mark.parametrize("make", [pairs, windows])
def test_what_was_there_keeps_its_ids_and_texts_when_the_conversation_goes_on(make: Any) -> None:
    texts = ("First?", PARAGRAPHS, "Second?", PARAGRAPHS)
    options = Options(size=120, overlap=40)
    before = {chunk["id"]: chunk["sha256"] for chunk in make(talk(*texts[:2]), options, count)}
    after = {chunk["id"]: chunk["sha256"] for chunk in make(talk(*texts), options, count)}
    last = list(before)[-1] if make is windows else None
    assert before.keys() <= after.keys()
    assert all(after[key] == value for key, value in before.items() if key != last)


def test_a_chunk_says_where_it_came_from() -> None:
    record = talk("What is tea?", "A leaf.", tags=("hot",), folder="Kitchen")
    (chunk,) = pairs(record, Options(), count)
    question, reply = record.messages
    assert chunk["messages"] == [question.id, reply.id]
    assert chunk["messages_sha256"] == [question.sha256, reply.sha256]
    assert (chunk["conversation"], chunk["title"], chunk["folder"], chunk["tags"]) == (
        record.id,
        "Tea",
        "Kitchen",
        ["hot"],
    )
    assert (chunk["model"], chunk["rating"], chunk["review"]) == ("small", 0, "")


def test_every_chunk_has_the_same_keys() -> None:
    records = [talk("What is tea?", "A leaf."), replace(talk("Only a question"), folder="x")]
    options = Options(cut="windows")
    made = [chunk for record in records for make in (pairs, windows) for chunk in make(record, options, count)]
    assert len({frozenset(chunk) for chunk in made}) == 1
