"""LangChain's chat model for OpenAI's API."""

from typing import Any

import httpx
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI

from tests.api.clients.told import HELLO, LONG, MODEL, Told, seconds_until_free, tell


def chat(told: Told, key: str = "", **more: Any) -> ChatOpenAI:
    options: dict[str, Any] = {"model": MODEL, "max_retries": 0, "timeout": 30, **more}
    return ChatOpenAI(base_url=told.url, api_key=key or told.key, **options)


def asked(text: str = HELLO) -> list[Any]:
    return [SystemMessage("Be brief."), HumanMessage(text)]


def models(told: Told) -> Any:
    """It has no list of its own: its client has."""
    return [one.id for one in chat(told).root_client.models.list()], chat(told).root_client.models.retrieve(MODEL).id


def whole(told: Told) -> Any:
    answer = chat(told, temperature=0.5, max_tokens=100).invoke(asked())
    about = answer.response_metadata
    return answer.content, about["finish_reason"], answer.usage_metadata["total_tokens"], about["id"]


def stream(told: Told) -> Any:
    chunks = list(chat(told, stream_usage=True).stream(asked()))
    both = chunks[0]
    for chunk in chunks[1:]:
        both += chunk
    return both.content, both.response_metadata["finish_reason"], both.usage_metadata["output_tokens"]


def wrong_key(told: Told) -> Any:
    return chat(told, told.wrong).invoke(asked())


def unknown_model(told: Told) -> Any:
    return chat(told, model="gpt-9").invoke(asked())


def over_limit(told: Told) -> Any:
    return chat(told, told.limited).invoke(asked())


def bad_request(told: Told) -> Any:
    return chat(told, n=2).invoke(asked())


def closed_early(told: Told) -> float:
    """Its stream is a generator; closing it leaves the connection to the client, which is closed as well."""
    line = httpx.Client()
    pieces = chat(told, http_client=line).stream(asked(LONG))
    next(pieces)
    pieces.close()
    line.close()
    return seconds_until_free(told)


if __name__ == "__main__":
    tell(
        {
            one.__name__: one
            for one in (models, whole, stream, wrong_key, unknown_model, over_limit, bad_request, closed_early)
        }
    )
