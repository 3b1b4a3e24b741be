"""What a person may do now, and why. Nothing is cached: a policy that is saved holds for the next message."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from limits.fields import ALL, UNLIMITED
from limits.models import Policy
from limits.resolution import LIMITS, resolved


@dataclass(frozen=True, slots=True)
class Limits:
    """What a person may do now. None is no limit.

    ``pool_day`` and ``pool_month`` are the groups whose members share the tokens a day and a month; None: they are the
    person's own. ``slow_after`` and ``suspend_after`` count confirmed incidents in 30 days.
    """

    prompt_chars: int
    prompt_tokens: int | None
    conversation_turns: int | None
    conversation_tokens: int | None
    output_tokens: int
    requests_per_minute: int | None
    replies_at_once: int
    tokens_per_day: int | None
    tokens_per_month: int | None
    models: frozenset[str] | None
    may_share: bool
    may_use_api: bool
    may_export: bool
    may_export_reasoning: bool
    redact_emails: bool
    redact_phones: bool
    may_set_instructions: bool
    may_set_parameters: bool
    charge_failed: bool
    charge_blocked: bool
    slow_after: int | None
    suspend_after: int | None
    pool_day: int | None = None
    pool_month: int | None = None

    def allows_model(self, name: str) -> bool:
        return self.models is None or name in self.models


@dataclass(frozen=True, slots=True)
class Explained:
    """One limit, its value (None: no limit) and the policy it comes from (None: the site's settings)."""

    field: str
    label: str
    value: Any
    source: Policy | None
    pooled: bool  # shared by the members of the source's group

    @property
    def shown(self) -> str:
        """The value in words."""
        if self.value is None:
            return _("all") if self.field == "models" else _("unlimited")
        if isinstance(self.value, bool):
            return _("yes") if self.value else _("no")
        if isinstance(self.value, frozenset):
            return ", ".join(sorted(self.value)) or _("none")
        return f"{self.value:,}"


def limits_of(user_id: int) -> Limits:
    """The limits of a person, by one query."""
    found = resolved(user_id)
    return Limits(*[_meaning(one.value) for one in found], *[one.pool for one in found[_POOLS]])


def explain(user_id: int) -> list[Explained]:
    """Each limit of a person, and which row it comes from."""
    found = resolved(user_id)
    wanted = {one.row.id for one in found if one.row}
    sources = Policy.objects.select_related("user", "group").in_bulk(wanted)
    if len(sources) < len(wanted):  # somebody deleted one between the two queries: what holds without it is asked anew
        return explain(user_id)
    return [
        Explained(
            field=limit.field,
            label=Policy.label(limit.field),
            value=_meaning(one.value),
            source=sources[one.row.id] if one.row else None,
            pooled=one.pool is not None,
        )
        for limit, one in zip(LIMITS, found, strict=True)
    ]


_NAMES = [limit.field for limit in LIMITS]
_POOLS = slice(_NAMES.index("tokens_per_day"), _NAMES.index("tokens_per_month") + 1)


def _meaning(value: Any) -> Any:
    if isinstance(value, list):
        return None if ALL in value else frozenset(value)
    return None if value == UNLIMITED else value
