"""Fields of a request, each checked and named where it is wrong. What is null counts as not given."""

from typing import Any

import orjson

from conversations.api.errors import ApiError, wrong

Body = dict[str, Any]

IGNORED = frozenset(  # they change nothing in an answer
    {
        *("user", "metadata", "store", "service_tier", "parallel_tool_calls", "safety_identifier"),
        *("prompt_cache_key", "prompt_cache_retention"),
    }
)
NEUTRAL: dict[str, tuple[Any, ...]] = {  # what is not done here, and what may be said of it all the same
    "n": (1,),
    "best_of": (1,),
    "echo": (False,),
    "suffix": ("",),
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "logit_bias": ({},),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "tools": ([],),
    "tool_choice": ("none", "auto"),
    "functions": ([],),
    "function_call": ("none", "auto"),
    "response_format": ({"type": "text"},),
    "modalities": (["text"],),
    "audio": (),
    "prediction": (),
    "verbosity": ("medium",),
    "web_search_options": (),
}


def check_known(body: Body, known: frozenset[str]) -> None:
    """Raise ApiError for a field that would change the answer and is not supported, or that nobody knows."""
    for name, value in body.items():
        if name in known | IGNORED or value is None:
            continue
        if name not in NEUTRAL:
            allowed = ", ".join(sorted(known))
            raise wrong(name[:40], f"{name[:40]} is not known here. Known are {allowed}.", "unknown_parameter")
        if not any(_same(value, neutral) for neutral in NEUTRAL[name]):
            allowed = " or ".join(map(_shown, (None, *NEUTRAL[name])))
            raise wrong(name, f"{name} is not supported here: it may only be {allowed}.", "unsupported_parameter")


def number(body: Body, name: str, least: float, most: float) -> float | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise wrong(name, f"{name} must be a number from {least:g} to {most:g}.")
    return value


def whole(body: Body, name: str, least: int, most: int) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise wrong(name, f"{name} must be a whole number from {least} to {most}.")
    return value


def truth(body: Body, name: str, param: str = "") -> bool:
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise wrong(param or name, f"{param or name} must be true or false.")
    return bool(value)


def text(body: Body, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise missing(name) if value is None else wrong(name, f"{name} must be a text.")
    return value


def one_of(body: Body, name: str, allowed: tuple[str, ...]) -> str:
    """Empty where it is not given."""
    value = body.get(name)
    if value is not None and value not in allowed:
        raise wrong(name, f"{name} must be one of {', '.join(allowed)}.", "unsupported_value")
    return value or ""


def texts(body: Body, name: str, most: int, longest: int) -> tuple[str, ...]:
    """One text, or a list of them."""
    value = body.get(name)
    given = [value] if isinstance(value, str) else [] if value is None else value
    is_list = isinstance(given, list) and len(given) <= most
    if not is_list or not all(isinstance(one, str) and 0 < len(one) <= longest for one in given):
        raise wrong(name, f"{name} must be a text, or up to {most} texts, of 1 to {longest} characters each.")
    return tuple(map(stored, given))


def stored(text: str) -> str:
    """As it can be kept: PostgreSQL stores no NUL."""
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")


def inner(body: Body, name: str) -> Body:
    """An object in it; empty where it is not given."""
    value = body.get(name)
    if value is not None and not isinstance(value, dict):
        raise wrong(name, f"{name} must be an object.")
    return value or {}


def missing(name: str) -> ApiError:
    return wrong(name, f"{name} is missing.", "missing_required_parameter")


def _same(value: Any, other: Any) -> bool:
    """In JSON ``true`` is not 1."""
    return bool(value == other and isinstance(value, bool) == isinstance(other, bool))


def _shown(value: Any) -> str:
    return orjson.dumps(value).decode()
