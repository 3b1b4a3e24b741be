"""The messages of a conversation are a tree, and this is the only place that walks it.

Editing a question and asking again put a message beside another: both answer the same one, they are siblings. A branch
is the way from the first message to one that nothing answers. Positions rise along every branch.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from conversations.models import Conversation, Message
from conversations.states import UNFINISHED

MANY = 500  # messages that are not asked for one by one

_NODES = (  # written out: Django takes several times as long to make the ids as the database to find them
    f"SELECT id, parent_id, position, role, state FROM {Message._meta.db_table}"  # noqa: S608 - no input in it
    " WHERE conversation_id = %s ORDER BY position"
)


_MEASURES = (  # of a branch, from its last message up
    "WITH RECURSIVE branch (parent, characters) AS ("  # noqa: S608 - no input in it
    f"SELECT parent_id, LENGTH(text) FROM {Message._meta.db_table} WHERE id = %s"
    f" UNION ALL SELECT one.parent_id, LENGTH(one.text) FROM {Message._meta.db_table} AS one"
    " JOIN branch ON one.id = branch.parent) SELECT COUNT(*), SUM(characters) FROM branch"
)


class Node(NamedTuple):
    """A message without its text. The ids are as the database has them."""

    key: Any
    parent: Any
    position: int
    role: str
    state: str

    @property
    def id(self) -> UUID:
        return _uuid(self.key)

    @property
    def is_unfinished(self) -> bool:
        return self.state in UNFINISHED


class Tree:
    """All messages of a conversation, without their texts. One query."""

    def __init__(self, conversation_id: UUID) -> None:
        self._conversation = conversation_id
        with connection.cursor() as cursor:
            cursor.execute(_NODES, [_key(conversation_id)])
            self._nodes = {row[0]: Node(*row) for row in cursor.fetchall()}
        self._children: defaultdict[Any, list[Any]] = defaultdict(list)
        self._newest: dict[Any, Any] = {}  # of each message (None: of all), the newest at or below it: always a leaf
        for key, parent, *_rest in self._nodes.values():
            self._children[parent].append(key)
        for key, parent, *_rest in reversed(self._nodes.values()):
            self._newest.setdefault(parent, self._newest.setdefault(key, key))

    def __contains__(self, message: UUID | None) -> bool:
        return message is not None and _key(message) in self._nodes

    def node(self, message: UUID) -> Node:
        """Raises KeyError for one that is not of this conversation."""
        return self._nodes[_key(message)]

    def nodes(self) -> list[Node]:
        """All of them, in the order in which they were saved."""
        return list(self._nodes.values())

    def at(self, position: int) -> UUID | None:
        """The message at this position."""
        return next((node.id for node in self._nodes.values() if node.position == position), None)

    def to(self, message: UUID | None) -> list[Node]:
        """From the first message to this one."""
        return self._up(_key(message))

    def through(self, message: UUID | None) -> list[Node]:
        """The branch that leads through this message and on to the newest below it; without one, to the newest."""
        key = _key(message)
        return self._up(self._newest.get(key if key in self._nodes else None))

    def below(self, message: UUID) -> list[Node]:
        """This message and all that answers it, directly or not."""
        found = [_key(message)]
        for key in found:  # it grows meanwhile
            found += self._children.get(key, ())
        return [self._nodes[key] for key in found]

    def siblings(self, node: Node) -> tuple[UUID, ...]:
        """The messages that answer the same one, this among them, oldest first."""
        return tuple(_uuid(key) for key in self._children[node.parent])

    def forks(self, branch: Iterable[Node]) -> dict[UUID, tuple[UUID, ...]]:
        """The siblings of those that have any but themselves."""
        return {node.id: self.siblings(node) for node in branch if len(self._children[node.parent]) > 1}

    def replies(self) -> frozenset[UUID]:
        return frozenset(node.id for node in self._nodes.values() if node.role == Message.Role.ASSISTANT)

    def messages(self, nodes: Sequence[Node]) -> list[Message]:
        """The messages, in order, each with its siblings. One query."""
        if not nodes:
            return []
        wanted = {node.key for node in nodes}
        rows = Message.objects.filter(conversation=self._conversation).select_related("rating", "nomination")
        if len(nodes) <= MANY:
            rows = rows.filter(pk__in=[node.id for node in nodes])
        found = [row for row in rows.order_by("position") if _key(row.pk) in wanted]
        for message in found:
            self._place(message)
        return found

    def _place(self, message: Message) -> None:
        key = _key(message.pk)
        beside = self._children[self._nodes[key].parent]
        message.sibling_index, message.sibling_count = beside.index(key) + 1, len(beside)
        message.sibling_ids = tuple(_uuid(one) for one in beside)

    def _up(self, key: Any) -> list[Node]:
        found = []
        while key is not None:
            found.append(self._nodes[key])
            key = found[-1].parent
        return found[::-1]


def branch(conversation: Conversation, tip: UUID | None = None) -> list[Message]:
    """The messages of the branch through ``tip``, in order, each with its siblings. Two queries.

    Without a tip it is what a person who comes back is shown: the branch that was last written or looked at.
    """
    tree = Tree(conversation.pk)
    return tree.messages(tree.through(tip or conversation.tip_id))


def everything(conversation: Conversation) -> list[Message]:
    """All messages of all branches, in the order in which they were saved, each with its siblings."""
    tree = Tree(conversation.pk)
    return tree.messages(tree.nodes())


def length(last: Message | None) -> int:
    """How many messages a branch has that ends with this one."""
    return _measures(last)[0]


def characters(last: Message | None) -> int:
    """How many characters they have."""
    return _measures(last)[1]


def _measures(last: Message | None) -> tuple[int, int]:
    if last is None:
        return 0, 0
    with connection.cursor() as cursor:
        cursor.execute(_MEASURES, [_key(last.pk)])
        messages, letters = cursor.fetchone()
    return messages, letters or 0


def _key(message: UUID | None) -> Any:
    return None if message is None else Message._meta.pk.get_db_prep_value(message, connection)


def _uuid(key: Any) -> UUID:
    return key if isinstance(key, UUID) else UUID(key)
