"""The ratings page: how people find the replies of each model, and what is wrong with the bad ones. Figures only."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from conversations.models import Rating
from conversations.models.rating import Fault

PERIODS = (7, 30, 90, 365)
GIVEN = 30


@dataclass(slots=True)
class Rated:
    """The ratings of one model's replies."""

    model: str
    good: int = 0
    bad: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def share(self) -> float:
        """Of a hundred ratings, how many are good."""
        return 100 * self.good / (self.good + self.bad)

    @property
    def faults(self) -> list[int]:
        """How often each reason was given, in the order of ``Fault``."""
        return [self.reasons[fault] for fault in Fault.values]


@require_GET
@permission_required("conversations.view_rating", raise_exception=True)
def ratings(request: HttpRequest) -> HttpResponse:
    """The page."""
    asked = request.GET.get("days", "")
    days = int(asked) if asked in map(str, PERIODS) else GIVEN
    context = {
        **admin.site.each_context(request),
        "title": _("Ratings"),
        "models": rated(days),
        "faults": [label for _value, label in Fault.choices],
        "days": days,
        "periods": PERIODS,
    }
    return render(request, "console/ratings.html", context)


def rated(days: int) -> list[Rated]:
    """Each model that was rated in these days, most ratings first."""
    given = Rating.objects.filter(at__gte=timezone.now() - timedelta(days=days))
    found: dict[str, Rated] = {}
    for model, value, many in given.values_list("reply__model", "value").annotate(n=Count("pk")):
        one = found.setdefault(model, Rated(model))
        one.good, one.bad = (many, one.bad) if value > 0 else (one.good, many)
    for model, reasons in given.filter(value=-1).values_list("reply__model", "reasons").iterator():
        found[model].reasons.update(reasons)
    return sorted(found.values(), key=lambda one: (-one.good - one.bad, one.model))
