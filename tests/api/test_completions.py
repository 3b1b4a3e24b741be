"""A program asks and is answered, whole or in pieces, by the same path as the page."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from accounts.models import User
from conversations.models import Conversation, Message
from inference.model import Model
from limits.models import Usage
from tests.api.programs import CHAT, MODEL, NewProgram, question
from tests.conversations.browsing import Browse
from tests.parameters.asked import listening, system_of
from tests.waiting import until
from tests.web import Web
from tests.workers import STORY, Hire, Hired

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model")]

AtWork = Callable[..., Hired]


def test_a_whole_answer_has_openais_shape(alice: User, program: NewProgram, at_work: AtWork) -> None:
    at_work(text="Good morning.")
    answer = program(alice).ask(question())
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    said = answer.json
    assert said["object"] == "chat.completion"
    assert said["model"] == MODEL
    assert said["created"] > 1_700_000_000
    (choice,) = said["choices"]
    assert choice["message"] == {"role": "assistant", "content": "Good morning.", "refusal": None}
    assert (choice["index"], choice["finish_reason"], choice["logprobs"]) == (0, "stop", None)
    used = Usage.objects.get()
    assert said["id"] == f"chatcmpl-{used.reply.hex}"
    assert answer.headers["X-Request-Id"] == str(used.reply)
    assert said["usage"] == {
        "prompt_tokens": used.prompt_tokens,
        "completion_tokens": used.completion_tokens,
        "total_tokens": used.charged,
    }
    assert used.completion_tokens > 0
    assert used.user == alice


def test_a_stream_has_openais_shape(alice: User, program: NewProgram, at_work: AtWork) -> None:
    at_work(text=STORY)
    answer = program(alice).ask(question(stream=True))
    assert answer.status == 200
    first, *_, last = answer.events
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert (last["choices"][0]["delta"], last["choices"][0]["finish_reason"]) == ({}, "stop")
    assert answer.told() == STORY
    assert answer.is_done
    heads = {(one["id"], one["object"], one["model"]) for one in answer.events}
    assert heads == {(f"chatcmpl-{Usage.objects.get().reply.hex}", "chat.completion.chunk", MODEL)}
    assert {one["choices"][0]["finish_reason"] for one in answer.events[:-1]} == {None}
    assert all("usage" not in one for one in answer.events)


def test_a_stream_ends_with_what_it_cost_where_that_is_asked(alice: User, program: NewProgram, at_work: AtWork) -> None:
    at_work(text="Good morning.")
    events = program(alice).ask(question(stream=True, stream_options={"include_usage": True})).events
    assert events[-1]["choices"] == []
    used = Usage.objects.get()
    assert events[-1]["usage"]["total_tokens"] == used.charged == used.prompt_tokens + used.completion_tokens
    assert all(one["usage"] is None for one in events[:-1])


def test_what_a_model_thinks_comes_apart(alice: User, program: NewProgram, at_work: AtWork) -> None:
    at_work(text="Four.", reasoning="Two and two.")
    whole = program(alice).ask(question()).json["choices"][0]["message"]
    assert (whole["content"], whole["reasoning_content"]) == ("Four.", "Two and two.")
    stream = program(alice).ask(question(stream=True))
    assert (stream.told(), stream.told("reasoning_content")) == ("Four.", "Two and two.")


def test_an_answer_that_meets_its_limit_says_so(alice: User, program: NewProgram, at_work: AtWork) -> None:
    at_work(text=STORY)
    for limit in ({"max_tokens": 7}, {"max_completion_tokens": 7}):
        answer = program(alice).ask(question() | limit).json
        assert (answer["choices"][0]["finish_reason"], answer["usage"]["completion_tokens"]) == ("length", 7)
    assert program(alice).ask(question(stream=True, max_tokens=7)).events[-1]["choices"][0]["finish_reason"] == "length"


def test_it_stops_before_any_of_the_texts_that_end_it(alice: User, program: NewProgram, at_work: AtWork) -> None:
    at_work(text="one two three four")
    for stop in ("three", ["nothing", "three"]):
        said = program(alice).ask(question(stop=stop))
        assert (said.said, said.json["choices"][0]["finish_reason"]) == ("one two ", "stop")
    assert program(alice).ask(question(stop=["three"], stream=True)).told() == "one two "


def test_all_that_was_set_reaches_the_engine(
    alice: User, program: NewProgram, at_work: AtWork, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = listening(at_work(text="Aye."))
    more = {"temperature": 0, "top_p": 0.5, "max_tokens": 9, "stop": ["x", "y"], "seed": 0}
    assert program(alice).ask(question() | more).status == 200
    sampling = asked[0].sampling
    assert (sampling.temperature, sampling.top_p, sampling.max_tokens) == (0, 0.5, 9)
    assert (sampling.stop, sampling.seed) == (("x", "y"), 0)


def test_a_conversation_reaches_the_engine_as_it_was_held(alice: User, program: NewProgram, at_work: AtWork) -> None:
    asked = listening(at_work(text="Aye."))
    talk: list[dict[str, Any]] = [
        {"role": "system", "content": "Be a pirate."},
        {"role": "user", "content": "Hello?"},
        {"role": "assistant", "content": "Ahoy."},
        {"role": "developer", "content": [{"type": "text", "text": "Be brief."}]},
        {"role": "assistant", "content": None},
        {"role": "user", "content": [{"type": "text", "text": "What"}, {"type": "text", "text": "now?"}]},
        {"role": "user", "content": "Please."},
    ]
    assert program(alice).ask({"model": MODEL, "messages": talk}).status == 200
    (request,) = asked
    assert system_of(request) == "Be a pirate.\n\nBe brief."
    said = [(turn.role, turn.text) for turn in request.turns[1:]]
    assert said == [("user", "Hello?"), ("assistant", "Ahoy."), ("user", "What\nnow?\n\nPlease.")]


def test_who_said_nothing_in_between_is_as_if_not_there(alice: User, program: NewProgram, at_work: AtWork) -> None:
    """Else two turns of one role follow each other, which templates of some models refuse."""
    asked = listening(at_work(text="Aye."))
    talk = [
        ("user", "Hello?"),
        ("assistant", " "),
        ("user", "Are you there?"),
        ("assistant", "Ahoy."),
        ("user", "Now?"),
    ]
    for some in (talk, talk[:3]):
        messages = [{"role": role, "content": text} for role, text in some]
        assert program(alice).ask({"model": MODEL, "messages": messages}).status == 200
    said = [[(turn.role, turn.text) for turn in request.turns if turn.role != "system"] for request in asked]
    assert said[0] == [("user", "Hello?\n\nAre you there?"), ("assistant", "Ahoy."), ("user", "Now?")]
    assert said[1] == [("user", "Hello?\n\nAre you there?")]


def test_a_stop_text_is_kept_as_postgresql_can(alice: User, program: NewProgram, at_work: AtWork) -> None:
    asked = listening(at_work(text="Aye."))
    assert program(alice, saves=True).ask(question(stop=["a\x00b"])).status == 200
    assert asked[0].sampling.stop == ("a\N{REPLACEMENT CHARACTER}b",)


def test_what_changes_nothing_is_let_pass(alice: User, program: NewProgram, at_work: AtWork) -> None:
    at_work(text="Good morning.")
    neutral = {
        "n": 1,
        "frequency_penalty": 0,
        "presence_penalty": 0.0,
        "logit_bias": {},
        "logprobs": False,
        "tools": [],
        "tool_choice": "none",
        "response_format": {"type": "text"},
        "user": "somebody",
        "metadata": {"a": "b"},
        "store": False,
        "service_tier": "auto",
        "parallel_tool_calls": True,
        "stop": None,
        "seed": None,
        "temperature": None,
        "stream": None,
        "stream_options": None,
        "max_tokens": None,
        "reasoning_effort": None,
    }
    assert program(alice).ask(question() | neutral).said == "Good morning."


def test_a_stream_says_that_it_is_still_there(
    alice: User, program: NewProgram, at_work: AtWork, hire: Hire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conversations.api.exchange.IDLE_S", 0.01)
    at_work(text="Good morning.", ttft=0.2)
    answer = program(alice).ask(question(stream=True))
    assert answer.body.startswith(b": waiting\n\n: waiting\n\n")
    assert (answer.told(), answer.is_done) == ("Good morning.", True)


def test_the_older_shape_has_the_text_alone(alice: User, program: NewProgram, at_work: AtWork) -> None:
    asked = listening(at_work(text="Good morning.", reasoning="Hm."))
    hers, prompt = program(alice), {"model": MODEL, "prompt": "Hello?", "echo": False, "suffix": None, "best_of": 1}
    whole = hers.ask(prompt, "/v1/completions").json
    assert (whole["object"], whole["id"][:5]) == ("text_completion", "cmpl-")
    assert whole["choices"] == [{"index": 0, "text": "Good morning.", "logprobs": None, "finish_reason": "stop"}]
    assert whole["usage"]["total_tokens"] > 0
    stream = hers.ask(prompt | {"prompt": ["Hello?"], "stream": True}, "/v1/completions")
    assert "".join(one["choices"][0]["text"] for one in stream.events) == "Good morning."
    assert (stream.events[-1]["choices"][0]["finish_reason"], stream.is_done) == ("stop", True)
    assert {tuple(turn.role for turn in request.turns) for request in asked} == {("user",)}
    for wrong, code in (
        ({"prompt": ["a", "b"]}, "invalid_value"),
        ({"prompt": [1, 2]}, "invalid_value"),
        ({"prompt": None}, "missing_required_parameter"),
        ({"prompt": " "}, "empty"),
        ({"prompt": "x" * 200_000}, "context_length_exceeded"),
        ({"messages": []}, "unknown_parameter"),
        ({"echo": True}, "unsupported_parameter"),
        ({"suffix": "."}, "unsupported_parameter"),
    ):
        answer = hers.ask(prompt | wrong, "/v1/completions")
        assert (answer.status, answer.error["param"], answer.error["code"]) == (400, *wrong, code)


# --- What stays of it -------------------------------------------------------------------------------------------------


def test_nothing_stays_but_what_it_cost(alice: User, program: NewProgram, at_work: AtWork) -> None:
    at_work(text="Good morning.")
    for stream in (False, True):
        assert program(alice).ask(question(stream=stream)).status == 200
    assert not Conversation.objects.exists()
    assert not Message.objects.exists()
    assert [row.state for row in Usage.objects.all()] == ["settled", "settled"]


def test_meanwhile_no_page_shows_it(
    alice: User, program: NewProgram, engine_there: None, browse: Browse, web: Web
) -> None:
    asking = program(alice).begin(CHAT, question("A secret question"))
    reply = until(lambda: Message.objects.filter(role="assistant").first())
    assert reply
    assert reply.conversation.kind == "api"
    hers = browse(alice)
    assert b"secret" not in hers.get("/").content
    assert hers.get(f"/c/{reply.conversation_id}/").status_code == 404
    assert hers.get(f"/replies/{reply.pk}/events").status_code == 404
    assert hers.post(f"/replies/{reply.pk}/stop/").status_code == 404
    assert hers.post("/shelf/trash/", {"conversations": [str(reply.conversation_id)]}).status_code == 404
    asking.cancel()
    until(lambda: not Conversation.objects.exists())


def test_what_is_to_be_kept_is_a_chat(
    alice: User, bob: User, program: NewProgram, at_work: AtWork, browse: Browse
) -> None:
    at_work(text="Good morning.")
    talk = [
        {"role": "user", "content": "Hello there?"},
        {"role": "assistant", "content": "Good evening."},
        {"role": "user", "content": "And now?"},
    ]
    answer = program(alice, saves=True).ask({"model": MODEL, "messages": talk})
    kept = Conversation.objects.get()
    assert (kept.kind, kept.title, kept.owner) == ("chat", "Hello there?", alice)
    said = [(row.role, row.text, row.state) for row in kept.messages.order_by("position")]
    assert said == [
        ("user", "Hello there?", "complete"),
        ("assistant", "Good evening.", "complete"),
        ("user", "And now?", "complete"),
        ("assistant", "Good morning.", "complete"),
    ]
    page = browse(alice).get(f"/c/{kept.pk}/").content.decode()
    for text in ("Hello there?", "Good evening.", "And now?", "Good morning."):
        assert text in page
    assert browse(bob).get(f"/c/{kept.pk}/").status_code == 404
    assert kept.tip_id == UUID(answer.headers["X-Request-Id"])
