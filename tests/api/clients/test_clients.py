"""Programs that people use with OpenAI's API work with this one, unmodified: each tells the same stories."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.clients.told import FREED_S, MODEL

CLIENTS = ("openai", "langchain", pytest.param("litellm", marks=pytest.mark.long))  # litellm takes long to import
# The client's own class for each; LangChain lets those of the official client through, and has one above some.
RAISED = {
    "wrong_key": "AuthenticationError",
    "unknown_model": "NotFoundError",
    "over_limit": "RateLimitError",
    "bad_request": "BadRequestError",
}
WORDS = {
    "wrong_key": "This API key is wrong",
    "unknown_model": "here. You may use: ",
    "over_limit": "messages a minute are allowed",
    "bad_request": "n is not supported here: it may only be null or 1.",
}

Outcomes = Callable[[str], dict[str, Any]]
pytestmark = pytest.mark.parametrize("client", CLIENTS)


def answer(outcomes: Outcomes, client: str, story: str) -> Any:
    outcome = outcomes(client)[story]
    assert "answer" in outcome, outcome
    return outcome["answer"]


def test_models_are_listed(outcomes: Outcomes, client: str) -> None:
    names, one = answer(outcomes, client, "models")
    assert [name.rpartition("/")[2] for name in names] == [MODEL]
    assert one.rpartition("/")[2] == MODEL


def test_a_chat_is_completed(outcomes: Outcomes, client: str) -> None:
    text, finish, tokens, about = answer(outcomes, client, "whole")
    assert len(text.split()) >= 10
    assert finish == "stop"
    assert tokens > 20
    assert about


def test_a_stream_says_the_same_and_what_it_cost(outcomes: Outcomes, client: str) -> None:
    text, finish, tokens = answer(outcomes, client, "stream")
    assert text == answer(outcomes, client, "whole")[0]
    assert (finish, tokens) == ("stop", 20)


@pytest.mark.parametrize("story", RAISED)
def test_an_error_is_the_clients_own(outcomes: Outcomes, client: str, story: str) -> None:
    outcome = outcomes(client)[story]
    assert "raised" in outcome, outcome
    package = "litellm" if client == "litellm" else "openai"
    assert f"{package}.{RAISED[story]}" in outcome["raised"]
    assert WORDS[story] in outcome["message"]


def test_a_stream_that_is_closed_early_frees_the_engine(outcomes: Outcomes, client: str) -> None:
    """It would have gone on for 80 seconds."""
    assert answer(outcomes, client, "closed_early") < FREED_S
