"""What can be shown later. The audit log's rows carry the hash of the one before, so that none can change or go without
notice; holds say whose things must stay, receipts what went.
"""

import hashlib
import json
import uuid
from collections.abc import Iterator
from datetime import UTC
from typing import Any, ClassVar, NoReturn

from django.conf import settings
from django.db import models
from django.db.models.functions import Now, Upper
from django.utils.translation import gettext_lazy as _

from audit.words import words

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

    @property
    def done(self) -> str:
        """The action in words."""
        return words(self.action)

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


def while_it_holds(collector: Any, field: Any, rows: Any, using: str) -> None:
    """Whoever is under a hold stays, whoever would delete them; one that was lifted goes with its person."""
    models.CASCADE(collector, field, rows.filter(lifted_at__isnull=False), using)
    if held := rows.filter(lifted_at=None):
        models.PROTECT(collector, field, held, using)


class Hold(models.Model):
    """A legal hold: until it is lifted nothing of this person's is deleted, by anybody; ``audit.holds`` asks for it."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, while_it_holds, related_name="holds", verbose_name=_("person"), db_index=False
    )
    reason = models.CharField(_("reason"), max_length=500)
    since = models.DateTimeField(_("since"), db_default=Now())
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by"))
    lifted_at = models.DateTimeField(_("lifted at"), null=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("lifted by")
    )

    class Meta:
        verbose_name = _("legal hold")
        verbose_name_plural = _("legal holds")
        ordering: ClassVar = ["-since", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user"], condition=models.Q(lifted_at=None), name="audit_hold_one_a_person")
        ]
        indexes: ClassVar = [models.Index(fields=["user", "lifted_at"], name="audit_hold_of_a_person")]

    def __str__(self) -> str:
        return f"hold {self.pk}"


class Withheld(models.Model):
    """What a person under a hold deleted, where its row had to go: its fields, until the hold is lifted."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("person"))
    kind = models.CharField(_("kind"), max_length=64)
    fields = models.JSONField()
    at = models.DateTimeField(_("when"), db_default=Now())

    class Meta:
        verbose_name = _("withheld row")
        verbose_name_plural = _("withheld rows")

    def __str__(self) -> str:
        return f"withheld {self.pk}"


class Receipt(models.Model):
    """That something was deleted: how much of what, and a sum over its ids. Never a word of it, nor a name."""

    class Why(models.TextChoices):
        OWNER = "owner", _("by its owner")
        TRASH = "trash", _("out of the trash, by its age")
        RULE = "rule", _("by a retention rule")
        ACCOUNT = "account", _("with the account")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    at = models.DateTimeField(_("when"), db_default=Now(), db_index=True)
    why = models.CharField(_("why"), max_length=7, choices=Why)
    rule = models.BigIntegerField(_("rule"), null=True)
    whose = models.PositiveBigIntegerField(_("person's id"), null=True, db_index=True)
    counts = models.JSONField(_("deleted"), default=dict)
    digest = models.CharField(_("SHA-256"), max_length=64, help_text=_("Over lines of a kind and an id, sorted."))

    class Meta:
        verbose_name = _("receipt of deletion")
        verbose_name_plural = _("receipts of deletion")
        ordering: ClassVar = ["-at"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"receipt {self.pk}"
