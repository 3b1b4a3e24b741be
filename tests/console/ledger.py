"""What tests of the console put into the ledger: replies that were used, in the past or today."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db import connection
from django.db.models.functions import Now

from accounts.models import User
from limits import windows
from limits.models import Usage


def today() -> date:
    """As the ledger has it, in UTC."""
    return datetime.now(UTC).date()


def days_ago(days: int) -> date:
    return today() - timedelta(days=days)


def used(person: User, prompt: int = 100, completion: int = 50, *, day: date | None = None, **more: Any) -> Usage:
    """A reply of this day that ended, in the ledger and in its windows."""
    day = day or today()
    fields = {"model": "scripted", "state": "settled", "outcome": "complete", "charge_failed": False}
    row = Usage.objects.create(
        reply=uuid4(),
        user=person,
        day=day,
        reserved=prompt + completion,
        prompt_tokens=prompt,
        completion_tokens=completion,
        charged=prompt + completion,
        settled_at=Now(),
        **{"charge_blocked": True, **fields, **more},
    )
    assert connection.in_atomic_block
    held = windows.lock(windows.keys_of(person.pk, day, row.pool_day_id, row.pool_month_id))
    windows.add(held.values(), reserved=0, used=prompt + completion)
    return row
