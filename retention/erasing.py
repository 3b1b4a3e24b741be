"""Deleting a person: all that is theirs, in the order in which it hangs together, and a receipt of it.

What stays: the ledger's rows without a name, the audit log, incidents without a name or a word, the team's prompts.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiKey, Invitation, User
from accounts.sessions import end_all
from audit import holds, receipts
from audit.models import Receipt
from audit.receipts import Gone, Why
from conversations import deletion
from conversations.models import Conversation, Draft, Folder, Message, Preset, SavedPrompt, Tag
from conversations.services import stop
from limits.models import Policy, Restraint, Usage
from moderation.models import Incident, Note
from retention.models import DataCopy, Rule

AT_ONCE = 200  # conversations in a transaction, each with a receipt of its own


class Stays(Exception):  # noqa: N818 - an answer to who asks, not a fault
    """The account is not deleted, at least not now; ``str()`` is a sentence for people."""


def check(user: User) -> None:
    """Raises Stays for the last owner, and while a legal hold is on them."""
    if is_last_owner(user):
        raise Stays(_("You are the last owner of this site. Make another person an owner first."))
    _check_free(user)


@transaction.atomic
def _check_free(user: User) -> None:
    if holds.keeps(user.pk):
        raise Stays(_("A legal hold is on this person: nothing of theirs is deleted."))


def is_last_owner(user: User) -> bool:
    """Whether nobody would be an owner without this person."""
    return user.is_superuser and not User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk).exists()


def erase(user: User, *, by: User | None, receipt: UUID | None = None) -> Receipt:
    """Delete the account and all that is theirs. Raises Stays, also while a worker still writes for them."""
    check(user)
    User.objects.filter(pk=user.pk).update(is_active=False)  # nothing new comes
    end_all(user, stops=False)
    _stop_all(user)
    while ids := list(Conversation.objects.filter(owner=user).order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        _conversations(user, ids)
    return _rest(user, by, receipt)


def _stop_all(user: User) -> None:
    unfinished = Message.objects.replies().unfinished().filter(conversation__owner=user)
    for pk, kind, gone in unfinished.values_list("pk", "conversation__kind", "conversation__gone_at"):
        if gone is None:
            stop(user, pk, kind)
    if unfinished.exists():
        raise Stays(_("A reply is still being written for them. Try again in a moment."))


@transaction.atomic
def _conversations(user: User, ids: list[UUID]) -> None:
    _check_free(user)
    list(Conversation.objects.filter(pk__in=ids).held())
    receipts.give(deletion.delete(ids), Why.ACCOUNT, whose=user.pk)


@transaction.atomic
def _rest(user: User, by: User | None, receipt: UUID | None) -> Receipt:
    _check_free(user)
    gone = Gone()
    for copy in DataCopy.objects.filter(owner=user):
        transaction.on_commit(copy.remove_files)
    _anonymous(user, gone)
    for rows in _owned(user):
        gone.add(str(rows.model._meta.model_name), rows.values_list("pk", flat=True))
        rows.delete()
    gone.add("account", [user.pk])
    pk = user.pk
    user.delete()
    return receipts.give(gone, Why.ACCOUNT, whose=pk, by=by, pk=receipt)


def _anonymous(user: User, gone: Gone) -> None:
    """What counts stays, without who it was and without a word of theirs."""
    mine = Incident.objects.filter(user=user)
    gone.add("note", Note.objects.filter(incident__in=mine).values_list("pk", flat=True))
    gone.add("words of an incident", mine.values_list("pk", flat=True))
    gone.add("name in the ledger", Usage.objects.filter(user=user).values_list("pk", flat=True))
    Note.objects.filter(incident__in=mine).delete()
    mine.update(user_name="", excerpt="", said="", appeal="", user=None)


def _owned(user: User) -> "Iterator[QuerySet[Any]]":
    yield Draft.objects.filter(owner=user)
    yield SavedPrompt.objects.filter(owner=user, is_team=False)
    yield Preset.objects.filter(owner=user, is_team=False)
    yield Tag.objects.filter(owner=user)
    yield Folder.objects.filter(owner=user)
    yield ApiKey.objects.filter(user=user)
    yield DataCopy.objects.filter(owner=user)
    yield Rule.objects.filter(user=user)
    yield Policy.objects.filter(user=user)
    yield Restraint.objects.filter(user=user)
    yield EmailAddress.objects.filter(user=user)
    yield Invitation.objects.filter(Q(accepted_by=user) | (Q(email__iexact=user.email) if user.email else Q()))
