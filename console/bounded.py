"""Pages of a list whose rows may be a million: they are counted up to a bound, which costs the same however many."""

from typing import TYPE_CHECKING, Any, cast

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

if TYPE_CHECKING:  # generic for the type checker only
    _Paginator = Paginator[Any]
else:
    _Paginator = Paginator

MOST = 10_000


class BoundedPaginator(_Paginator):
    """Django's, but its count stops a little after ``MOST``: who looks for older rows searches or filters."""

    @cached_property
    def count(self) -> int:
        rows = cast("QuerySet[Any]", self.object_list)
        return rows.order_by()[: MOST + 1].count()

    @property
    def is_cut(self) -> bool:
        """Whether there are more rows than pages show."""
        return self.count > MOST
