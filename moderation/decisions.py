"""What moderators do with incidents, each in the audit log. Of two who decide at once, one wins.

Whatever is locked is locked before the first entry is written: who writes one holds the log until the transaction ends,
and must not wait for somebody who waits for the log.
"""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from audit import log as audit
from moderation import lists
from moderation.models import Decision, Incident, Note, Rule

NOTE_CHARS = 4000

_ACTIONS = {
    Decision.CONFIRMED: "incident.confirmed",
    Decision.DISMISSED: "incident.dismissed",
    Decision.FALSE_POSITIVE: "incident.false_positive",
    Decision.OPEN: "incident.reopened",
}


class DecidedMeanwhile(Exception):  # noqa: N818 - an answer to a moderator, not a fault
    """Somebody else decided since the page was read."""


@transaction.atomic
def decide(incident: Incident, decision: Decision, by: Any) -> None:
    """Decide as the incident was when it was read. Raises DecidedMeanwhile."""
    row = Incident.objects.filter(pk=incident.pk, state=incident.state)
    decided = None if decision == Decision.OPEN else by
    if not row.update(state=decision, decided_by=decided, decided_at=Now() if decided else None):
        raise DecidedMeanwhile
    before = incident.state
    incident.refresh_from_db()
    _audit(_ACTIONS[decision], incident, by, before=before)


@transaction.atomic
def decide_all(ids: Collection[UUID], decision: Decision, by: Any) -> list[Incident]:
    """Decide those of these that are open; returns them."""
    rows = Incident.objects.filter(pk__in=ids, state=Decision.OPEN).select_for_update()
    found = list(rows.order_by("pk"))
    rows.filter(pk__in=[one.pk for one in found]).update(state=decision, decided_by=by, decided_at=Now())
    for one in found:
        _audit(_ACTIONS[decision], one, by, before=Decision.OPEN.value)
    return found


@transaction.atomic
def switch_off(incident: Incident, by: Any) -> None:
    """A false positive of a rule that is no good: the rule goes off."""
    rule = Rule.objects.without_words().get(pk=incident.rule or 0)
    rule.enabled, rule.changed_by = False, by
    rule.save(update_fields=["enabled", "changed_by", "changed_at"])
    decide(incident, Decision.FALSE_POSITIVE, by)
    audit.record("rule.switched_off", actor=by, subject=rule, details={"incident": str(incident.pk)})


@transaction.atomic
def make_exception(incident: Incident, words: str, by: Any) -> None:
    """A false positive of a good rule: what is part of these words is no longer found.

    Raises ValidationError for words that cannot be an exception.
    """
    rule = Rule.objects.select_for_update().get(pk=incident.rule or 0)
    rule.exceptions = "\n".join([*rule.exceptions.splitlines(), lists.written(_kept(words.strip()))])
    rule.changed_by = by
    rule.clean()
    rule.save(update_fields=["exceptions", "changed_by", "changed_at"])
    decide(incident, Decision.FALSE_POSITIVE, by)
    audit.record("rule.exception_added", actor=by, subject=rule, details={"incident": str(incident.pk)})


@transaction.atomic
def assign(ids: Collection[UUID], to: Any, by: Any) -> int:
    """Give these to somebody, or to nobody (None); how many there were."""
    found = list(Incident.objects.filter(pk__in=ids).exclude(assigned_to=to).order_by("pk"))
    Incident.objects.filter(pk__in=[one.pk for one in found]).update(assigned_to=to)
    for one in found:
        _audit("incident.assigned", one, by, to=to.get_username() if to else "")
    return len(found)


@transaction.atomic
def note(incident: Incident, text: str, by: Any) -> Note | None:
    """Add what a moderator has to say; None when that is nothing."""
    said = _kept(text.strip()[:NOTE_CHARS])
    if not said:
        return None
    added = incident.notes.create(by=by, text=said)
    _audit("incident.noted", incident, by)
    return added


def _kept(text: str) -> str:
    """PostgreSQL stores no NUL."""
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _audit(action: str, incident: Incident, by: Any, **details: str) -> None:
    named = {"rule": incident.rule, "person": incident.user_name}
    audit.record(action, actor=by, subject=incident, details={**named, **details})
