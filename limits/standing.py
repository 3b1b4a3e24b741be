"""What is left to a person today and this month. Days and months are those of UTC."""

from dataclasses import dataclass
from datetime import UTC, datetime

from limits import quotas, windows
from limits.clock import Span
from limits.fields import UNLIMITED
from limits.models import Policy
from limits.policies import Limits, limits_of
from limits.quotas import Quota
from limits.windows import Key


@dataclass(frozen=True, slots=True)
class Standing:
    """The quotas of a person; None where there is none."""

    day: Quota | None
    month: Quota | None


def standing(user_id: int, limits: Limits | None = None) -> Standing:
    """What is left to a person now, by two queries; by one where their ``limits`` are known."""
    limits = limits or limits_of(user_id)
    today = datetime.now(UTC).date()
    held = windows.look(list(quotas.keys(user_id, today, limits).values()))
    found = {quota.span: quota for quota in quotas.quotas(user_id, today, limits, held)}
    return Standing(found.get(Span.DAY), found.get(Span.MONTH))


def standing_of_pool(group_id: int) -> Standing:
    """What is left of what the members of a group share; None of what they do not share."""
    return Standing(_pool(group_id, Span.DAY), _pool(group_id, Span.MONTH))


def _pool(group_id: int, span: Span) -> Quota | None:
    field = f"tokens_per_{span.value}"
    policy = Policy.objects.current().filter(group=group_id, **{f"{field}__isnull": False}).first()
    limit: int = getattr(policy, field, UNLIMITED)
    if policy is None or not policy.shared_pool or limit == UNLIMITED:
        return None
    today = datetime.now(UTC).date()
    window = windows.look([key := Key(True, group_id, span, span.start(today))]).get(key)
    used, reserved = (window.used, window.reserved) if window else (0, 0)
    return Quota(span, limit, used, reserved, span.resets_at(today), group_id)
