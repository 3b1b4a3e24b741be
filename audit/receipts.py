"""Receipts: what was deleted, in numbers, with a sum by which whoever knows the ids can prove that these were it."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid4

from audit.log import record
from audit.models import Receipt

Why = Receipt.Why


class Gone:
    """What is being deleted: the ids of each kind."""

    def __init__(self) -> None:
        self._ids: defaultdict[str, set[str]] = defaultdict(set)

    def add(self, kind: str, ids: Iterable[object]) -> None:
        self._ids[kind].update(map(str, ids))

    def __bool__(self) -> bool:
        return any(self._ids.values())

    @property
    def counts(self) -> dict[str, int]:
        return {kind: len(ids) for kind, ids in sorted(self._ids.items()) if ids}

    @property
    def digest(self) -> str:
        """SHA-256 over lines of a kind and an id, sorted."""
        lines = sorted(f"{kind} {one}\n" for kind, ids in self._ids.items() for one in ids)
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def give(
    gone: Gone, why: Why, *, whose: int | None = None, rule: int | None = None, by: Any = None, pk: UUID | None = None
) -> Receipt:
    """A receipt in the caller's transaction. What people delete of their own is no news to an auditor; the rest is."""
    receipt = Receipt.objects.create(
        pk=pk or uuid4(), why=why, whose=whose, rule=rule, counts=gone.counts, digest=gone.digest
    )
    if why != Why.OWNER:
        details = {"why": why.value, "rule": rule, "counts": gone.counts, "sha256": gone.digest}
        record("data.deleted", actor=by, subject=receipt, details=details)
    return receipt
