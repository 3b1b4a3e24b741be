"""LiteLLM, told that there is an OpenAI-compatible server."""

import asyncio
from typing import Any

import litellm

from tests.api.clients.told import HELLO, LONG, MODEL, Told, seconds_until_free, tell


def options(told: Told, key: str = "", model: str = MODEL, text: str = HELLO, **more: Any) -> dict[str, Any]:
    said = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": text}]
    given = {"model": f"openai/{model}", "messages": said, "api_base": told.url, "api_key": key or told.key}
    return {**given, "num_retries": 0, "max_retries": 0, "timeout": 30, **more}


def models(told: Told) -> Any:
    found = litellm.get_valid_models(
        check_provider_endpoint=True, custom_llm_provider="openai", api_key=told.key, api_base=told.url
    )
    return found, found[0]


def whole(told: Told) -> Any:
    answer = litellm.completion(**options(told, temperature=0.5, max_tokens=100))
    choice = answer.choices[0]
    return choice.message.content, choice.finish_reason, answer.usage.total_tokens, answer.id


def stream(told: Told) -> Any:
    chunks = list(litellm.completion(**options(told, stream=True, stream_options={"include_usage": True})))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    ends = [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices]
    usage = next(chunk.usage for chunk in reversed(chunks) if getattr(chunk, "usage", None))
    return text, next(filter(None, ends)), usage.completion_tokens


def wrong_key(told: Told) -> Any:
    return litellm.completion(**options(told, told.wrong))


def unknown_model(told: Told) -> Any:
    return litellm.completion(**options(told, model="gpt-9"))


def over_limit(told: Told) -> Any:
    return litellm.completion(**options(told, told.limited))


def bad_request(told: Told) -> Any:
    return litellm.completion(**options(told, n=2))


def closed_early(told: Told) -> float:
    return asyncio.run(_closed_early(told))


async def _closed_early(told: Told) -> float:
    pieces = await litellm.acompletion(**options(told, text=LONG, stream=True))
    async for _piece in pieces:
        break
    await pieces.aclose()
    return await asyncio.to_thread(seconds_until_free, told)


if __name__ == "__main__":
    tell(
        {
            one.__name__: one
            for one in (models, whole, stream, wrong_key, unknown_model, over_limit, bad_request, closed_early)
        }
    )
