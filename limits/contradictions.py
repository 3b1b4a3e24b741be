"""What makes a policy impossible to follow: found before it is saved, each with field, value and what is allowed."""

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from limits.fields import UNLIMITED

if TYPE_CHECKING:
    from limits.models import Policy

# The first may not be more than the second.
NO_MORE_THAN = (
    ("tokens_per_day", "tokens_per_month"),
    ("output_tokens", "tokens_per_day"),
    ("output_tokens", "tokens_per_month"),
    ("prompt_tokens", "tokens_per_day"),
    ("prompt_tokens", "tokens_per_month"),
    ("prompt_tokens", "conversation_tokens"),
    ("slow_after", "suspend_after"),
)


def contradictions(policy: "Policy") -> dict[str, list[Any]]:
    """Errors by field, as a ValidationError takes them; empty when there are none."""
    found: dict[str, list[Any]] = {}
    for field, error in (*_of_scope(policy), *_of_time(policy), *_of_numbers(policy)):
        found.setdefault(field, []).append(error)
    return found


def _of_scope(policy: "Policy") -> list[tuple[str, ValidationError]]:
    found = []
    if policy.user_id and policy.group_id:
        message = _("This policy is for a person already (%(user)s): leave the group empty, or make two policies.")
        found.append(("group", ValidationError(message, "two_scopes", {"user": policy.user})))
    if policy.shared_pool and not policy.group_id:
        found.append(("shared_pool", ValidationError(_("Only the members of a group can share a pool."), "no_group")))
    elif policy.shared_pool and _finite(policy.tokens_per_day) is None and _finite(policy.tokens_per_month) is None:
        message = _("There is nothing to share: say how many tokens a day or a month.")
        found.append(("shared_pool", ValidationError(message, "empty_pool")))
    return found


def _of_time(policy: "Policy") -> list[tuple[str, ValidationError]]:
    if policy.valid_until is None or policy.valid_from is None or policy.valid_until > policy.valid_from:
        return []
    message = _("%(until)s is not after “valid from” (%(from)s).")
    words = {"until": f"{policy.valid_until:%Y-%m-%d %H:%M}", "from": f"{policy.valid_from:%Y-%m-%d %H:%M}"}
    return [("valid_until", ValidationError(message, "never_valid", words))]


def _of_numbers(policy: "Policy") -> list[tuple[str, ValidationError]]:
    found = []
    for less, more in NO_MORE_THAN:
        value, most = _finite(getattr(policy, less)), _finite(getattr(policy, more))
        if value is not None and most is not None and value > most:
            message = _("%(value)s contradicts “%(other)s”: at most %(most)s is allowed here.")
            words = {"value": value, "other": policy.label(more), "most": most}
            found.append((less, ValidationError(message, "contradiction", words)))
    return found


def _finite(value: int | None) -> int | None:
    return None if value == UNLIMITED else value
