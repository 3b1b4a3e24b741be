"""What a page is told of a conversation: its end, what is new below a message, what stands above, another branch."""

import time
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.template.loader import render_to_string

from accounts.models import User
from conversations.branches import Turned
from conversations.models import Conversation, Message
from conversations.refusals import Refused
from conversations.services import Sent
from conversations.states import State
from conversations.tree import Node, Tree

SHOWN = 30  # messages that a page begins with, and that come with each "earlier"
ABOVE_POINTED = 6  # messages before one that somebody comes for
MOST_BELOW = 500  # messages from one that somebody comes for; of more, only the newest are shown at first
MOST_AT_ONCE = 120  # of another branch; of a longer one only its end is shown


@dataclass(frozen=True, slots=True)
class News:
    """A frame with articles, which of the conversation's replies exist and are not finished, and what it took."""

    frame: dict[str, Any]
    replies: frozenset[UUID]
    unfinished: frozenset[UUID]  # of those on the branch that the page shows
    seconds: float  # of a processor


@dataclass(frozen=True, slots=True)
class Piece:
    """Some messages of a branch that follow one another. ``above``: the message before them, where it is left out."""

    messages: list[Message]
    above: UUID | None
    remembered_from: UUID | None

    @classmethod
    def last(cls, tree: Tree, way: list[Node], shown: int = SHOWN) -> "Piece":
        """The end of a branch."""
        above = way[-shown - 1].id if len(way) > shown else None
        return cls(tree.messages(way[-shown:]), above, oldest_read(way))


def page_of(conversation: Conversation, pointed: UUID | None = None) -> Piece:
    """What a person who comes back is shown, or who comes for one message: its branch, from a little above it."""
    tree = Tree(conversation.pk)
    if pointed is None or pointed not in tree:
        return Piece.last(tree, tree.through(conversation.tip_id))
    way = tree.through(pointed)
    below = len(way) - len(tree.to(pointed)) + 1
    return Piece.last(tree, way, min(max(SHOWN, below + ABOVE_POINTED), MOST_BELOW))


def earlier(user: User, conversation_id: UUID, before: UUID) -> Piece:
    """What stands above a message. Raises Conversation.DoesNotExist, or Message.DoesNotExist where it is erased."""
    conversation = Conversation.objects.visible_to(user).only("pk").get(pk=conversation_id)
    tree = Tree(conversation.pk)
    if before not in tree:
        raise Message.DoesNotExist
    way = tree.to(before)[:-1]
    return replace(Piece.last(tree, way), remembered_from=oldest_read(tree.through(before)))


def since(user: User, conversation_id: UUID, after: UUID | None) -> News:
    """What came below a message, on the newest branch that leads through it. Where nobody knows that message (it was
    erased, or none is given), the end of the branch that was last looked at.

    Raises Conversation.DoesNotExist for one that is not the user's.
    """
    began = time.thread_time()
    conversation = Conversation.objects.visible_to(user).get(pk=conversation_id)
    tree = Tree(conversation.pk)
    is_known = after in tree
    way = tree.through(after if is_known else conversation.tip_id)
    if is_known:
        piece = Piece(tree.messages(way[len(tree.to(after)) :]), None, oldest_read(way))
    else:
        piece = Piece.last(tree, way)
    frame = {**_frame("messages", conversation, piece, tree, way), "whole": not is_known}
    return News(frame, tree.replies(), _unfinished(way), time.thread_time() - began)


def turned(to: Turned) -> News:
    """The ``branch`` frame."""
    began = time.thread_time()
    new = to.way[len(to.tree.to(to.parent)) :]
    is_long = len(new) > MOST_AT_ONCE
    piece = Piece.last(to.tree, to.way) if is_long else Piece(to.tree.messages(new), None, oldest_read(to.way))
    parent = None if is_long else to.parent
    frame = {**_frame("branch", to.conversation, piece, to.tree, to.way), "parent": str(parent) if parent else None}
    return News(frame, to.tree.replies(), _unfinished(to.way), time.thread_time() - began)


def oldest_read(way: list[Node]) -> UUID | None:
    """The oldest message of a branch that the model read for the newest reply it began there; None: it read all."""
    begun = (node for node in reversed(way) if node.role == Message.Role.ASSISTANT and node.state != State.QUEUED)
    if (newest := next(begun, None)) is None:
        return None
    position = Message.objects.filter(pk=newest.id).values_list("remembered_from", flat=True).first()
    return next((node.id for node in way if node.position == position), None)


def _frame(kind: str, conversation: Conversation, piece: Piece, tree: Tree, way: list[Node]) -> dict[str, Any]:
    article = "conversations/message.html"
    return {
        "type": kind,
        "conversation": str(conversation.pk),
        "title": conversation.title,
        "html": "".join(render_to_string(article, {"message": message}) for message in piece.messages),
        "above": str(piece.above) if piece.above else None,
        "siblings": {str(one): list(map(str, versions)) for one, versions in tree.forks(way).items()},
        "remembered_from": str(piece.remembered_from) if piece.remembered_from else None,
    }


def _unfinished(way: list[Node]) -> frozenset[UUID]:
    return frozenset(node.id for node in way if node.is_unfinished)


def refused_frame(client_id: str, no: Refused) -> dict[str, Any]:
    """The ``refused`` frame."""
    said = {"code": no.code, "detail": str(no.detail), "allowed": no.allowed}
    return {"type": "refused", "client_id": client_id, **said, **no.more}


def sent_frame(client_id: str, sent: Sent) -> dict[str, Any]:
    """The ``sent`` frame."""
    conversation = sent.conversation
    frame = {
        "type": "sent",
        "client_id": client_id,
        "conversation": {
            "id": str(conversation.pk),
            "title": conversation.title,
            "url": conversation.url,
            "folder": conversation.folder_id,
        },
        "message": str(sent.message),
        "reply": str(sent.reply),
        "first": sent.first,
    }
    beside = str(sent.beside) if sent.beside else None
    more = {"text": sent.text, "draft": sent.draft, "beside": beside, "cursor": sent.cursor}
    return frame | {name: value for name, value in more.items() if value is not None}
