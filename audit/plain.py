"""Values as every database gives them back exactly: what is hashed must be what is stored."""

import math
from collections.abc import Mapping
from typing import Any

LONGEST = 500  # characters of one text in an entry's details
MOST = 200  # items of one list


def text(value: object, longest: int = LONGEST) -> str:
    """One line of at most so many characters, without what a database refuses (NUL, halves of surrogates)."""
    whole = str(value).encode("utf-8", "replace").decode().replace("\0", "\ufffd")
    return whole if len(whole) <= longest else f"{whole[: longest - 1]}…"


def plain(value: Any) -> Any:
    """The value as JSON that PostgreSQL's jsonb keeps as it is: whole floats become whole numbers, NaN a word."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, Mapping):
        return {text(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return _list([plain(one) for one in value])
    if isinstance(value, set | frozenset):
        return _list(sorted((plain(one) for one in value), key=str))
    return text(value)


def _number(value: float) -> float | int | str:
    if not math.isfinite(value):
        return str(value)
    return int(value) if value.is_integer() else value


def _list(values: list[Any]) -> list[Any]:
    return values if len(values) <= MOST else [*values[:MOST], f"… {len(values) - MOST} more"]
