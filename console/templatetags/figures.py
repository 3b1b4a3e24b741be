"""How the console writes figures and states."""

from datetime import timedelta
from uuid import UUID

from django import template
from django.db.models import Model
from django.utils.formats import number_format
from django.utils.text import capfirst
from django.utils.translation import pgettext_lazy

from conversations.states import State

register = template.Library()

_WORKER_STATES = {
    "ready": pgettext_lazy("state of a worker", "ready"),
    "starting": pgettext_lazy("state of a worker", "starting"),
    "rebuilding": pgettext_lazy("state of a worker", "rebuilding"),
    "ending": pgettext_lazy("state of a worker", "finishing"),
}


@register.filter
def clock(value: timedelta | float | None) -> str:
    """A duration, or seconds, as ``0:07``, ``3:05`` or ``1:02:03``; a dash for None."""
    if value is None:
        return "–"
    seconds = int(value.total_seconds() if isinstance(value, timedelta) else value)
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


@register.filter
def named(row: Model) -> str:
    """What a row is called: its own name, or else its kind, in the active language, and the beginning of its key."""
    words = str(row)
    kind, _space, key = words.rpartition(" ")
    has_name = hasattr(row, "name") or hasattr(row, "username") or not str(row.pk).startswith(key)
    return words if has_name or not kind.islower() else f"{capfirst(str(row._meta.verbose_name))} {key}"


@register.filter
def milliseconds(value: float | None) -> str:
    """Milliseconds with a unit that suits them: ``45 ms``, ``1.3 s``, ``75 s``; a dash for None."""
    if value is None:
        return "–"
    if value < 1000:
        return f"{value:.0f} ms"
    return f"{value / 1000:.1f} s" if value < 10_000 else f"{value / 1000:.0f} s"


@register.filter
def seconds(value: float) -> str:
    """Milliseconds as seconds with two decimals, without a unit."""
    return f"{value / 1000:.2f}"


@register.filter
def number(value: float) -> str:
    """At most one decimal, none from 10 on."""
    return f"{value:.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"


@register.filter
def short(value: float) -> str:
    """A count in a few characters: ``950``, ``12.3k``, ``4.5M``."""
    for least, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if value >= least:
            scaled = value / (1e3 if unit == "k" else least)
            return f"{scaled:.1f}".removesuffix(".0") + unit if scaled < 100 else f"{scaled:.0f}{unit}"
    return number(value)


@register.filter
def grouped(value: int) -> str:
    """All digits, in groups as the language has them."""
    return number_format(value, force_grouping=True)


@register.filter
def slice_id(value: UUID) -> str:
    """The beginning of an id, enough to find it in the log."""
    return str(value)[:8]


@register.filter
def state_label(state: str) -> str:
    """A reply's state in words."""
    return str(State(state).label)


@register.filter
def worker_state(state: str) -> str:
    """A worker's state in words."""
    return str(_WORKER_STATES.get(state, state))


@register.filter
def percent(share: float | None) -> int | None:
    """A share of 1 in percent."""
    return None if share is None else round(share * 100)
