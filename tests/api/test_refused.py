"""Every way in which a request can be wrong gets OpenAI's shape of an error, which says what was wrong."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone
from pytest_django import Settings

from accounts.models import ApiKey, User
from conversations import services
from conversations.models import Conversation, Message
from limits import restraints
from limits.models import Usage
from moderation.models import Incident
from tests.api.programs import CHAT, MODEL, NewProgram, Program, key_of, question
from tests.conversations.test_limits import rule
from tests.limits.stories import policy, used
from tests.web import Web
from tests.workers import Hired

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model")]

AtWork = Callable[..., Hired]


@pytest.fixture
def ask(alice: User, program: NewProgram, engine_there: None) -> Program:
    return program(alice)


def user(content: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": content}]}


@pytest.mark.parametrize(
    ("wrong", "param", "code"),
    [
        ({"model": None}, "model", "missing_required_parameter"),
        ({"model": 5}, "model", "invalid_value"),
        ({"messages": None}, "messages", "missing_required_parameter"),
        ({"messages": []}, "messages", "invalid_value"),
        ({"messages": "Hello?"}, "messages", "invalid_value"),
        ({"messages": ["Hello?"]}, "messages[0]", "invalid_value"),
        ({"messages": [{"role": "tool", "content": "4"}]}, "messages[0].role", "unsupported_value"),
        ({"messages": [{"role": ["user"], "content": "4"}]}, "messages[0].role", "unsupported_value"),
        ({"messages": [{"role": "assistant", "content": "4"}]}, "messages", "invalid_value"),
        ({"messages": [{"role": "system", "content": "4"}]}, "messages", "invalid_value"),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{}]}]},
            "messages[0].tool_calls",
            "unsupported_parameter",
        ),
        (user(None), "messages[0].content", "invalid_value"),
        (user(4), "messages[0].content", "invalid_value"),
        (user([{"type": "image_url", "image_url": {}}]), "messages[0].content[0].type", "unsupported_value"),
        (user(["Hello?"]), "messages[0].content[0].type", "unsupported_value"),
        (user([{"type": "text"}]), "messages[0].content[0].text", "invalid_value"),
        (user("  "), "messages", "empty"),
        ({"temperature": 2.1}, "temperature", "invalid_value"),
        ({"temperature": "hot"}, "temperature", "invalid_value"),
        ({"temperature": True}, "temperature", "invalid_value"),
        ({"top_p": 0}, "top_p", "invalid_value"),
        ({"max_tokens": 0}, "max_tokens", "invalid_value"),
        ({"max_completion_tokens": 1.5}, "max_completion_tokens", "invalid_value"),
        ({"max_tokens": 5, "max_completion_tokens": 6}, "max_tokens", "invalid_value"),
        ({"max_tokens": 5000}, "max_tokens", "invalid_value"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop", "invalid_value"),
        ({"stop": ""}, "stop", "invalid_value"),
        ({"stop": [4]}, "stop", "invalid_value"),
        ({"stop": {"a": 1}}, "stop", "invalid_value"),
        ({"seed": 1.5}, "seed", "invalid_value"),
        ({"seed": 2**63}, "seed", "invalid_value"),
        ({"stream": "yes"}, "stream", "invalid_value"),
        ({"stream": 1}, "stream", "invalid_value"),
        ({"stream": [True]}, "stream", "invalid_value"),
        ({"stream_options": True}, "stream_options", "invalid_value"),
        ({"stream_options": {"include_usage": "yes"}}, "stream_options.include_usage", "invalid_value"),
        ({"reasoning_effort": "extreme"}, "reasoning_effort", "unsupported_value"),
        ({"reasoning_effort": "low"}, "reasoning_effort", "unsupported_value"),  # of a model that does not think
        ({"n": 2}, "n", "unsupported_parameter"),
        ({"tools": [{"type": "function"}]}, "tools", "unsupported_parameter"),
        ({"tool_choice": "required"}, "tool_choice", "unsupported_parameter"),
        ({"functions": [{}]}, "functions", "unsupported_parameter"),
        ({"response_format": {"type": "json_object"}}, "response_format", "unsupported_parameter"),
        ({"logprobs": True}, "logprobs", "unsupported_parameter"),
        ({"frequency_penalty": 0.1}, "frequency_penalty", "unsupported_parameter"),
        ({"logit_bias": {"1": 5}}, "logit_bias", "unsupported_parameter"),
        ({"modalities": ["text", "audio"]}, "modalities", "unsupported_parameter"),
        ({"audio": {}}, "audio", "unsupported_parameter"),
        ({"colour": "red"}, "colour", "unknown_parameter"),
    ],
    ids=str,
)
def test_what_is_wrong_is_named(ask: Program, wrong: dict[str, Any], param: str, code: str) -> None:
    answer = ask.ask(question() | wrong)
    assert (answer.status, answer.error["param"], answer.error["code"]) == (400, param, code)
    assert answer.error["type"] == "invalid_request_error"
    assert answer.error["message"]
    assert not Conversation.objects.exists()


def test_what_is_allowed_is_said(ask: Program) -> None:
    for wrong, allowed in (
        ({"temperature": 3}, "from 0 to 2"),
        ({"logit_bias": {"1": 2}}, "null or {}"),
        ({"colour": "red"}, "max_completion_tokens, max_tokens, messages"),
        ({"reasoning_effort": "none"}, "low, medium, high"),
        ({"stop": [""]}, "up to 4 texts, of 1 to 256 characters"),
    ):
        assert allowed in ask.ask(question(**wrong)).error["message"]


@pytest.mark.parametrize("body", [b"{", b"[]", b'"Hello?"', b"\xff", b'{"model": NaN}', b'{"a": "\\ud800"}'])
def test_what_is_no_json_object_is_refused(ask: Program, body: bytes) -> None:
    answer = ask.ask(body)
    assert (answer.status, answer.error["code"]) == (400, "invalid_json")


def test_where_json_is_wrong_is_said(ask: Program) -> None:
    assert "line 2, column 7" in ask.ask(b'{"model":\n "a", messages: []}').error["message"]


def test_only_json_is_read_and_not_too_much_of_it(ask: Program, settings: Settings) -> None:
    answer = ask.ask(question(), **{"Content-Type": "text/plain"})
    assert (answer.status, answer.error["code"]) == (415, "unsupported_media_type")
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = ask.ask(question("x" * 1000))
    assert (answer.status, answer.error["code"]) == (413, "body_too_large")
    assert "1000 bytes" in answer.error["message"]


def test_addresses_and_methods_that_are_not_there(ask: Program) -> None:
    for path in ("/v1", "/v1/", "/v1/embeddings", "/v1/chat/completions/"):
        answer = ask.get(path)
        assert (answer.status, answer.error["code"]) == (404, "unknown_url")
    answer = ask.get(CHAT)
    assert (answer.status, answer.headers["Allow"], answer.error["code"]) == (405, "POST", "method_not_allowed")
    assert ask.ask({}, "/v1/models").status == 405


# --- Keys -------------------------------------------------------------------------------------------------------------


def test_without_a_key_that_holds_nobody_comes_in(alice: User, web: Web, engine_there: None) -> None:
    key, secret = key_of(alice)
    over, its_secret = key_of(alice)
    ApiKey.objects.filter(pk=over.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    wrong = ("", f"Bearer {secret}x", f"Basic {secret}", "Bearer", "Bearer ", f"Bearer {its_secret}", "Bearer é")
    for said in wrong:
        for path in (CHAT, "/v1/models", f"/v1/models/{MODEL}"):
            visitor = Program(web, "", Authorization=said)
            answer = visitor.ask(question()) if path == CHAT else visitor.get(path)
            assert answer.status in {401, 429}, said
            if answer.status == 401:
                assert (answer.error["code"], answer.headers["WWW-Authenticate"]) == ("invalid_api_key", "Bearer")
    assert Program(web, secret).get("/v1/models").status == 200
    ApiKey.objects.filter(pk=key.pk).update(revoked_at=timezone.now())
    assert Program(web, secret).get("/v1/models").status in {401, 429}
    assert not Usage.objects.exists()


def test_a_cookie_is_no_key(alice: User, web: Web, browse: Any) -> None:
    assert browse(alice).get("/v1/models").status_code == 401
    answer = browse(alice).get("/v1/models", headers={"Authorization": f"Bearer {key_of(alice)[1]}"})
    assert answer.status_code == 200
    assert not answer.cookies
    assert "Set-Cookie" not in answer.headers


def test_who_tries_wrong_keys_is_slowed_and_others_at_the_same_address_are_not(alice: User, web: Web) -> None:
    wrong = [Program(web, "cs-" + "x" * 43).get("/v1/models") for _ in range(22)]
    assert [answer.status for answer in wrong] == [401] * 20 + [429] * 2
    assert wrong[-1].headers["Retry-After"] == "60"
    assert wrong[-1].error["code"] == "rate_limit_exceeded"
    assert Program(web, key_of(alice)[1]).get("/v1/models").status == 200


def test_a_key_opens_only_what_it_is_for(alice: User, program: NewProgram, engine_there: None) -> None:
    chats, lists = program(alice, scopes=["chat"]), program(alice, scopes=["models"])
    for answer in (chats.get("/v1/models"), lists.ask(question())):
        assert (answer.status, answer.error["code"]) == (403, "scope_missing")
    assert lists.get("/v1/models").status == 200
    answer = program(alice, models=["another"]).ask(question())
    assert (answer.status, answer.error["code"], answer.error["param"]) == (403, "model_not_allowed", "model")
    assert program(alice, models=["another"]).get("/v1/models").json["data"] == []


def test_whoever_is_suspended_has_no_key_that_opens(alice: User, program: NewProgram, engine_there: None) -> None:
    hers = program(alice)
    restraints.suspend(alice, None, "For now")
    assert hers.ask(question()).status == 401


# --- Models -----------------------------------------------------------------------------------------------------------


def test_models_are_those_that_one_may_use(alice: User, bob: User, program: NewProgram) -> None:
    policy(bob, models=["another"])
    (model,) = program(alice).get("/v1/models").json["data"]
    assert (model["id"], model["object"], model["owned_by"]) == (MODEL, "model", "chatsite")
    assert model["created"] > 1_700_000_000
    assert program(alice).get(f"/v1/models/{MODEL}").json == model
    assert program(bob).get("/v1/models").json == {"object": "list", "data": []}
    for who, name in ((bob, MODEL), (alice, "another"), (alice, "org/another")):
        answer = program(who).get(f"/v1/models/{name}")
        assert (answer.status, answer.error["code"]) == (404, "model_not_found")
        allowed = "none" if who == bob else MODEL
        assert answer.error["message"] == f"There is no model {name} here for this key; it may use {allowed}."


def test_another_model_is_not_there_or_not_allowed(
    alice: User, bob: User, program: NewProgram, engine_there: None
) -> None:
    policy(bob, models=["another"])
    for name in ("another", "x" * 1000):
        answer = program(alice).ask(question(model=name))
        assert (answer.status, answer.error["code"], answer.error["param"]) == (404, "model_not_found", "model")
        assert answer.error["message"] == f"There is no model {name[:100]} here. You may use: {MODEL}."
    answer = program(bob).ask(question())
    assert (answer.status, answer.error["code"], answer.error["param"]) == (403, "model_not_allowed", "model")
    assert answer.error["message"].startswith(f"You may not use the model {MODEL}, nor any other here.")


# --- Policies, quotas, rules ------------------------------------------------------------------------------------------


def test_a_policy_may_keep_programs_out(alice: User, program: NewProgram, engine_there: None) -> None:
    hers = program(alice)
    policy(alice, may_use_api=False)
    for answer in (hers.ask(question()), hers.get("/v1/models")):
        assert (answer.status, answer.error["code"]) == (403, "api_not_allowed")


def test_what_a_policy_does_not_let_set_is_refused(
    alice: User, bob: User, program: NewProgram, engine_there: None
) -> None:
    policy(alice, may_set_parameters=False)
    policy(bob, may_set_instructions=False)
    for one in ({"temperature": 1}, {"stop": "x"}, {"seed": 0}, {"max_tokens": 5}):
        answer = program(alice).ask(question(**one))
        assert (answer.status, answer.error["code"]) == (403, "parameters_not_allowed"), one
    told = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello?"}]
    answer = program(bob).ask(question(messages=told))
    assert (answer.status, answer.error["code"]) == (403, "instructions_not_allowed")


def test_a_rate_says_when_to_come_again(alice: User, program: NewProgram, at_work: AtWork) -> None:
    at_work(text="Good morning.")
    policy(alice, requests_per_minute=2, tokens_per_day=50_000, tokens_per_month=100_000)
    hers = program(alice)
    left = [hers.ask(question()).headers for _ in range(2)]
    assert [one["X-RateLimit-Remaining-Requests"] for one in left] == ["1", "0"]
    assert [one["X-RateLimit-Limit-Requests"] for one in left] == ["2", "2"]
    assert left[0]["X-RateLimit-Limit-Tokens"] == "50000"
    assert int(left[0]["X-RateLimit-Remaining-Tokens"]) < 50_000
    answer = hers.ask(question(stream=True))
    assert (answer.status, answer.error["code"]) == (429, "rate_limit_exceeded")
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert answer.headers["X-RateLimit-Remaining-Requests"] == "0"
    assert 0 < int(answer.headers["X-RateLimit-Reset-Requests"].removesuffix("s")) <= 60


def test_without_limits_nothing_is_said_of_them(alice: User, program: NewProgram, at_work: AtWork) -> None:
    at_work(text="Good morning.")
    assert not [name for name in program(alice).ask(question()).headers if "ratelimit" in name.lower()]


def test_a_quota_that_is_used_up_says_when_there_is_more(alice: User, program: NewProgram, engine_there: None) -> None:
    policy(alice, tokens_per_day=1000)
    used(alice, 990)
    answer = program(alice).ask(question())
    assert (answer.status, answer.error["code"], answer.error["type"]) == (429, *["insufficient_quota"] * 2)
    assert 0 < int(answer.headers["Retry-After"]) <= 86_400
    assert "X-RateLimit-Limit-Requests" not in answer.headers


@pytest.mark.parametrize("role", ["system", "user", "assistant", "last"])
def test_a_blocked_word_is_found_in_whatever_is_sent(
    alice: User, program: NewProgram, engine_there: None, role: str
) -> None:
    rule("block", "forbidden", message="Not here, please.")
    talk = [{"role": one, "content": "A word"} for one in ("system", "user", "assistant", "user")]
    talk[["system", "user", "assistant", "last"].index(role)]["content"] = "A forbidden word"
    answer = program(alice).ask(question(messages=talk))
    assert (answer.status, answer.error["code"]) == (400, "content_policy_violation")
    assert answer.error["message"] == "Not here, please."
    assert not Conversation.objects.exists()
    assert Incident.objects.get().user == alice


def test_what_is_masked_never_reaches_the_model_and_is_found_once(
    alice: User, program: NewProgram, at_work: AtWork
) -> None:
    at_work(echo=True)
    rule("mask", "secret")
    talk = [{"role": one, "content": "A secret word"} for one in ("user", "assistant", "user")]
    answers = [program(alice, saves=True).ask(question(messages=talk)) for _ in range(2)]
    assert "secret" not in answers[0].said
    texts = list(Message.objects.order_by("position").values_list("text", flat=True))
    assert len(texts) == 8
    assert not [text for text in texts if "secret" in text]
    assert Incident.objects.count() == 3  # of each question, and once of what is said with each request again


def test_a_blocked_reply_ends_as_filtered_without_its_word(alice: User, program: NewProgram, at_work: AtWork) -> None:
    at_work(text="Some words before it, then the forbidden word, then others.")
    rule("block", "forbidden", scope="reply")
    whole = program(alice).ask(question()).json["choices"][0]
    stream = program(alice).ask(question(stream=True))
    assert (whole["finish_reason"], stream.events[-1]["choices"][0]["finish_reason"]) == ("content_filter",) * 2
    for text in (whole["message"]["content"], stream.told()):
        assert text.startswith("Some words before it")
        assert "forb" not in text
    assert stream.is_done


# --- What does not fit ------------------------------------------------------------------------------------------------


def test_texts_that_are_too_long_are_refused(alice: User, program: NewProgram, engine_there: None) -> None:
    policy(alice, prompt_chars=100, conversation_turns=3)
    long, talk = "x" * 101, [{"role": one, "content": "Hi"} for one in ("user", "assistant", "user")]
    for messages in (
        [{"role": "user", "content": long}],
        [{"role": "user", "content": long}, *talk[1:]],
        [{"role": "system", "content": long}, *talk],
        [*talk[:2], *talk[:2], *talk[:2], talk[2]],
    ):
        answer = program(alice).ask(question(messages=messages))
        assert (answer.status, answer.error["code"]) == (400, "context_length_exceeded")
        assert answer.error["param"] == "messages"


def test_all_messages_together_must_fit_the_model(alice: User, program: NewProgram, engine_there: None) -> None:
    talk = [{"role": one, "content": "word " * 3000} for one in ("user", "assistant", "user", "assistant", "user")]
    answer = program(alice).ask(question(messages=talk))
    assert (answer.status, answer.error["code"]) == (400, "context_length_exceeded")
    assert not Conversation.objects.exists()


@pytest.mark.parametrize("stream", [False, True])
def test_nothing_is_forgotten_where_the_engine_finds_it_too_long(
    alice: User, program: NewProgram, at_work: AtWork, stream: bool
) -> None:
    """Its window is smaller than the catalog says: a chat of the page would go on without its beginning."""
    at_work(text="Good morning.", window=200)
    talk = [{"role": one, "content": "word " * 80} for one in ("user", "assistant", "user")]
    answer = program(alice).ask(question(messages=talk, stream=stream))
    error = answer.events[-1]["error"] if stream else answer.error
    assert (answer.status, error["code"]) == (200 if stream else 400, "context_length_exceeded")
    assert not stream or not answer.is_done


# --- Faults of ours ---------------------------------------------------------------------------------------------------


def test_without_an_engine_a_program_is_told_at_once(alice: User, program: NewProgram) -> None:
    answer = program(alice).ask(question())
    assert (answer.status, answer.error["code"], answer.headers["Retry-After"]) == (503, "engine_away", "5")
    assert not Conversation.objects.exists()
    assert not Usage.objects.exists()


@pytest.mark.parametrize("stream", [False, True])
def test_an_engine_that_fails_is_told_as_an_error(
    alice: User, program: NewProgram, at_work: AtWork, stream: bool
) -> None:
    at_work(text="One two three four.", fail_after=2)
    answer = program(alice).ask(question(stream=stream))
    error = answer.events[-1]["error"] if stream else answer.error
    assert (answer.status, error["type"], error["code"]) == (200 if stream else 500, "server_error", "engine_failed")
    assert not stream or not answer.is_done


@pytest.mark.parametrize(
    ("fault", "status"), [(OperationalError("it is away"), 503), (ValueError("secret of ours"), 500)]
)
def test_what_goes_wrong_here_is_never_shown(
    ask: Program, monkeypatch: pytest.MonkeyPatch, fault: Exception, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise fault

    monkeypatch.setattr(services, "send", fails)
    answer = ask.ask(question("Words of hers"))
    assert (answer.status, answer.error["type"]) == (status, "server_error")
    assert "secret" not in answer.body.decode()
    assert "Words of hers" not in caplog.text
    assert caplog.records
