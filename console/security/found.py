"""One thing that was looked at."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

State = Literal["wrong", "attention", "right"]
WORST_FIRST: tuple[State, ...] = ("wrong", "attention", "right")


@dataclass(frozen=True, slots=True)
class Finding:
    """``seen`` says how it stands on this site; ``to_do`` what would put it right, empty where nothing has to be."""

    subject: "StrOrPromise"
    state: State
    seen: "StrOrPromise"
    to_do: "StrOrPromise" = ""


def right(subject: "StrOrPromise", seen: "StrOrPromise") -> Finding:
    return Finding(subject, "right", seen)
