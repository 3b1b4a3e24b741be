"""The messages of another program's conversation, as a tree of ours: who answers whom, and in which order."""

import heapq
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from exports.imports.bounds import LONGEST, MB, Bounds
from exports.imports.refusals import Unfit
from exports.records import Item, Rating, Record

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
NAMESPACE = uuid5(NAMESPACE_URL, "chatsite/imports")
APART = "\n\n"  # between texts that become one
STEPS = 20  # how often each message may be part of another one, on an average

USER, ASSISTANT, UNSEEN = "user", "assistant", ""


@dataclass(frozen=True, slots=True)
class Node:
    """A message as the other program has it. Of role ``UNSEEN`` is what nobody was shown: others take its place."""

    key: str
    parent: str | None
    role: str
    text: str = ""
    reasoning: str = ""
    at: datetime | None = None
    ended: datetime | None = None
    model: str = ""
    state: str = "complete"
    problem: str = ""
    rating: Rating | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0

    @property
    def is_seen(self) -> bool:
        return self.role != UNSEEN and bool(self.text or self.reasoning or self.state != "complete")


@dataclass(frozen=True, slots=True)
class Head:
    """A conversation of another program without its messages. ``tip`` is the id of a message there."""

    source: str
    id: str
    title: str = ""
    folder: str | None = None
    tags: tuple[str, ...] = ()
    created_at: datetime | None = None
    updated_at: datetime | None = None
    pinned: bool = False
    archived: bool = False
    instructions: str = ""
    tip: str | None = None


@dataclass(slots=True)
class _Path:
    """Nodes that are one message: the last of them, and those before it."""

    key: str  # of the first that no other message has
    node: Node
    answers: "_Path | None"
    before: "_Path | None" = None

    def nodes(self) -> list[Node]:
        found, at = [self.node], self.before
        while at is not None:
            found.append(at.node)
            at = at.before
        return found[::-1]


def record(head: Head, nodes: Iterable[Node], bounds: Bounds, *, joined: bool = False) -> Record:
    """A conversation as we keep it. ``joined``: what the model said in several steps is one reply. Raises Unfit."""
    paths, became = _Tree(nodes).paths(joined=joined)
    if not paths:
        raise Unfit("nothing")
    if len(paths) > bounds.messages:
        raise Unfit("too_many_messages", allowed=bounds.messages)
    pk = uuid5(NAMESPACE, f"{head.source}:{head.id}")
    items = _Items(pk, head, bounds).made(paths)
    began = head.created_at or items[0].created_at
    known = [at for one in items if (at := one.finished_at or one.created_at)]
    ended = head.updated_at or max(known, default=began)
    return Record(
        id=pk,
        title=head.title,
        titled_by="model" if head.title else "text",
        folder=head.folder,
        tags=head.tags,
        created_at=began,
        updated_at=ended,
        pinned_at=ended if head.pinned else None,
        archived_at=ended if head.archived else None,
        instructions=head.instructions,
        tip=uuid5(pk, became[head.tip]) if head.tip in became else None,
        messages=items,
    )


class _Tree:
    """Nodes by their ids, parents before what answers them. Raises Unfit for a circle, or one id twice."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self._nodes: dict[str, Node] = {}
        for node in nodes:
            if node.key in self._nodes:
                raise Unfit("twice", id=node.key[:80])
            self._nodes[node.key] = node
        self._seen: dict[str | None, str | None] = {None: None}  # of each node, itself or the nearest above it
        self._answers: defaultdict[str | None, list[Node]] = defaultdict(list)  # of those that are seen
        for node in self._from_the_roots():
            above = self._seen[node.parent if node.parent in self._nodes else None]
            self._seen[node.key] = node.key if node.is_seen else above
            if node.is_seen:
                self._answers[above].append(node)
        if len(self._seen) <= len(self._nodes):
            raise Unfit("circle")

    def _from_the_roots(self) -> Iterator[Node]:
        children: defaultdict[str | None, list[Node]] = defaultdict(list)
        for node in self._nodes.values():
            children[node.parent if node.parent in self._nodes else None].append(node)
        waiting: deque[str | None] = deque([None])
        while waiting:
            for node in children.get(waiting.popleft(), ()):
                yield node
                waiting.append(node.key)

    def paths(self, *, joined: bool) -> tuple[list[_Path], dict[str, str]]:
        """The messages, parents first, and the key of the message that each node is in."""
        told: list[_Path] = []
        at: dict[str, _Path] = {}
        waiting: deque[_Path | None] = deque([None])
        while waiting:
            above = waiting.popleft()
            answers = sorted(self._answers.get(above.node.key if above else None, ()), key=_age)
            going_on = [one for one in answers if joined and _goes_on(above, one)]
            is_told = len(going_on) < len(answers) or not answers
            if above and is_told:
                told.append(above)
            has_key = is_told  # whether the key is of a message, or of one of these
            for one in answers:
                path = _Path(one.key, one, above)
                if above and joined and _goes_on(above, one):
                    path = _Path(one.key if has_key else above.key, one, above.answers, above)
                    has_key = True
                at[one.key] = path
                waiting.append(path)
        became = {key: at[seen].key for key, seen in self._seen.items() if key is not None and seen is not None}
        return told, became


def _goes_on(above: _Path | None, node: Node) -> bool:
    return above is not None and node.role == above.node.role == ASSISTANT


def _age(node: Node) -> datetime:
    return node.at or EARLIEST


class _Items:
    """Messages as we keep them, made from paths."""

    def __init__(self, conversation: UUID, head: Head, bounds: Bounds) -> None:
        self._conversation, self._head, self._bounds = conversation, head, bounds
        self._steps = STEPS * bounds.messages  # and characters: branches of one reply share what is before them
        self._characters = bounds.conversation

    def made(self, paths: list[_Path]) -> tuple[Item, ...]:
        """In the order in which they were said, each after the one that it answers."""
        items: dict[str, Item] = {}
        answers: defaultdict[str | None, list[str]] = defaultdict(list)
        for path in paths:  # parents first
            above = items.get(path.answers.key) if path.answers else None
            items[path.key] = self._item(path, above)
            answers[path.answers.key if path.answers else None].append(path.key)
        order = {key: number for number, key in enumerate(items)}
        found: list[Item] = []
        heap = [(items[key].created_at or EARLIEST, order[key], key) for key in answers[None]]
        heapq.heapify(heap)
        while heap:
            *_age, key = heapq.heappop(heap)
            found.append(replace(items[key], position=len(found)))
            for one in answers[key]:
                heapq.heappush(heap, (items[one].created_at or EARLIEST, order[one], one))
        return tuple(found)

    def _item(self, path: _Path, above: Item | None) -> Item:
        nodes = path.nodes()
        first, last = nodes[0], nodes[-1]
        is_reply = last.role == ASSISTANT
        return Item(
            id=uuid5(self._conversation, path.key),
            position=0,
            role=last.role,
            text=self._joined([node.text for node in nodes]),
            parent=above.id if above else None,
            reasoning=self._joined([node.reasoning for node in nodes]) if is_reply else "",
            state=last.state if is_reply else "complete",
            problem=last.problem,
            created_at=first.at or (above.created_at if above else self._head.created_at),
            finished_at=(last.ended or last.at) if is_reply else None,
            model=next((node.model for node in reversed(nodes) if node.model), "") if is_reply else "",
            engine=self._head.source if is_reply else "",
            rating=last.rating if is_reply else None,
            prompt_tokens=last.prompt_tokens,
            completion_tokens=last.completion_tokens,
        )

    def _joined(self, texts: list[str]) -> str:
        self._steps -= len(texts)
        text = APART.join(filter(None, texts))
        self._characters -= len(text)
        if self._steps < 0:
            raise Unfit("too_many_messages", allowed=self._bounds.messages)
        if self._characters < 0:
            raise Unfit("too_large", allowed=self._bounds.conversation // MB)
        if len(text) > LONGEST:
            raise Unfit("too_long", allowed=LONGEST)
        return text
