"""What reviewers do with replies that people marked for the knowledge base, each in the audit log without a word of it.

A text that was edited is a row of its own and the reply stays as the model wrote it. Of two who decide at once one
wins: each says which version they saw, and nobody replaces what they did not see.
"""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now, Substr
from django.utils.translation import gettext as _

from audit.log import record
from conversations.models import Edit, Nomination
from conversations.models.nomination import Judgement, NominationQuerySet
from conversations.refusals import Refused

MAY_REVIEW = "conversations.review_nomination"
MOST_CHARACTERS = 300_000  # of a text
EXCERPT = 140  # characters of a question and a reply in the queue

_ACTIONS = {
    Judgement.APPROVED: "nomination.approved",
    Judgement.DECLINED: "nomination.declined",
    Judgement.NOMINATED: "nomination.edited",  # without a decision, or the decision taken back
}


class ChangedMeanwhile(Exception):  # noqa: N818 - an answer to a reviewer, not a fault
    """Somebody else changed it since the page was read."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reviewer decides: ``seen`` is the version that was on their page, ``text`` what the reply is to say."""

    state: Judgement
    seen: int
    text: str
    reason: str = ""


def may_review(user: Any) -> bool:
    """Whether this person is shown what others marked."""
    return bool(user.is_active and user.has_perm(MAY_REVIEW))


def queue(user: Any, state: str = "") -> NominationQuerySet:
    """What a reviewer may see, the newest first, each with the beginnings of question and reply; for others nothing."""
    if not may_review(user):
        return Nomination.objects.none()
    found = Nomination.objects.shown().filter(Q(state=state) if state in Judgement.values else Q())
    found = found.select_related("decided_by", "reply__conversation__owner")
    texts = ("text", "reasoning", "conversation__instructions")
    found = found.defer(*(f"reply__{name}" for name in texts))
    return found.annotate(
        asked=Substr("reply__parent__text", 1, EXCERPT), said=Substr("reply__text", 1, EXCERPT)
    ).order_by("-at", "-pk")


def exchange(user: Any, pk: int) -> Nomination:
    """One, with its reply and what that answers. Raises Nomination.DoesNotExist where there is none for this person."""
    if not may_review(user):
        raise Nomination.DoesNotExist
    whole = Nomination.objects.shown().select_related("reply__parent", "reply__conversation__owner", "decided_by")
    return whole.defer("reply__reasoning", "reply__conversation__instructions").get(pk=pk)


def edits(nomination: Nomination) -> QuerySet[Edit]:
    """All its texts but the model's own, the oldest first."""
    return nomination.edits.select_related("by").order_by("number")


def text_of(nomination: Nomination) -> str:
    """What it says now: the newest edit, or what the model wrote."""
    newest = nomination.edits.order_by("-number").first()
    return newest.text if newest else nomination.reply.text


@transaction.atomic
def decide(user: Any, pk: int, verdict: Verdict) -> Nomination:
    """Keep the decision, and the text if it is another. Raises ChangedMeanwhile, Refused, Nomination.DoesNotExist."""
    nomination = exchange(user, pk)
    text, reason = _kept(verdict.text), _kept(verdict.reason).strip()
    _check(verdict.state, text, reason)
    is_open = verdict.state == Judgement.NOMINATED
    changed = Nomination.objects.filter(pk=nomination.pk, version=verdict.seen).update(
        version=F("version") + 1,
        state=verdict.state,
        reason=reason if verdict.state == Judgement.DECLINED else "",
        decided_by=None if is_open else user,
        decided_at=None if is_open else Now(),
    )
    if not changed:
        raise ChangedMeanwhile
    before = text_of(nomination)
    number = nomination.edits.count()
    if text != before:
        number += 1
        Edit.objects.create(nomination=nomination, number=number, text=text, by=user)
    _audit(user, nomination, verdict.state, edited=text != before, number=number)
    nomination.refresh_from_db(fields=["state", "reason", "decided_by", "decided_at", "version"])
    return nomination


def _check(state: Judgement, text: str, reason: str) -> None:
    if not text.strip():
        raise Refused("empty", _("A reply cannot be empty. To leave it out, decline it."))
    if len(text) > MOST_CHARACTERS:
        detail = _("This text has %(has)d characters; %(allowed)d are allowed.")
        raise Refused("too_long", detail % {"has": len(text), "allowed": MOST_CHARACTERS}, MOST_CHARACTERS)
    if state == Judgement.DECLINED and not reason:
        raise Refused("no_reason", _("Say why: who marked it reads that."))
    longest = Nomination._meta.get_field("reason").max_length or 0
    if len(reason) > longest:
        detail = _("A reason has at most %(allowed)d characters; this one has %(has)d.")
        raise Refused("long_reason", detail % {"has": len(reason), "allowed": longest}, longest)


def _kept(text: str) -> str:
    """A form sends two characters for the end of a line; PostgreSQL stores no NUL."""
    return text.replace("\r\n", "\n").replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _audit(user: Any, nomination: Nomination, state: Judgement, **told: Any) -> None:
    owner = nomination.reply.conversation.owner
    whose = {"owner": owner.get_username(), "owner_id": owner.pk, "reply": str(nomination.reply_id)}
    record(_ACTIONS[state], actor=user, subject=nomination, details={**whose, "before": nomination.state, **told})
