"""Short ways to say things in a story about limits."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from limits import ledger
from limits.models import Policy, Usage, Window
from limits.policies import limits_of
from limits.refusals import OverLimit

MODEL = "small"


def policy(of: User | Group | None = None, *, age: int = 0, **fields: Any) -> Policy:
    """A valid policy that has held for a minute and ``age`` more."""
    scope: dict[str, Any] = {"user": of} if isinstance(of, User) else {"group": of}
    fields.setdefault("valid_from", timezone.now() - timedelta(minutes=age + 1))
    row = Policy(**scope, **fields)
    row.full_clean()
    row.save()
    return row


def group(name: str, *members: User) -> Group:
    made = Group.objects.create(name=name)
    for person in members:
        person.groups.add(made)
    return made


def reserve(person: User, prompt_tokens: int = 10, *, reply: UUID | None = None) -> tuple[UUID, int]:
    """As a send does: the limits of now, then a reservation. The reply's id, and the tokens it may have."""
    reply = reply or uuid4()
    with transaction.atomic():
        return reply, ledger.reserve(person.pk, reply, MODEL, prompt_tokens, limits_of(person.pk))


def refusal(person: User, prompt_tokens: int = 10) -> OverLimit:
    """Why the next message is refused; it must be."""
    try:
        reserve(person, prompt_tokens)
    except OverLimit as no:
        return no
    raise AssertionError("it was let through")


def settle(reply: UUID, prompt_tokens: int = 10, completion_tokens: int = 20, outcome: str = "complete") -> bool:
    with transaction.atomic():
        return ledger.settle(reply, prompt_tokens, completion_tokens, outcome)


def release(reply: UUID) -> bool:
    with transaction.atomic():
        return ledger.release(reply)


def used(person: User, tokens: int) -> UUID:
    """The person had a reply that cost so much."""
    reply, _ = reserve(person, 0)
    assert settle(reply, 0, tokens)
    return reply


def windows(of: User | Group) -> dict[str, tuple[int, int]]:
    """Tokens reserved and used, by kind of window: the newest, as in the first minute of a month there is another."""
    rows = Window.objects.filter(**({"user": of} if isinstance(of, User) else {"group": of}))
    newest_last = rows.order_by("start").values_list("kind", "reserved", "used")
    return {kind: (reserved, spent) for kind, reserved, spent in newest_last}


def let_pass(time: timedelta) -> None:
    """So long after what was reserved until now. Windows keep their days."""
    Usage.objects.update(reserved_at=F("reserved_at") - time)


def drop_empty_windows() -> None:
    """In the first minute of a month who sends locks that of the last one, too, and nothing is in it."""
    Window.objects.filter(reserved=0, used=0).delete()


def move_to(day: date) -> None:
    """All that was done until now was done on that day."""
    Usage.objects.update(day=day)
    drop_empty_windows()
    Window.objects.filter(kind="day").update(start=day)
    Window.objects.filter(kind="month").update(start=day.replace(day=1))
