"""The way out, the same for a page, a job and a program: who may take what away, and what is taken out of it.

All that leaves passes here. Rules of moderation hold as they are now for the one who asks, not as they were when it was
written; e-mail addresses and phone numbers go by policy, and always from what other people wrote. What is taken out is
marked, and counted in the record (``redactions``); a message's SHA-256 is that of the text that leaves.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from conversations.models import Conversation, Nomination
from conversations.models.conversation import ConversationQuerySet
from conversations.models.nomination import Judgement
from conversations.refusals import Refused
from exports.records import Item, Record
from exports.redaction import EMAIL, PHONE, REMOVED, Span, emails, phones, replaced
from exports.reviewing import may_review
from limits.policies import Limits, limits_of
from moderation.compiling import RuleSet
from moderation.matcher import Action
from moderation.models import Scope
from moderation.rules import rules_for

COUNTED = {REMOVED: "removed", EMAIL: "emails", PHONE: "phones"}
TITLE_CHARACTERS = 80  # of a question, where the conversation's own title may not leave


class Whose(StrEnum):
    """Whose conversations: one's own, everybody's, or of everybody's what reviewers approved."""

    OWN = "own"
    EVERYONE = "everyone"
    APPROVED = "approved"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What may leave for one person in one export. Made anew each time, so that it says what holds then."""

    user: User
    whose: Whose
    approved: bool  # only what reviewers approved, as they left it
    limits: Limits
    prompt_rules: RuleSet
    reply_rules: RuleSet
    regions: tuple[str, ...] = field(default_factory=lambda: tuple(settings.PHONE_REGIONS))

    @classmethod
    def of(cls, user: User, whose: Whose = Whose.OWN, *, approved: bool = False) -> Self:
        """Raises Refused where the person may not. Taking away what others wrote is for the caller to put on record."""
        limits = limits_of(user.pk)
        _check(user, whose, limits)
        approved = approved or whose is Whose.APPROVED
        return cls(user, whose, approved, limits, rules_for(user.pk, Scope.PROMPT), rules_for(user.pk, Scope.REPLY))

    @classmethod
    def of_belongings(cls, user: User) -> Self:
        """A copy of all that a person has here, which no policy on exports keeps from them; the rules hold for it."""
        limits = replace(limits_of(user.pk), may_export_reasoning=True, redact_emails=False, redact_phones=False)
        rules = rules_for(user.pk, Scope.PROMPT), rules_for(user.pk, Scope.REPLY)
        return cls(user, Whose.OWN, approved=False, limits=limits, prompt_rules=rules[0], reply_rules=rules[1])

    @property
    def reasoning(self) -> bool:
        """Whether what the model reasoned may leave; from an approved exchange of somebody else it never does."""
        return self.limits.may_export_reasoning and self.whose is not Whose.APPROVED

    def conversations(self) -> ConversationQuerySet:
        """All that an export may load begins here."""
        chats = Conversation.objects.filter(kind=Conversation.Kind.CHAT)
        found = Conversation.objects.visible_to(self.user) if self.whose is Whose.OWN else chats
        if not self.approved:
            return found
        approved = Nomination.objects.filter(reply__conversation=OuterRef("pk"), state=Judgement.APPROVED)
        return found.filter(Exists(approved), trashed_at=None, gone_at=None)

    def passes(self, record: Record) -> Record | None:
        """The record as it may leave; None when nothing of it may."""
        if self.approved:
            record = replace(record, messages=tuple(_approved(record.messages)))
            if not record.messages:
                return None
        if self.whose is Whose.APPROVED:
            record = _only_exchanges(record)
        if self._is_open:
            return record
        counted: Counter[str] = Counter()
        record = self._redacted(record, counted)
        if self.whose is Whose.APPROVED:
            record = replace(record, title=_beginning(record))
        redactions = {COUNTED[mark]: number for mark, number in counted.items()}
        return replace(record, redactions=redactions) if redactions else record

    @property
    def _is_open(self) -> bool:
        """Whether nothing is taken out, whatever it says."""
        takes = self.limits.redact_emails or self.limits.redact_phones or not self.reasoning
        ruled = self.prompt_rules.matcher or self.reply_rules.matcher
        return self.whose is Whose.OWN and not takes and ruled is None

    def _redacted(self, record: Record, counted: Counter[str]) -> Record:
        told, said = self._taker(self.prompt_rules, counted), self._taker(self.reply_rules, counted)
        instructions = told(record.instructions)
        # Whoever has the rest of a text could guess what was taken out until its hash is right.
        hashed = instructions == record.instructions
        return replace(
            record,
            title=said(record.title),
            folder=said(record.folder) if record.folder else record.folder,
            tags=tuple(map(said, record.tags)),
            instructions=instructions,
            messages=tuple(self._item(item, told, said, hashed=hashed) for item in record.messages),
        )

    def _item(self, item: Item, told: "Taker", said: "Taker", *, hashed: bool) -> Item:
        take = told if item.role == "user" else said
        rating, review = item.rating, item.review
        if rating:  # what its owner wrote about it is for nobody else
            rating = replace(rating, comment=said(rating.comment) if self.whose is Whose.OWN else "")
        if review:
            text, original = said.maybe(review.text), said.maybe(review.original)
            review = replace(review, text=text, original=original, reason=said(review.reason))
        return replace(
            item,
            text=take(item.text),
            reasoning=said(item.reasoning) if self.reasoning else "",
            options=_each_text(item.options, told) if item.options else item.options,
            instructions_sha256=item.instructions_sha256 if hashed else "",
            rating=rating,
            review=review,
        )

    def _taker(self, rules: RuleSet, counted: Counter[str]) -> "Taker":
        others = self.whose is not Whose.OWN
        regions = self.regions if others or self.limits.redact_phones else None
        return Taker(rules, others or self.limits.redact_emails, regions, counted)


@dataclass(frozen=True, slots=True)
class Taker:
    """Takes out of texts what may not leave. ``regions`` None leaves phone numbers where they are."""

    rules: RuleSet
    emails: bool
    regions: tuple[str, ...] | None
    counted: Counter[str]

    def __call__(self, text: str) -> str:
        text, spans = self._by_rules(text)
        if self.emails:
            spans += emails(text)
        if self.regions is not None:
            spans += phones(text, self.regions)
        if not spans:
            return text
        left, found = replaced(text, spans)
        self.counted.update(found)
        return left

    def maybe(self, text: str | None) -> str | None:
        return text if text is None else self(text)

    def _by_rules(self, text: str) -> tuple[str, list[Span]]:
        """What a rule blocks ends the text there, as it would end a reply."""
        if self.rules.matcher is None:
            return text, []
        spans = []
        specs = {spec.id: spec for spec in self.rules.specs}
        for match in self.rules.matcher.find(text):
            spec = specs[match.rule]
            if spec.dry_run or spec.action is Action.FLAG:
                continue
            spans.append(Span(match.start, match.end, REMOVED))
            if spec.action is Action.BLOCK:
                return text[: match.end], spans
        return text, spans


def may_take_others(user: User) -> bool:
    """Whether this person may read, and so export, what others wrote."""
    return bool(settings.ADMINS_READ and user.is_active and user.has_perm("audit.read_conversation"))


def _check(user: User, whose: Whose, limits: Limits) -> None:
    if not (user.is_active and limits.may_export):
        raise Refused("may_not_export", _("You may not export conversations here. Ask an administrator."))
    if whose is Whose.EVERYONE and not may_take_others(user):
        raise Refused("may_not_export_others", _("You may not export what other people wrote."))
    if whose is Whose.APPROVED and not may_review(user):
        raise Refused("may_not_export_others", _("Only reviewers may export what was approved of all people."))


def _approved(items: tuple[Item, ...]) -> Iterator[Item]:
    """Approved replies as reviewers left them and what each answers, in a tree of their own."""
    by_id = {item.id: item for item in items}
    replies = {item.id for item in items if item.review and item.review.state == Judgement.APPROVED}
    kept = replies | {by_id[reply].parent for reply in replies}
    for item in items:
        if item.id in kept:
            yield replace(_as_approved(item) if item.id in replies else item, parent=_above(item, by_id, kept))


def _as_approved(item: Item) -> Item:
    review = item.review
    if review is None or review.text is None:
        return item
    return replace(item, text=review.text, review=replace(review, original=item.text))


def _above(item: Item, by_id: Mapping[UUID, Item], kept: "set[UUID | None]") -> UUID | None:
    """The nearest message above that is kept."""
    above = item.parent
    while above is not None and above not in kept:
        above = by_id[above].parent if above in by_id else None
    return above


def _only_exchanges(record: Record) -> Record:
    """Who marked a reply was told that nothing else of the conversation is shown."""
    bare = replace(record, title="", titled_by="text", folder=None, tags=(), instructions="", tip=None)
    items = (replace(item, options=_without_instructions(item.options)) for item in bare.messages)
    return replace(bare, pinned_at=None, archived_at=None, messages=tuple(items))


def _beginning(record: Record) -> str:
    """Of its first question, as that leaves."""
    asked = next((item.text for item in record.messages if item.role == "user"), "")
    return " ".join(asked.split())[:TITLE_CHARACTERS]


def _without_instructions(options: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    return {name: value for name, value in options.items() if name != "instructions"} if options else options


def _each_text(value: Any, take: Taker) -> Any:
    """The same value, with what may not leave taken out of every text in it."""
    if isinstance(value, str):
        return take(value)
    if isinstance(value, Mapping):
        return {name: _each_text(one, take) for name, one in value.items()}
    return [_each_text(one, take) for one in value] if isinstance(value, list) else value
