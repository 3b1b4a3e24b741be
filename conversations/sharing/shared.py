"""The side of who reads a share: what they see, and going on from there in a conversation of their own.

A share that expired, was revoked or never was, one for others, one whose owner left or may no longer share: all are
``Share.DoesNotExist``, so that nobody learns which. What is shown passes the reader's own rules for replies as they are
now, not as they were when it was written: a rule that is added holds for what was shared before.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from conversations import markdown
from conversations.checks import CHARACTERS_A_TOKEN, over_limit
from conversations.models import Conversation, Message, Share
from conversations.problems import sentence
from conversations.refusals import Refused
from conversations.states import State
from limits import restraints
from limits.models import Restraint
from limits.policies import Limits, limits_of
from limits.refusals import too_many
from moderation.matcher import Matcher
from moderation.models import Scope
from moderation.rules import matcher_for

MOST_LISTED = 100
MOST_BEGUN = 10  # conversations that change within a minute: after as many, nobody begins another from a share


@dataclass(frozen=True)
class Part:
    """One message of a snapshot, as this reader may see it."""

    role: str
    text: str
    at: datetime
    reasoning: str = ""
    model: str = ""
    state: str = State.COMPLETE.value
    problem: str = ""

    @cached_property
    def html(self) -> SafeString:
        return markdown.render(self.text)

    @cached_property
    def reasoning_html(self) -> SafeString:
        return markdown.render(self.reasoning)

    @property
    def detail(self) -> str:
        return sentence(self.state, self.problem)


@dataclass(frozen=True)
class Shared:
    """A share as this reader may see it."""

    share: Share
    title: str
    parts: tuple[Part, ...]

    @property
    def models(self) -> list[str]:
        return list(dict.fromkeys(part.model for part in self.parts if part.model))


def read(user: User, token: str) -> Shared:
    """What this person reads there. Raises Share.DoesNotExist."""
    share = Share.objects.readable_by(user).select_related("owner").get(token=token)
    if not limits_of(share.owner_id).may_share:
        raise Share.DoesNotExist
    matcher = matcher_for(user.pk, Scope.REPLY)
    parts = tuple(_screened(_part(one), matcher) for one in share.messages)
    return Shared(share, _title(share.title, matcher), parts)


def carry_on(user: User, token: str, client_id: UUID) -> Conversation:
    """A conversation of this person that begins with what they read there; the same one for the same ``client_id``.

    Raises Share.DoesNotExist, or Refused where it would not fit the person's own limits or rules.
    """
    shared = read(user, token)
    known = Conversation.objects.visible_to(user).filter(client_id=client_id).first()
    if known:
        return known
    if any(one.kind == Restraint.Kind.SUSPEND for one in restraints.now_on(user.pk)):
        raise Refused("suspended", _("You cannot send messages at present: your account is suspended."))
    _check_pace(user)
    _check_room(shared.parts, limits_of(user.pk))
    parts = _as_their_own(user, shared.parts)
    try:
        return _begin(user, shared.title, parts, client_id)
    except IntegrityError:  # the form was sent twice at one moment
        return Conversation.objects.visible_to(user).get(client_id=client_id)


def shared_with(user: User) -> list[Share]:
    """What others show this person now, the newest first; titles as they may be shown, without the snapshots."""
    found = Share.objects.open().meant_for(user).select_related("owner").defer("messages").order_by("-pk")
    may: dict[int, bool] = {}
    matcher = matcher_for(user.pk, Scope.REPLY)
    listed = []
    for share in found[:MOST_LISTED]:
        owner = share.owner_id
        if may.setdefault(owner, limits_of(owner).may_share if owner not in may else False):
            share.title = _title(share.title, matcher)
            listed.append(share)
    return listed


def _part(kept: dict[str, Any]) -> Part:
    return Part(**{**kept, "at": datetime.fromisoformat(kept["at"])})


def _screened(part: Part, matcher: Matcher | None) -> Part:
    if matcher is None:
        return part
    text, reasoning = matcher.screen(part.text), matcher.screen(part.reasoning)
    shown = replace(part, text=text.text, reasoning=reasoning.text)
    return replace(shown, state=State.BLOCKED.value, problem="") if text.blocked or reasoning.blocked else shown


def _title(title: str, matcher: Matcher | None) -> str:
    screened = matcher.screen(title) if matcher else None
    if screened is None:
        return title
    return gettext("Shared conversation") if screened.blocked else screened.text


def _check_pace(user: User) -> None:
    """Refuse one who fills the database: each copy is half a million characters at most."""
    lately = Conversation.objects.visible_to(user).filter(updated_at__gt=timezone.now() - timedelta(minutes=1))
    if lately.count() >= MOST_BEGUN:
        raise over_limit(too_many(MOST_BEGUN, None, slowed=False))


def _check_room(parts: Sequence[Part], limits: Limits) -> None:
    """Refuse what the person could not go on with: their next message would be refused."""
    turns, tokens = limits.conversation_turns, limits.conversation_tokens
    if turns is not None and len(parts) >= 2 * turns:
        detail = _("This conversation has more than the %(allowed)d turns that you may have.")
        raise Refused("conversation_full", detail % {"allowed": turns}, turns)
    read = sum(len(part.text) for part in parts) // CHARACTERS_A_TOKEN
    if tokens is not None and read > tokens:
        detail = _("This conversation has about %(has)d tokens; %(allowed)d are allowed.")
        raise Refused("conversation_full", detail % {"has": read, "allowed": tokens}, tokens)


def _as_their_own(user: User, parts: Iterable[Part]) -> list[Part]:
    """The same, once the person's rules for messages were asked: the model reads what another wrote as if they had.

    Nothing goes on record, for they wrote nothing of it.
    """
    matcher = matcher_for(user.pk, Scope.PROMPT)
    found = []
    for part in parts:
        if matcher and part.role == Message.Role.USER:
            screened = matcher.screen(part.text)
            if screened.blocked:
                raise Refused("blocked", _("You cannot go on from here: a rule of this site forbids a message in it."))
            found.append(replace(part, text=screened.text))
        else:
            found.append(part)
    return found


@transaction.atomic
def _begin(user: User, title: str, parts: Sequence[Part], client_id: UUID) -> Conversation:
    """Without tokens or times: the person was charged for none of it, and no figure should count it again."""
    by = Conversation.Titled.PERSON
    talk = Conversation.objects.create(owner=user, client_id=client_id, title=title, titled_by=by, length=len(parts))
    rows: list[Message] = []
    for position, part in enumerate(parts):
        said = {name: getattr(part, name) for name in ("role", "text", "reasoning", "model", "state", "problem")}
        rows.append(Message(conversation=talk, position=position, parent=rows[-1] if rows else None, **said))
    Message.objects.bulk_create(rows)
    talk.tip = rows[-1]
    talk.save(update_fields=["tip"])
    return talk
