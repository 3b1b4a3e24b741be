"""How the rest of the product writes to the audit log."""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import models, transaction

from audit import chain
from audit.models import Entry
from audit.plain import plain, text

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

log = logging.getLogger(__name__)


def record(
    action: str,
    *,
    actor: "AbstractBaseUser | AnonymousUser | None" = None,
    subject: object | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Add an entry in the caller's transaction: what is rolled back was not done, and is not in the log.

    ``action`` is dotted words, the thing and then what was done to it: ``policy.changed``. ``subject`` is a model's
    instance or a string. Neither the subject's ``str()`` nor ``details`` may hold what people or models wrote. Entries
    are written one at a time until their transactions end, so record last, after the slow work and the other locks.
    """
    with transaction.atomic():
        end = chain.end()
        entry = Entry(id=end.number + 1, at=end.now, action=action, previous=end.hash, details=plain(details or {}))
        entry.actor_id, entry.actor_name = _actor(actor)
        entry.subject_kind, entry.subject_id, entry.subject_name = _subject(subject)
        entry.hash = entry.fingerprint()
        entry.save()
    # A witness outside the database: who rewrites the table must find all copies of the logs as well.
    transaction.on_commit(lambda: log.info("Audit entry %d %s %s", entry.pk, entry.action, entry.hash))


def _actor(actor: Any) -> tuple[int | None, str]:
    if actor is None or actor.pk is None:
        return None, ""
    return actor.pk, text(actor.get_username(), 150)


def _subject(subject: object | None) -> tuple[str, str, str]:
    if isinstance(subject, models.Model):
        return subject._meta.label, text(subject.pk, 64), text(subject, 200)
    return "", "", "" if subject is None else text(subject, 200)
