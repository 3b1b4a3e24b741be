"""Legal holds: what a person under one deletes is gone for them, and kept; nobody else deletes anything of theirs."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.core import serializers
from django.db import models, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from audit.log import record
from audit.models import Hold, Withheld


def holding() -> "QuerySet[Hold]":
    """Those that hold now."""
    return Hold.objects.filter(lifted_at=None)


def on(user_id: int) -> bool:
    """Whether one is on this person."""
    return holding().filter(user_id=user_id).exists()


def keeps(user_id: int) -> bool:
    """The same, for a transaction that deletes of theirs: one that is put on meanwhile waits until that is over."""
    settle([user_id])
    return on(user_id)


def settle(user_ids: Iterable[int]) -> None:
    """What is put on these people just now is seen afterwards. Called before anything of theirs is locked."""
    rows = get_user_model()._default_manager.select_for_update(no_key=True)
    list(rows.filter(pk__in=set(user_ids)).order_by("pk").values_list("pk"))


def people() -> Any:
    """The ids of those who are under one, for a condition."""
    return holding().values("user_id")


@transaction.atomic
def put_on(person: Any, reason: str, by: Any) -> Hold:
    """From now on; a person who is under one already stays under that. What somebody began to delete ends before."""
    type(person)._default_manager.select_for_update(no_key=True).get(pk=person.pk)
    hold, made = Hold.objects.get_or_create(user=person, lifted_at=None, defaults={"reason": reason, "by": by})
    if made:
        record("hold.set", actor=by, subject=person, details={"hold": hold.pk, "reason": reason})
    return hold


@transaction.atomic
def lift(person: Any, by: Any) -> int:
    """End what holds; how many there were. What they deleted meanwhile goes with the next run of the schedule."""
    held = list(holding().filter(user=person).values_list("pk", flat=True))
    ended = holding().filter(pk__in=held).update(lifted_at=Now(), lifted_by=by)
    if ended:
        record("hold.lifted", actor=by, subject=person, details={"holds": held})
    return ended


def withhold(row: models.Model, user_id: int) -> None:
    """Keep the fields of a row that is about to be deleted by its owner."""
    fields = serializers.serialize("python", [row])[0]["fields"]
    Withheld.objects.create(user_id=user_id, kind=row._meta.label, fields={"pk": str(row.pk), **_plain(fields)})


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: one if isinstance(one, int | float | bool | None) else str(one) for name, one in fields.items()}
