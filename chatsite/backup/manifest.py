"""What a backup says of itself, and whether that is what this site can read."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chatsite.backup import BackupError

FORMAT, VERSION = "chatsite/backup", 1

Migrations = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Manifest:
    """``rows`` of each table and ``files`` with their SHA-256 are what the backup is checked against."""

    vendor: str
    made_at: str
    migrations: Migrations
    rows: dict[str, int]
    columns: dict[str, list[str]] = field(default_factory=dict)  # of tables that are kept one by one
    files: dict[str, str] = field(default_factory=dict)
    format: str = FORMAT
    version: int = VERSION


def read(told: Any) -> Manifest:
    """Raises BackupError that names the part which is missing, or is not what it should be."""
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise BackupError(f"its manifest is not of the format {FORMAT}")
    if told.get("version") != VERSION:
        raise BackupError(
            f"its manifest is of version {str(told.get('version'))[:20]}; this site reads version {VERSION}"
        )
    for name, (is_one, kind) in KINDS.items():
        if name not in told:
            raise BackupError(f"its manifest has no {name}")
        if not is_one(told[name]):
            raise BackupError(f"{name} in its manifest is not {kind}")
    parts = {name: told[name] for name in KINDS}
    return Manifest(**parts | {"migrations": [(app, name) for app, name in told["migrations"]]})


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _are_pairs(value: Any) -> bool:
    return isinstance(value, list) and all(_are_texts(pair) and len(pair) == 2 for pair in value)


def _named(is_one: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and all(map(is_one, value.values()))


KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "vendor": (_is_text, "a text"),
    "made_at": (_is_text, "a text"),
    "migrations": (_are_pairs, "a list of pairs of an app and a name"),
    "rows": (_named(_is_count), "an object with a count of rows for each table"),
    "columns": (_named(_are_texts), "an object with a list of columns for each table"),
    "files": (_named(_is_text), "an object with a SHA-256 for each file"),
}
