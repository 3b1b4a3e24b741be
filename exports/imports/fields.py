"""Values of other people's JSON, looked at before they are believed. What is wrong raises Unfit, which names it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from exports.imports.bounds import LONGEST
from exports.imports.refusals import Unfit

T = TypeVar("T")
LONGEST_NAME = 200
MILLISECONDS = 10_000_000_000  # a number above this counts milliseconds: as seconds it would be the year 2286
EARLIEST, LATEST = datetime(1971, 1, 1, tzinfo=UTC), datetime(2900, 1, 1, tzinfo=UTC)  # any time zone can show them
REPLACED = "\N{REPLACEMENT CHARACTER}"


def text(value: Any, field: str = "text") -> str:
    """Absent is empty. PostgreSQL stores no NUL."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unfit("field", field=field, expected="text")
    if len(value) > LONGEST:
        raise Unfit("too_long", allowed=LONGEST)
    return value.replace("\x00", REPLACED)


def line(value: Any, most: int = LONGEST_NAME) -> str:
    """A short text in one line, cut where it is too long; whatever is no text is none."""
    return " ".join(value.replace("\x00", REPLACED).split())[:most] if isinstance(value, str) else ""


def names(value: Any, most: int) -> tuple[str, ...]:
    """The lines in a list, each once."""
    return tuple(dict.fromkeys(filter(None, (line(one, most) for one in listed(value)))))


def moment(value: Any) -> datetime | None:
    """Seconds or milliseconds since 1970, or RFC 3339; None for anything else: no conversation is lost for a time."""
    try:
        found = _moment(value)
    except (ValueError, OverflowError, OSError):
        return None
    return found if found and EARLIEST <= found < LATEST else None


def _moment(value: Any) -> datetime | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value / 1000 if abs(value) > MILLISECONDS else value, UTC)
    if isinstance(value, str):
        found = datetime.fromisoformat(value)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    return None


def whole(value: Any, most: int = 2_147_483_647) -> int:
    """A number from 0, as a column takes it; 0 for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most else 0


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def key(value: Any) -> str:
    """An id of the other program's: a text or a number. Raises Unfit."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and 0 < len(value) <= LONGEST_NAME:
        return value.replace("\x00", REPLACED)
    raise Unfit("field", field="id", expected="short", most=LONGEST_NAME)


def some_key(value: Any) -> str | None:
    """The same of one that may be absent."""
    return None if value is None else key(value)


def uuid(value: Any, field: str) -> UUID:
    try:
        return UUID(value)
    except (ValueError, TypeError, AttributeError) as error:
        raise Unfit("field", field=field, expected="uuid") from error


def absent_or(read: Callable[..., T], value: Any, *more: Any) -> T | None:
    return None if value is None else read(value, *more)
