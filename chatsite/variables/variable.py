"""What is known of an environment variable."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable. ``shown_default`` is what is documented where the default depends on the machine."""

    name: str
    cast: type | str
    default: Any
    meaning: str
    choices: tuple[str, ...] = ()
    least: int = 0  # of a number
    shown_default: str = ""
