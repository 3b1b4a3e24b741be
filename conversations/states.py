"""The life of a reply: its states and the moves between them, in one place."""

from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class State(models.TextChoices):
    """Where a message stands. A person's own message is complete from the start."""

    QUEUED = "queued", _("waiting")
    WRITING = "writing", _("writing")
    COMPLETE = "complete", _("complete")
    STOPPED = "stopped", _("stopped")
    CUT = "cut", pgettext_lazy("state of a reply", "cut at the length limit")
    BLOCKED = "blocked", _("blocked")
    FAILED = "failed", _("failed")


UNFINISHED = frozenset({State.QUEUED, State.WRITING})
FINAL = frozenset(State) - UNFINISHED

MOVES: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.WRITING, State.STOPPED, State.FAILED}),
    State.WRITING: FINAL,
}

EVENT = {
    State.COMPLETE: "done",
    State.STOPPED: "stopped",
    State.CUT: "cut",
    State.BLOCKED: "blocked",
    State.FAILED: "failed",
}


@dataclass(frozen=True, slots=True)
class End:
    """How a reply ends."""

    state: State
    problem: str = ""


class IllegalMove(Exception):  # noqa: N818 - read as a sentence where it is raised
    """A reply was asked to go where it cannot from where it is."""


def check_move(now: str, to: State) -> None:
    """Raise IllegalMove, saying expected and got, unless a reply may go from ``now`` to ``to``."""
    allowed = MOVES.get(State(now), frozenset())
    if to not in allowed:
        expected = ", ".join(sorted(state.value for state in allowed)) or "no move: it is final"
        raise IllegalMove(f"a reply that is {now} cannot become {to.value}; expected {expected}")
