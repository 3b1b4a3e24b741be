"""Which of the served models a person may use, and which one answers them."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from conversations.refusals import Refused
from inference import serving
from inference.model import Model
from limits.policies import Limits

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

LONGEST_SHOWN = 100  # characters of a name that is not known
UNKNOWN = _("There is no model %(name)s here. You may use: %(allowed)s.")


def offered(limits: Limits) -> tuple[Model, ...]:
    """Those that the person's policy allows; the first is what answers unless another was chosen."""
    return tuple(model for model in serving.models() if limits.allows_model(model.name))


def in_force(chosen: str, limits: Limits) -> Model:
    """The model that was chosen, or the first there is where none was, or it is no longer served or allowed.

    Who may use none still sees a page: it is that of the site's default, and ``check`` refuses what they send.
    """
    models = offered(limits) or (serving.model(),)
    return next((model for model in models if model.name == chosen), models[0])


def check(name: str, limits: Limits) -> Model:
    """The model of this name, or for an empty one the first; refuse one that is not here, or not for this person."""
    models = offered(limits)
    try:
        model = serving.model(name) if name or not models else models[0]
    except serving.NotServedError as error:
        raise _refused("unknown_model", UNKNOWN, name, models) from error
    if model not in models:
        raise _refused("model", _("You may not use the model %(name)s. You may use: %(allowed)s."), model.name, models)
    return model


def _refused(code: str, detail: "StrPromise", name: str, models: tuple[Model, ...]) -> Refused:
    """It names the model that was asked for, and those that may be."""
    allowed = ", ".join(one.name for one in models)
    nothing = _("You may not use the model %(name)s, nor any other here. Ask an administrator.")
    words = {"name": name[:LONGEST_SHOWN], "allowed": allowed}
    return Refused(code, (detail if models else nothing) % words, allowed)
