"""The models page: what the catalog offers, which of it is served, and by which workers. To be read only."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from redis.exceptions import RedisError

from inference import catalog, presence, serving
from inference.events.client import blocking_client
from inference.model import Model
from inference.presence import Presence


@dataclass(frozen=True, slots=True)
class Offered:
    """A model of the catalog. ``served`` by this site; ``chosen``: the one that answers unless another is picked."""

    model: Model
    served: bool
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
    offered = [_offered(model, workers or ()) for model in catalog.load(settings.CATALOG).models]
    context = {
        **admin.site.each_context(request),
        "title": _("Models"),
        "offered": sorted(offered, key=lambda one: (not one.chosen, not one.served, not one.workers)),
        "knows_workers": workers is not None,
    }
    return render(request, "console/models.html", context)


def _offered(model: Model, workers: Sequence[Presence]) -> Offered:
    served = serving.names()
    mine = tuple(worker for worker in workers if worker.model == model.name)
    return Offered(model, model.name in served, model.name == served[0], mine)


def _workers() -> list[Presence] | None:
    try:
        return presence.engines(blocking_client())
    except RedisError:
        return None
