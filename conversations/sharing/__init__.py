"""The verbs of who shares: show a conversation to others as it is now, list what is shown, take it back.

A share is a snapshot, a copy of its own. What makes all shares of a person stop (their account is switched off, their
policy says no, the conversation is in the trash) is asked at each reading, in ``conversations.sharing.shared``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, Value
from django.db.models.functions import Concat, Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit import holds
from audit.log import record
from conversations.models import Conversation, Message, Share
from conversations.models.share import ShareQuerySet
from conversations.refusals import Refused
from conversations.tree import Tree
from limits import restraints
from limits.models import Restraint
from limits.policies import limits_of

LASTS_DAYS = (1, 7, 30)  # or for ever
MOST_PEOPLE = 50  # of one share
MOST_OPEN = 200  # shares of one person
MOST_CHARACTERS = 500_000  # of one share: its page is rendered whole
SUGGESTED = 8  # people
KEPT_AFTER = timedelta(days=30)  # a share that is over stays in the lists for so long


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants to show to whom. ``people`` are names or addresses; None of them: everyone who signs in.

    ``tip`` is the newest message of the branch that is on their page, ``days`` None is for ever.
    """

    people: tuple[str, ...] | None
    days: int | None = None
    with_reasoning: bool = False
    tip: UUID | None = None


def share(user: User, conversation_id: UUID, wish: Wish) -> Share:
    """Make a snapshot. Raises Refused, or Conversation.DoesNotExist for one that is not the user's, or in the trash."""
    check_may_share(user)
    conversation = Conversation.objects.visible_to(user).get(pk=conversation_id, trashed_at=None)
    if Share.objects.visible_to(user).open().count() >= MOST_OPEN:
        detail = _("You share %(allowed)d conversations already. Revoke one first.")
        raise Refused("too_many_shares", detail % {"allowed": MOST_OPEN}, MOST_OPEN)
    people = None if wish.people is None else people_named(user, wish.people)
    messages = _snapshot(conversation, wish)
    return _saved(user, conversation, wish, messages, people)


def check_may_share(user: User) -> None:
    """Refuse one whose policy does not let them, or who is suspended."""
    if not limits_of(user.pk).may_share:
        raise Refused("may_not_share", _("You may not share conversations here. Ask an administrator."))
    if any(one.kind == Restraint.Kind.SUSPEND for one in restraints.now_on(user.pk)):
        raise Refused("suspended", _("You cannot share anything at present: your account is suspended."))


def people_named(user: User, names: Sequence[str]) -> list[User]:
    """The active people of these names or addresses. Raises Refused, which says who is not found."""
    wanted = {name.strip().lower(): name.strip() for name in names if name.strip()}
    if not wanted or len(wanted) > MOST_PEOPLE:
        detail = _("Choose one person at least, and at most %(allowed)d.")
        raise Refused("people", detail % {"allowed": MOST_PEOPLE}, MOST_PEOPLE)
    others = User.objects.filter(is_active=True).exclude(pk=user.pk)
    found = {name: list(others.filter(Q(username__iexact=name) | Q(email__iexact=name))[:2]) for name in wanted}
    # Two: one person's name is another's address. Nobody is shown what was meant for somebody else.
    if unknown := [wanted[name] for name, people in found.items() if len(people) != 1]:
        detail = _("There is no colleague called %(names)s.")
        raise Refused("unknown_people", detail % {"names": ", ".join(unknown)}, more={"unknown": unknown})
    return list({people[0].pk: people[0] for people in found.values()}.values())


def colleagues(user: User, beginning: str) -> list[User]:
    """Active people whose name begins so, a few of them."""
    both, together = Concat("first_name", Value(" "), "last_name"), Concat("last_name", "first_name")
    named = User.objects.annotate(both=both, together=together)
    fields = ("username", "both", "last_name", "together")
    begins = Q(*((f"{field}__istartswith", beginning) for field in fields), _connector=Q.OR)
    return list(named.filter(begins, is_active=True).exclude(pk=user.pk).order_by("username")[:SUGGESTED])


def revoke(user: User, share_id: int) -> None:
    """Take it back. Raises Share.DoesNotExist for one that is not the user's. Done again, it changes nothing."""
    end(Share.objects.visible_to(user).get(pk=share_id), by=user)


@transaction.atomic
def end(share: Share, *, by: User) -> bool:
    """Revoke, by whoever may. The snapshot goes at once: nothing brings it back. A legal hold keeps it unread.

    False when it was revoked before.
    """
    row = Share.objects.filter(pk=share.pk, revoked_at=None)
    kept: dict[str, Any] = {} if holds.keeps(share.owner_id) else {"messages": []}
    if not row.update(revoked_at=Now(), **kept):
        return False
    whose = {"owner": share.owner.get_username(), "owner_id": share.owner_id}
    record("share.revoked", actor=by, subject=share, details={**whose, "conversation": str(share.conversation_id)})
    return True


def of(user: User) -> ShareQuerySet:
    """What a person shares, and shared within the last month, the newest first; without the snapshots."""
    return Share.objects.visible_to(user).defer("messages").prefetch_related("people").order_by("-pk")


def forget() -> int:
    """Remove shares that have been over for a month; how many there were."""
    long_ago = timezone.now() - KEPT_AFTER
    over = Share.objects.filter(Q(revoked_at__lt=long_ago) | Q(expires_at__lt=long_ago))
    removed, _of_what = over.exclude(owner__in=holds.people()).delete()
    return removed


def _snapshot(conversation: Conversation, wish: Wish) -> list[dict[str, Any]]:
    """The messages of the branch up to the last finished one."""
    messages: list[dict[str, Any]] = []
    for message in _branch(conversation, wish.tip):
        if not message.is_final:
            break
        messages.append(_copied(message, with_reasoning=wish.with_reasoning))
    if not messages:
        raise Refused("nothing_to_share", _("There is nothing to share yet: wait for the end of the first reply."))
    characters = sum(len(one["text"]) + len(one.get("reasoning", "")) for one in messages)
    if characters > MOST_CHARACTERS:
        detail = _("This conversation has %(has)d characters; %(allowed)d can be shared at once.")
        raise Refused("too_long", detail % {"has": characters, "allowed": MOST_CHARACTERS}, MOST_CHARACTERS)
    return messages


def _branch(conversation: Conversation, tip: UUID | None) -> list[Message]:
    """What the page shows, not what others have written below it since."""
    tree = Tree(conversation.pk)
    if tip is None:
        return tree.messages(tree.through(conversation.tip_id))
    if tip not in tree:
        raise Refused("stale", _("This conversation changed on another page. Reload it, then share it."))
    return tree.messages(tree.to(tip))


def _copied(message: Message, *, with_reasoning: bool) -> dict[str, Any]:
    copied = {"role": message.role, "text": message.text, "at": message.created_at.isoformat()}
    if message.role == Message.Role.USER:
        return copied
    copied |= {"model": message.model, "state": message.state, "problem": message.problem}
    return copied | ({"reasoning": message.reasoning} if with_reasoning and message.reasoning else {})


@transaction.atomic
def _saved(
    user: User, conversation: Conversation, wish: Wish, messages: list[dict[str, Any]], people: list[User] | None
) -> Share:
    made = Share.objects.create(
        owner=user,
        conversation=conversation,
        title=conversation.title,
        messages=messages,
        audience=Share.Audience.TEAM if people is None else Share.Audience.PEOPLE,
        expires_at=timezone.now() + timedelta(days=wish.days) if wish.days else None,
    )
    made.people.set(people or ())
    names = {"people": sorted(one.get_username() for one in people)} if people else {}
    told = {"audience": made.audience, "expires": made.expires_at, "conversation": str(conversation.pk), **names}
    record("share.created", actor=user, subject=made, details=told)
    return made
