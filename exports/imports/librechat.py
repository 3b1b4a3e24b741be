"""LibreChat's export of one conversation as JSON, recursive (``messagesTree``) or flat (``messages``)."""

from collections.abc import Iterator
from typing import Any

from exports.imports import fields
from exports.imports.bounds import Bounds
from exports.imports.trees import ASSISTANT, USER, Head, Node, record
from exports.records import Rating, Record

NAME = "librechat"
NO_PARENT = "00000000-0000-0000-0000-000000000000"
RATINGS = {"thumbsUp": 1, "thumbsDown": -1}


def recognises(value: dict[str, Any]) -> bool:
    is_tree = isinstance(value.get("messagesTree"), list)
    return is_tree or ("conversationId" in value and isinstance(value.get("messages"), list))


def conversation(value: dict[str, Any], bounds: Bounds) -> Record:
    """Raises Unfit."""
    options = fields.mapping(value.get("options"))
    nodes = list(_flat(value["messagesTree"]) if "messagesTree" in value else _in_a_row(value["messages"]))
    times = [node.at for node in nodes if node.at]
    head = Head(
        source=NAME,
        id=fields.key(value.get("conversationId")),
        title=fields.line(value.get("title")),
        tags=fields.names(value.get("tags"), 40),
        created_at=min(times, default=None),
        updated_at=max(times, default=None),
        instructions=fields.text(options.get("promptPrefix") or options.get("system"), "promptPrefix"),
    )
    return record(head, nodes, bounds)


def _flat(tree: Any) -> Iterator[Node]:
    """Messages that have what answers them inside of themselves, parents first."""
    waiting: list[tuple[Any, str | None]] = [(one, None) for one in reversed(fields.listed(tree))]
    while waiting:
        one, parent = waiting.pop()
        node = _node(one, parent)
        yield node
        children = fields.listed(fields.mapping(one).get("children"))
        waiting += [(child, node.key) for child in reversed(children)]


def _in_a_row(messages: Any) -> Iterator[Node]:
    """What says nothing of whom it answers, answers the one before it."""
    before: str | None = None
    for one in fields.listed(messages):
        parent = fields.mapping(one).get("parentMessageId", before)
        node = _node(one, None if parent in (NO_PARENT, None, "") else fields.key(parent))
        yield node
        before = node.key


def _node(value: Any, parent: str | None) -> Node:
    message = fields.mapping(value)
    is_users = message.get("isCreatedByUser") is True
    text, reasoning = _said(message)
    state = "complete"
    if not is_users and message.get("error") is True:
        state = "failed"
    elif not is_users and message.get("unfinished") is True:
        state = "stopped"
    elif not is_users and message.get("finish_reason") == "length":
        state = "cut"
    at = fields.moment(message.get("createdAt"))
    return Node(
        fields.key(message.get("messageId")),
        parent,
        USER if is_users else ASSISTANT,
        text="\n\n".join(filter(None, (*_files(message), text))),
        reasoning=reasoning,
        at=at,
        ended=fields.moment(message.get("updatedAt")) or at,
        model="" if is_users else fields.line(message.get("model") or message.get("sender"), 100),
        state=state,
        problem="engine" if state == "failed" else "",
        rating=_rating(fields.mapping(message.get("feedback"))),
        completion_tokens=0 if is_users else fields.whole(message.get("tokenCount")),
    )


def _said(message: dict[str, Any]) -> tuple[str, str]:
    """Newer messages are lists of parts; ``text`` is what older ones have."""
    said: list[str] = []
    thought: list[str] = []
    for part in map(fields.mapping, fields.listed(message.get("content"))):
        kind = part.get("type")
        if kind == "think":
            thought.append(_words(part.get("think")))
        elif kind == "tool_call":
            thought.append(_called(fields.mapping(part.get("tool_call"))))
        elif kind in ("text", "error"):
            said.append(_words(part.get(kind, part.get("text"))))
        elif isinstance(kind, str):
            said.append(f"[{fields.line(kind, 60).removesuffix('_url').removesuffix('_file')}]")
    text = "\n\n".join(filter(None, said)) or fields.text(message.get("text"))
    return text, "\n\n".join(filter(None, thought))


def _words(value: Any) -> str:
    return fields.text(value["value"] if isinstance(value, dict) and "value" in value else value)


def _called(call: dict[str, Any]) -> str:
    inside = fields.mapping(call.get("function")) or call
    name = fields.line(inside.get("name")) or "a tool"
    asked = inside.get("args", inside.get("arguments"))
    parts = [f"Call of {name}:", asked if isinstance(asked, str) else "", inside.get("output")]
    return fields.text("\n\n".join(part for part in parts if isinstance(part, str) and part))


def _files(message: dict[str, Any]) -> list[str]:
    found = map(fields.mapping, fields.listed(message.get("files")))
    return [f"[file: {name}]" for one in found if (name := fields.line(one.get("filename")))]


def _rating(feedback: dict[str, Any]) -> Rating | None:
    rating = feedback.get("rating")
    value = RATINGS.get(rating) if isinstance(rating, str) else None
    return Rating(value=value, comment=fields.line(feedback.get("text"), 1000)) if value else None
