"""Looking at another branch of a conversation, and erasing one."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit import holds, receipts
from conversations import checks, deletion
from conversations.models import Conversation, Message
from conversations.refusals import Refused
from conversations.tree import Node, Tree


@dataclass(frozen=True, slots=True)
class Turned:
    """What is shown from now on: ``way``, which from the message after ``parent`` (None: from the first) is another."""

    conversation: Conversation
    tree: Tree
    way: list[Node]
    parent: UUID | None


@transaction.atomic
def choose(user: User, message_id: UUID) -> Turned:
    """Look at the branch through this message, and find it so when coming back.

    Raises Refused in the trash, Message.DoesNotExist for one that is not the user's.
    """
    conversation, tree = _locked(user, message_id)
    way = tree.through(message_id)
    Conversation.objects.filter(pk=conversation.pk).update(tip=way[-1].id)
    return Turned(conversation, tree, way, _above(tree, message_id))


@transaction.atomic
def erase(user: User, message_id: UUID) -> Turned:
    """Delete a message and all below it; shown is then the version before it, the one after, or what it answered.

    Under a legal hold they are kept, and gone for the person.

    Raises Refused in the trash and while a reply below is written, Message.DoesNotExist for one that is not the user's.
    """
    is_kept = holds.keeps(user.pk)
    conversation, tree = _locked(user, message_id)
    gone = tree.below(message_id)
    if any(node.is_unfinished for node in gone):
        raise Refused("busy", _("A reply is still being written below. Wait for it, or stop it."))
    parent, beside = _above(tree, message_id), _beside(tree, message_id)
    ids = [node.id for node in gone]
    if is_kept:
        deletion.hide_messages(conversation, ids)
    else:
        receipts.give(deletion.delete_messages(ids), receipts.Why.OWNER, whose=user.pk)
    left = Tree(conversation.pk)
    way = left.through(beside) if beside else left.to(parent)
    _forget(conversation, gone, way)
    return Turned(conversation, left, way, parent)


def _locked(user: User, message_id: UUID) -> tuple[Conversation, Tree]:
    """Its conversation, to which nothing is added meanwhile, as it is now."""
    mine = Message.objects.visible_to(user).filter(pk=message_id).values("conversation")
    conversation = Conversation.objects.held().filter(pk__in=mine).first()
    if conversation is None or message_id not in (tree := Tree(conversation.pk)):
        raise Message.DoesNotExist
    checks.check_place(conversation)
    return conversation, tree


def _above(tree: Tree, message: UUID) -> UUID | None:
    """What it answers."""
    above = tree.to(message)[:-1]
    return above[-1].id if above else None


def _beside(tree: Tree, message: UUID) -> UUID | None:
    """The version to look at when it is gone, if there is another."""
    versions = tree.siblings(tree.node(message))
    place = versions.index(message)
    others = (*versions[:place][::-1], *versions[place + 1 :])
    return others[0] if others else None


def _forget(conversation: Conversation, gone: list[Node], way: list[Node]) -> None:
    """The conversation is shorter, and shows something else if it showed what is gone."""
    conversation.length -= len(gone)
    if conversation.tip_id in {node.id for node in gone}:
        conversation.tip_id = way[-1].id if way else None
    Conversation.objects.filter(pk=conversation.pk).update(length=conversation.length, tip=conversation.tip_id)
