"""The models page: what the catalog offers, which of it is served, and by which workers. To be read only."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from redis.exceptions import RedisError

from inference import catalog, presence
from inference.events.client import blocking_client
from inference.model import Model
from inference.presence import Presence
from inference.serving import served_model


@dataclass(frozen=True, slots=True)
class Offered:
    """A model of the catalog. ``chosen``: the one this site sends new messages to."""

    model: Model
    chosen: bool
    workers: tuple[Presence, ...]

    @property
    def slots(self) -> int:
        """Replies at once, of all its workers; of one worker while there is none."""
        return sum(worker.slots for worker in self.workers) or self.model.slots


@require_GET
def models(request: HttpRequest) -> HttpResponse:
    """The page."""
    workers = _workers()
    chosen = served_model()
    offered = [
        Offered(model, model.name == chosen, tuple(worker for worker in workers or () if worker.model == model.name))
        for model in catalog.load(settings.CATALOG).models
    ]
    context = {
        **admin.site.each_context(request),
        "title": _("Models"),
        "offered": sorted(offered, key=lambda one: (not one.chosen, not one.workers)),
        "knows_workers": workers is not None,
    }
    return render(request, "console/models.html", context)


def _workers() -> list[Presence] | None:
    try:
        return presence.engines(blocking_client())
    except RedisError:
        return None
