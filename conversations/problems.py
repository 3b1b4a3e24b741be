"""Why a reply ended other than well, in words for the person who waits for it."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from conversations.states import State

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

TOO_LONG = "too_long"
BAD_REQUEST = "bad_request"
ENGINE = "engine"
GAVE_UP = "gave_up"

_PROBLEMS: "dict[str, StrPromise]" = {
    TOO_LONG: _("The message is too long for the model's context window. Shorten it and send it again."),
    BAD_REQUEST: _("The model refused the request. An administrator finds the reason in the worker's log."),
    ENGINE: _("The model failed while it wrote. Send the message again."),
    GAVE_UP: _("The model failed several times in a row. Try again later."),
}
_ENDS: "dict[str, StrPromise]" = {
    State.STOPPED: _("Stopped."),
    State.CUT: _("The reply met its length limit."),
    State.BLOCKED: _("The reply was withheld by a rule of this site."),
    State.FAILED: _("The reply failed."),
}


def sentence(state: str, problem: str) -> str:
    """The sentence for a final state and problem code, in the active language; empty for a reply that is complete."""
    return str(_PROBLEMS.get(problem) or _ENDS.get(state) or "")
