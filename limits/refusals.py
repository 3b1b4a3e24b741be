"""Why a message was not let through: a sentence for the person, with what is left and when that changes."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _


class Code(StrEnum):
    """What the page and the API call it."""

    TOO_MANY = "too_many"
    SLOWED = "slowed"
    SUSPENDED = "suspended"
    QUOTA_DAY = "quota_day"
    QUOTA_MONTH = "quota_month"


class OverLimit(Exception):  # noqa: N818 - an answer to a person, not a fault
    """Nothing was reserved. ``allowed`` is the limit, ``left`` what is left of it, in the limit's unit (messages or
    tokens); ``resets_at`` is when there is more, None when that is not known."""

    def __init__(
        self,
        code: Code,
        detail: str,
        *,
        allowed: int | None = None,
        left: int | None = None,
        resets_at: datetime | None = None,
    ) -> None:
        super().__init__(code.value)
        self.code = code.value
        self.detail = detail
        self.allowed = allowed
        self.left = left
        self.resets_at = resets_at


def suspended(until: datetime | None) -> OverLimit:
    detail = _("You cannot send messages for now. Ask an administrator.")
    if until:
        detail = _("You cannot send messages until %(until)s.") % {"until": _time(until)}
    return OverLimit(Code.SUSPENDED, detail, allowed=0, left=0, resets_at=until)


def too_many(allowed: int, resets_at: datetime | None, *, slowed: bool) -> OverLimit:
    if slowed:
        detail, code = _("You were slowed down: one message a minute. Wait a moment."), Code.SLOWED
    else:
        detail = _("%(allowed)d messages a minute are allowed. Wait a moment.") % {"allowed": allowed}
        code = Code.TOO_MANY
    return OverLimit(code, detail, allowed=allowed, left=0, resets_at=resets_at)


def over_quota(code: Code, *, allowed: int, left: int, resets_at: datetime, pool: str) -> OverLimit:
    """``pool`` is the name of the group that shares the quota; empty when it is the person's own."""
    words: dict[str, Any] = {"allowed": f"{allowed:,}", "left": f"{left:,}", "at": _time(resets_at), "pool": pool}
    sentences = {
        (Code.QUOTA_DAY, False): _("%(left)s of your %(allowed)s tokens a day are left, too few for this message."),
        (Code.QUOTA_MONTH, False): _("%(left)s of your %(allowed)s tokens a month are left, too few for this message."),
        (Code.QUOTA_DAY, True): _(
            "%(left)s of the %(allowed)s tokens a day that “%(pool)s” shares are left, too few for this message."
        ),
        (Code.QUOTA_MONTH, True): _(
            "%(left)s of the %(allowed)s tokens a month that “%(pool)s” shares are left, too few for this message."
        ),
    }
    detail = sentences[code, bool(pool)] % words + " " + _("There are more from %(at)s.") % words
    return OverLimit(code, detail, allowed=allowed, left=left, resets_at=resets_at)


def _time(when: datetime) -> str:
    return date_format(when, "DATETIME_FORMAT") + " UTC"
