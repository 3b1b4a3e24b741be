"""The engine page, its part that moves, and what administrators may ask of a worker."""

import logging
from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods
from redis.exceptions import RedisError

from accounts import chart
from accounts.models import User
from audit.log import record
from console import seen
from console.engines import standing
from console.recent import STEP, STEPS, Hour, last_hour
from console.roles import administers
from console.templatetags.figures import milliseconds, number
from inference import presence
from inference.events.client import blocking_client

log = logging.getLogger(__name__)

_ORDERS = {
    "drain": {
        "title": gettext_lazy("Drain a worker"),
        "question": gettext_lazy("Let %(worker)s finish?"),
        "means": gettext_lazy(
            "It takes no new replies. Those it writes go on for up to 20 seconds; what is left then, another worker "
            "continues, and no text is lost. Then its process ends; where a supervisor runs it, a fresh one starts."
        ),
        "button": gettext_lazy("Drain"),
        "done": gettext_lazy("Asked %(worker)s to finish. It hears of it within two seconds."),
    },
    "rebuild": {
        "title": gettext_lazy("Rebuild an engine"),
        "question": gettext_lazy("Rebuild the engine of %(worker)s?"),
        "means": gettext_lazy(
            "The model is unloaded and loaded again, as long as a start takes. Replies it writes wait meanwhile and "
            "then go on where they were; other workers may continue them sooner."
        ),
        "button": gettext_lazy("Rebuild"),
        "done": gettext_lazy("Asked %(worker)s to rebuild its engine. It hears of it within two seconds."),
    },
}
_DONE = {"drain": "drained", "rebuild": "rebuilt"}


@require_GET
def engine(request: HttpRequest) -> HttpResponse:
    """What the engines do now."""
    context = {**admin.site.each_context(request), "title": _("Engine"), **_now(request)}
    return render(request, "console/engine.html", context)


@require_GET
def live(request: HttpRequest) -> HttpResponse:
    """The part of the page that moves, for its script."""
    return render(request, "console/live.html", _now(request))


@require_http_methods(["GET", "POST"])
def drain(request: HttpRequest, worker: str) -> HttpResponse:
    """Ask a worker to finish and end, once that is confirmed."""
    return _order(request, worker, "drain")


@require_http_methods(["GET", "POST"])
def rebuild(request: HttpRequest, worker: str) -> HttpResponse:
    """Ask a worker to build its engine anew, once that is confirmed."""
    return _order(request, worker, "rebuild")


def _now(request: HttpRequest) -> dict[str, Any]:
    now = standing()
    hour = last_hour(now.models)
    may_order = administers(request.user)
    return {
        "now": now,
        "hour": hour,
        "seen": seen.last_hour(),
        "at": timezone.now(),
        "may_order": may_order,
        **_charts(hour),
    }


def _charts(hour: Hour) -> dict[str, chart.Chart]:
    minutes = int(STEP.total_seconds() // 60)
    names = [_("%(minutes)d min ago") % {"minutes": minutes * left} for left in range(STEPS, 0, -1)]
    soon = {"p95": [step.p95_ms for step in hour.steps], "p50": [step.p50_ms for step in hour.steps]}
    fast = {_("tokens/s"): [step.tokens_s for step in hour.steps]}
    return {"first_token": chart.bars(soon, names, milliseconds), "speed": chart.bars(fast, names, number)}


def _order(request: HttpRequest, worker: str, order: presence.Order) -> HttpResponse:
    if not administers(request.user):
        raise PermissionDenied
    back = HttpResponseRedirect(reverse("admin:engine"))
    words = {name: text % {"worker": worker} for name, text in _ORDERS[order].items()}
    try:
        client = blocking_client()
        if worker not in {one.name for one in presence.engines(client)}:
            messages.warning(request, _("There is no worker %(worker)s any more.") % {"worker": worker})
            return back
        if request.method == "GET":
            context = {**admin.site.each_context(request), "worker": worker, "order": order, **words}
            return render(request, "console/order.html", context)
        presence.leave_order(client, worker, order)
    except RedisError:
        messages.error(request, _("Redis does not answer, so no worker can be asked for anything."))
        return back
    log.warning("%s asks %s to %s.", request.user, worker, order)
    record(f"engine.{_DONE[order]}", actor=cast("User", request.user), subject=worker)
    messages.success(request, words["done"])
    return back
