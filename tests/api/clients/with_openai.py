"""The official client of OpenAI's."""

from typing import Any

import openai

from tests.api.clients.told import HELLO, LONG, MODEL, Told, seconds_until_free, tell


def client(told: Told, key: str = "") -> openai.OpenAI:
    return openai.OpenAI(base_url=told.url, api_key=key or told.key, max_retries=0, timeout=30)


def asked(text: str = HELLO) -> Any:
    return [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": text}]


def models(told: Told) -> Any:
    return [one.id for one in client(told).models.list()], client(told).models.retrieve(MODEL).id


def whole(told: Told) -> Any:
    answer = client(told).chat.completions.create(model=MODEL, messages=asked(), max_completion_tokens=100)
    choice = answer.choices[0]
    return choice.message.content, choice.finish_reason, answer.usage.total_tokens, answer._request_id


def stream(told: Told) -> Any:
    options: Any = {"stream": True, "stream_options": {"include_usage": True}}
    chunks = list(client(told).chat.completions.create(model=MODEL, messages=asked(), **options))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    return text, chunks[-2].choices[0].finish_reason, chunks[-1].usage.completion_tokens


def parsed_stream(told: Told) -> Any:
    """By the helper that puts the pieces together again."""
    with client(told).chat.completions.stream(model=MODEL, messages=asked()) as events:
        return events.get_final_completion().choices[0].message.content


def wrong_key(told: Told) -> Any:
    return client(told, told.wrong).models.list()


def unknown_model(told: Told) -> Any:
    return client(told).chat.completions.create(model="gpt-9", messages=asked())


def over_limit(told: Told) -> Any:
    return client(told, told.limited).chat.completions.create(model=MODEL, messages=asked())


def bad_request(told: Told) -> Any:
    return client(told).chat.completions.create(model=MODEL, messages=asked(), n=2)


def closed_early(told: Told) -> float:
    pieces = client(told).chat.completions.create(model=MODEL, messages=asked(LONG), stream=True)
    next(iter(pieces))
    pieces.close()
    return seconds_until_free(told)


if __name__ == "__main__":
    tell(
        {
            one.__name__: one
            for one in (
                *(models, whole, stream, parsed_stream),
                *(wrong_key, unknown_model, over_limit, bad_request, closed_early),
            )
        }
    )
