"""The audit log's rows: each carries the hash of the one before, so that none can change or go without notice."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC
from typing import Any, ClassVar, NoReturn

from django.db import models
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

AT_ONCE = 1000  # entries read and held at a time
GENESIS = "0" * 64  # what the first entry has for the hash of the one before


class AppendOnly(Exception):  # noqa: N818 - an answer to who calls, not a fault
    """Entries are added by ``audit.log.record`` and never changed or deleted."""

    def __init__(self) -> None:
        super().__init__("Audit entries are added by audit.log.record, and never changed or deleted.")


class EntryQuerySet(models.QuerySet["Entry"]):
    """Reads however many; refuses early what the database's guard would refuse too."""

    def part(self, after: int) -> "list[Entry]":
        """The next entries, oldest first, after the one of this number."""
        return list(self.filter(pk__gt=after).order_by("pk")[:AT_ONCE])

    def oldest_first(self) -> "Iterator[Entry]":
        """All of them, a part in memory at a time, without a cursor that stays open when the reader leaves."""
        last = 0
        while part := self.part(last):
            yield from part
            last = part[-1].pk

    def update(self, **values: Any) -> NoReturn:
        raise AppendOnly

    def delete(self) -> NoReturn:
        raise AppendOnly

    def bulk_create(self, *args: Any, **options: Any) -> NoReturn:
        raise AppendOnly

    def bulk_update(self, *args: Any, **options: Any) -> NoReturn:
        raise AppendOnly


class Entry(models.Model):
    """Who did what to what, and when. All of it plain values: an entry outlives the people and rows it names."""

    id = models.PositiveBigIntegerField(_("number"), primary_key=True, help_text=_("From 1 up, without a gap."))
    at = models.DateTimeField(_("at"), db_index=True, help_text=_("On the database's clock."))
    action = models.CharField(_("action"), max_length=64)
    actor_id = models.PositiveBigIntegerField(_("person's id"), null=True)
    actor_name = models.CharField(_("person"), max_length=150, blank=True)
    subject_kind = models.CharField(_("kind"), max_length=64, blank=True)
    subject_id = models.CharField(_("id"), max_length=64, blank=True)
    subject_name = models.CharField(_("about"), max_length=200, blank=True)
    details = models.JSONField(_("details"), default=dict)
    previous = models.CharField(_("hash before"), max_length=64, unique=True)
    hash = models.CharField(_("hash"), max_length=64, unique=True)

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering: ClassVar = ["-id"]
        default_permissions = ("view",)
        # Not of a chat's model: that a conversation was read exists only as an entry.
        permissions: ClassVar = [("read_conversation", _("Can read a conversation, giving a reason"))]
        indexes: ClassVar = [
            models.Index(fields=["action", "-id"], name="audit_entry_action"),
            models.Index(Upper("actor_name"), name="audit_entry_actor"),
            models.Index(Upper("subject_name"), name="audit_entry_subject"),
            models.Index(Upper("subject_id"), name="audit_entry_subject_id"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.action}"

    def save(self, *args: Any, **options: Any) -> None:
        if not self._state.adding:
            raise AppendOnly
        super().save(force_insert=True)

    def delete(self, *args: Any, **options: Any) -> NoReturn:
        raise AppendOnly

    def facts(self) -> dict[str, Any]:
        """What is hashed and exported: all fields but the hash itself."""
        return {
            "id": self.pk,
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "action": self.action,
            "actor_id": self.actor_id,
            "actor_name": self.actor_name,
            "subject_kind": self.subject_kind,
            "subject_id": self.subject_id,
            "subject_name": self.subject_name,
            "details": self.details,
            "previous": self.previous,
        }

    def fingerprint(self) -> str:
        """SHA-256 over the facts as JSON: keys sorted, no spaces, ASCII only. docs/audit.md says it to others."""
        canonical = json.dumps(self.facts(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()
