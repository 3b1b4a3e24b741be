"""What other programs write, as we keep it: who answers whom, what was shown, what was on the way to it."""

import io
import json
from collections.abc import Sequence
from typing import Any

import pytest

from exports.imports import Found, read
from exports.imports.bounds import LONGEST, MB, Bounds
from exports.imports.open_webui import _parted
from exports.imports.refusals import Bad
from exports.records import Item, Record
from tests.exports.imports import samples
from tests.exports.imports.samples import gpt, gpt_message, libre_message, said

BOUNDS = Bounds(file=64 * MB, unpacked=64 * MB, conversation=4 * MB, conversations=1_000, messages=2_000)


def one(value: dict[str, Any], bounds: Bounds = BOUNDS) -> Record:
    (found,) = read(io.BytesIO(json.dumps(value).encode()), bounds)
    assert isinstance(found, Found), str(found)
    return found.record


def wrong(value: Any, bounds: Bounds = BOUNDS) -> Bad:
    (found,) = read(io.BytesIO(json.dumps(value).encode()), bounds)
    assert isinstance(found, Bad)
    assert str(found)
    return found


def tree(record: Record) -> list[tuple[str, str, int | None]]:
    """Role, text, and the position of what each answers."""
    positions = {item.id: item.position for item in record.messages}
    return [(item.role, item.text, positions.get(item.parent)) for item in record.messages]  # type: ignore[arg-type]


def texts(items: Sequence[Item]) -> list[str]:
    return [item.text for item in items]


def test_chatgpts_tree_becomes_ours() -> None:
    record = one(samples.chatgpt())
    assert tree(record) == [
        ("user", "[file: count.csv]\n\n[image: file-Xy1]\n\nHow many penguins?", None),
        ("assistant", "Seven penguins.", 0),
        ("assistant", "Eight.", 0),
        ("user", "Sure?", 1),
        ("assistant", "Yes.", 3),
    ]
    assert texts(record.branch()) == [text for _role, text, _parent in tree(record) if text != "Eight."]
    assert [item.state for item in record.messages] == ["complete", "complete", "cut", "complete", "complete"]
    assert "secret" not in str(record)


def test_what_chatgpt_did_before_it_answered_is_the_replys_reasoning() -> None:
    reply = one(samples.chatgpt()).messages[1]
    assert reply.reasoning == (
        "Counting\n\nOne, two.\n\nCall of python:\n```python\nlen(birds)\n```\n\nResult of python:\n```\n7\n```"
    )
    assert (reply.model, reply.engine) == ("gpt-5-thinking", "chatgpt")
    assert reply.created_at
    assert reply.finished_at
    assert (reply.finished_at - reply.created_at).total_seconds() == 4


def test_a_branch_in_the_middle_of_an_answer_makes_two_whole_ones() -> None:
    tool = gpt_message("assistant", {"content_type": "code", "text": "look()"}, 2, recipient="browser")
    record = one(
        gpt(
            {
                "q": (None, gpt_message("user", said("Q"), 1)),
                "t": ("q", tool),
                "a": ("t", gpt_message("assistant", said("A"), 3)),
                "b": ("t", gpt_message("assistant", said("B"), 4)),
                "after": ("t", gpt_message("user", said("After"), 5)),
            }
        )
    )
    assert tree(record) == [
        ("user", "Q", None),
        ("assistant", "", 0),
        ("assistant", "A", 0),
        ("assistant", "B", 0),
        ("user", "After", 1),
    ]
    assert len({item.reasoning for item in record.messages if item.role == "assistant"}) == 1
    assert len({item.id for item in record.messages}) == 5


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (said("a", "", "b"), "a\n\nb"),
        (said({"content_type": "audio_transcription", "text": "spoken"}), "spoken"),
        (said({"content_type": "audio_asset_pointer", "asset_pointer": "s://file_1"}, "t"), "[audio: file_1]\n\nt"),
        (said({"content_type": "hologram"}), "[hologram]"),
        ({"content_type": "code", "language": "unknown", "text": "a ``` b"}, "````\na ``` b\n````"),
        ({"content_type": "tether_quote", "title": "T", "url": "u", "text": "x"}, "T\nu\nx"),
        ({"content_type": "of_the_future", "text": "still text"}, "still text"),
        (said("nul \x00"), "nul \ufffd"),
    ],
)
def test_parts_of_chatgpt_are_said_or_named(content: dict[str, Any], text: str) -> None:
    assert texts(one(gpt({"a": (None, gpt_message("assistant", content))})).messages) == [text]


@pytest.mark.parametrize(
    "message",
    [
        None,
        gpt_message("system", said("Be good.")),
        gpt_message("user", {"content_type": "user_editable_context", "user_profile": "x"}),
        gpt_message("assistant", {"content_type": "reasoning_recap", "content": "3 s"}),
        gpt_message("assistant", said("hidden"), metadata={"is_visually_hidden_from_conversation": True}),
        gpt_message("assistant", said("")),
        gpt_message("critic", said("x")),
        {"author": None, "content": [], "metadata": 7},
    ],
)
def test_what_chatgpt_hides_stays_out_and_the_tree_closes_over_it(message: dict[str, Any] | None) -> None:
    ask = gpt_message("user", said("Q"))
    record = one(gpt({"q": (None, ask), "x": ("q", message), "a": ("x", gpt_message("assistant", said("A")))}))
    assert tree(record) == [("user", "Q", None), ("assistant", "A", 0)]
    assert record.tip == record.messages[1].id


def test_open_webuis_tree_becomes_ours() -> None:
    record = one(samples.open_webui())
    assert tree(record) == [
        ("user", "[file: sums.pdf]\n\nIs 2 < 3?", None),
        ("assistant", "Yes.", 0),
        ("assistant", "It is.", 0),
        ("user", "Why?", 2),
        ("assistant", "", 3),
    ]
    assert [item.state for item in record.messages] == ["complete"] * 4 + ["failed"]
    assert record.tags == ("maths", "school")
    assert (record.pinned_at, record.archived_at) == (record.updated_at, record.updated_at)
    rating = record.messages[1].rating
    assert rating
    assert (rating.value, rating.comment) == (1, "quick")


def test_details_that_are_left_open_stay_what_they_are_and_are_no_work() -> None:
    """Where each is looked from for its end, these take minutes, in which nothing else is imported."""
    opened, tag = '<details type="reasoning">', '<details type="reasoning" '
    assert _parted(f"{opened}Hm.</details>\nYes.") == ("Yes.", "Hm.")
    assert _parted(f"{opened}Hm.</details>\nYes. {opened * 30_000}") == (f"Yes. {opened * 30_000}", "Hm.")
    unclosed = tag * 30_000 + "</details>"
    assert _parted(unclosed) == (unclosed, "")


def test_open_webuis_older_list_is_a_branch() -> None:
    messages = [
        {"role": "user", "content": "a"},
        {"role": "system", "content": "s"},
        {"role": "assistant", "content": "b", "done": False},
    ]
    record = one({"id": 7, "title": "Old", "chat": {"messages": messages, "tags": ["x", 3, "x"]}})
    assert tree(record) == [("user", "a", None), ("assistant", "b", 0)]
    assert record.messages[1].state == "stopped"
    assert record.tags == ("x",)


def test_librechats_two_forms_are_the_same() -> None:
    flat, deep = one(samples.librechat()), one(samples.librechat(recursive=True))
    assert flat == deep
    assert tree(flat) == [
        ("user", "What is wet?", None),
        ("assistant", "The sea.\n\n[image]", 0),
        ("user", "What is very wet?", None),
        ("assistant", "The oc", 2),
    ]
    assert flat.messages[1].reasoning == 'Hm.\n\nCall of search:\n\n{"q":"sea"}\n\nwet'
    assert [item.state for item in flat.messages] == ["complete", "complete", "complete", "stopped"]
    assert flat.instructions == "Be exact."


def test_librechats_messages_without_parents_follow_each_other() -> None:
    messages = [libre_message(f"m{n}", "", f"{n}", user=n % 2 == 1) for n in range(1, 4)]
    for message in messages:
        del message["parentMessageId"]
    assert tree(one({"conversationId": "c", "messages": messages})) == [
        ("user", "1", None),
        ("assistant", "2", 0),
        ("user", "3", 1),
    ]


def test_a_deep_thread_of_librechat_is_read_without_recursion() -> None:
    """Nearly as deep as anything may be: deeper than Python writes, or reads by itself."""
    depth = 490
    opened = [
        json.dumps(libre_message(f"m{number}-1", "", str(number), user=number % 2 == 1))[:-1] + ', "children": ['
        for number in range(depth)
    ]
    data = '{"conversationId": "c", "messagesTree": [' + "".join(opened) + "]}" * depth + "]}"
    (found,) = read(io.BytesIO(data.encode()), BOUNDS)
    assert isinstance(found, Found), str(found)
    assert len(found.record.messages) == len(found.record.branch()) == depth


def test_our_own_is_read_as_it_was_written() -> None:
    record = one(samples.native())
    question, reply = record.messages
    assert (record.title, record.folder, record.tags, record.tip) == ("Tides", "Sea", ("moon",), reply.id)
    assert record.parameters == {"model": "", "temperature": None, "top_p": 0.9, "max_tokens": None, "effort": ""}
    assert (question.role, question.parent, reply.parent) == ("user", None, question.id)
    assert (reply.engine, reply.ttft_ms, reply.options) == ("vllm 0.11.2", 120, {"temperature": 0.5, "stop": ["END"]})
    assert reply.started_at
    assert reply.started_at.microsecond == 1
    assert reply.rating
    assert (reply.rating.value, reply.rating.reasons) == (-1, ("wrong",))


OWN = [
    ({"version": 2}, {}, "version"),
    ({"id": "x"}, {}, "field"),
    ({"messages": "x"}, {}, "field"),
    ({"messages": [7]}, {}, "field"),
    ({"titled_by": "nobody"}, {}, "field"),
    ({"title": "x" * 201}, {}, "field"),
    ({"created_at": "yesterday"}, {}, "field"),
    ({"created_at": 1_700_000_000}, {}, "field"),
    ({"parameters": {"temperature": 9}}, {}, "field"),
    ({"parameters": {"wheels": 4}}, {}, "field"),
    ({}, {"id": "00000000-0000-4000-8000-00000000000a"}, "twice"),
    ({}, {"parent": "00000000-0000-4000-8000-00000000000b"}, "parent"),
    ({}, {"position": 0}, "field"),
    ({}, {"position": -1}, "field"),
    ({}, {"position": True}, "field"),
    ({}, {"role": "system"}, "field"),
    ({}, {"state": "dreaming"}, "field"),
    ({}, {"role": "user", "state": "failed"}, "field"),
    ({}, {"text": 7}, "field"),
    ({}, {"text": "x" * (LONGEST + 1)}, "too_long"),
    ({}, {"ttft_ms": 2**31}, "field"),
    ({}, {"ttft_ms": 1.5}, "field"),
    ({}, {"rating": {"value": 2}}, "field"),
    ({}, {"review": {"state": "great"}}, "field"),
    ({}, {"options": {"temperature": "hot"}}, "field"),
    ({}, {"options": {"stop": [1]}}, "field"),
    ({}, {"options": {"stop": ["\x00"]}}, "field"),
    ({}, {"options": {"tools": []}}, "field"),
    ({}, {"options": []}, "field"),
]


@pytest.mark.parametrize(("head", "reply", "code"), OWN)
def test_what_is_not_as_our_own_must_be_is_named(head: dict[str, Any], reply: dict[str, Any], code: str) -> None:
    value = samples.native()
    value["messages"][1] |= reply
    assert wrong(value | head).code == code


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({"title": "x"}, "unknown"),
        ([1], "not_object"),
        (gpt({"a": (None, None)}), "nothing"),
        (gpt({"a": (None, None)}, conversation_id=None), "field"),
        (gpt({"a": ("b", gpt_message("user", said("x"))), "b": ("a", gpt_message("user", said("y")))}), "circle"),
        (gpt({"a": ("a", gpt_message("user", said("x")))}), "circle"),
        (gpt({"a": (None, gpt_message("user", {"content_type": "text", "parts": [7]}))}), "field"),
        ({"conversationId": "c", "messages": [libre_message("m1", "", "x"), libre_message("m1", "", "y")]}, "twice"),
        ({"id": "x", "chat": {"history": {"messages": {"": {"role": "user", "content": "x"}}}}}, "field"),
    ],
)
def test_what_cannot_be_read_is_named(value: Any, code: str) -> None:
    assert wrong([value] if isinstance(value, list) else value).code == code


def test_a_parent_that_is_not_there_makes_another_beginning() -> None:
    record = one(gpt({"a": ("gone", gpt_message("user", said("x")))}))
    assert tree(record) == [("user", "x", None)]


def test_branches_that_repeat_a_long_beginning_are_bounded() -> None:
    """Each of the branches would be as long as all before it: the square of what the file has."""
    long = gpt_message("assistant", {"content_type": "thoughts", "thoughts": [{"content": "x" * 2_000}]})
    nodes: dict[str, Any] = {"q": (None, gpt_message("user", said("Q")))}
    before = "q"
    for number in range(1_000):
        nodes[f"t{number}"] = (before, long)
        nodes[f"a{number}"] = (f"t{number}", gpt_message("assistant", said("A")))
        before = f"t{number}"
    assert wrong(gpt(nodes)).code in ("too_large", "too_many_messages", "too_long")


def test_half_a_character_costs_no_conversation() -> None:
    data = json.dumps(gpt({"a": (None, gpt_message("user", said("cut", "\\ud83d")))}, title="half \ud83d")).encode()
    (found,) = read(io.BytesIO(data), BOUNDS)
    assert isinstance(found, Found)
    assert found.record.title == "half \ufffd"
    assert texts(found.record.messages) == ["cut\n\n\\ud83d"]


ODD: tuple[Any, ...] = (True, -5, 1e300, "soon", "0001-01-01T00:00:00+05:00", [], "9999-12-31")


@pytest.mark.parametrize(
    ("at", "iso"),
    [
        (1_700_000_000, "2023-11-14T22:13:20+00:00"),
        (1_700_000_000_000, "2023-11-14T22:13:20+00:00"),
        ("2024-05-01T10:00:00.000Z", "2024-05-01T10:00:00+00:00"),
        ("2024-05-01T12:00:00+02:00", "2024-05-01T10:00:00+00:00"),
        *((odd, None) for odd in ODD),
    ],
)
def test_times_are_read_in_all_their_forms(at: Any, iso: str | None) -> None:
    record = one(gpt({"a": (None, gpt_message("user", said("x"), at))}, create_time=None, update_time=None))
    created = record.messages[0].created_at
    assert (created.isoformat() if created else None) == iso
