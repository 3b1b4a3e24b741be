"""What is left to a person today and this month. Days and months are those of UTC."""

from dataclasses import dataclass
from datetime import UTC, datetime

from limits import quotas, windows
from limits.clock import Span
from limits.policies import limits_of
from limits.quotas import Quota


@dataclass(frozen=True, slots=True)
class Standing:
    """The quotas of a person; None where there is none."""

    day: Quota | None
    month: Quota | None


def standing(user_id: int) -> Standing:
    """What is left to a person now, by two queries."""
    limits = limits_of(user_id)
    today = datetime.now(UTC).date()
    held = windows.look(list(quotas.keys(user_id, today, limits).values()))
    found = {quota.span: quota for quota in quotas.quotas(user_id, today, limits, held)}
    return Standing(found.get(Span.DAY), found.get(Span.MONTH))
