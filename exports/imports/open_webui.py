"""Open WebUI's export of chats: a list of chats, each with the tree of its messages in ``chat.history``.

Thoughts and calls of tools stand in its messages as ``<details>``; they become the reasoning of the reply.
"""

import html
import re
from typing import Any

from exports.imports import fields
from exports.imports.bounds import Bounds
from exports.imports.trees import ASSISTANT, UNSEEN, USER, Head, Node, record
from exports.records import Rating, Record

NAME = "open-webui"
PLACES = ("image", "file", "audio", "video")

_END = "</details>"
_DETAILS = re.compile(r'<details type="(reasoning|tool_calls|code_interpreter)"([^<>]*)>(.*?)</details>\n?', re.DOTALL)
_SUMMARY = re.compile(r"<summary>[^<]*</summary>")
_NAME = re.compile(r'\bname="([^"]*)"')
_QUOTED = re.compile(r"^> ?", re.MULTILINE)


def recognises(value: dict[str, Any]) -> bool:
    chat = fields.mapping(value.get("chat", value))
    return isinstance(chat.get("history"), dict) or ("chat" in value and isinstance(chat.get("messages"), list))


def conversation(value: dict[str, Any], bounds: Bounds) -> Record:
    """Raises Unfit."""
    chat = fields.mapping(value.get("chat", value))
    history = fields.mapping(chat.get("history"))
    about = fields.mapping(value.get("meta"))
    head = Head(
        source=NAME,
        id=fields.key(value.get("id") or chat.get("id")),
        title=fields.line(value.get("title") or chat.get("title")),
        tags=fields.names(about.get("tags") or chat.get("tags"), 40),
        created_at=fields.moment(value.get("created_at") or chat.get("timestamp")),
        updated_at=fields.moment(value.get("updated_at")),
        pinned=value.get("pinned") is True,
        archived=value.get("archived") is True,
        instructions=fields.text(fields.mapping(chat.get("params")).get("system"), "system"),
        tip=fields.some_key(history.get("currentId")),
    )
    if messages := fields.mapping(history.get("messages")):
        return record(head, [_node(key, one, None) for key, one in messages.items()], bounds)
    return record(head, _in_a_row(fields.listed(chat.get("messages"))), bounds)


def _in_a_row(messages: list[Any]) -> list[Node]:
    """An older form: what says nothing of whom it answers, answers the one before it."""
    nodes: list[Node] = []
    for number, one in enumerate(messages):
        key = fields.mapping(one).get("id") or str(number)
        nodes.append(_node(key, one, nodes[-1].key if nodes else None))
    return nodes


def _node(key: Any, value: Any, before: str | None) -> Node:
    message = fields.mapping(value)
    name = fields.key(key)
    parent = fields.some_key(message.get("parentId", before))
    role = message.get("role")
    if role not in (USER, ASSISTANT):
        return Node(name, parent, UNSEEN)
    text, reasoning = fields.text(message.get("content"), "content"), ""
    if role == ASSISTANT:
        text, reasoning = _parted(text)
    at, used = fields.moment(message.get("timestamp")), fields.mapping(message.get("usage"))
    state = _state(message)
    return Node(
        name,
        parent,
        role,
        text="\n\n".join(filter(None, (*_files(message), text))),
        reasoning=reasoning,
        at=at,
        ended=fields.moment(message.get("completedAt")) or at,
        model=fields.line(message.get("model") or message.get("modelName"), 100) if role == ASSISTANT else "",
        state=state,
        problem="engine" if state == "failed" else "",
        rating=_rating(fields.mapping(message.get("annotation"))),
        prompt_tokens=fields.whole(used.get("prompt_tokens")),
        completion_tokens=fields.whole(used.get("completion_tokens")),
    )


def _parted(content: str) -> tuple[str, str]:
    """What was said, and what was thought and done before it."""
    before: list[str] = []

    def taken(found: re.Match[str]) -> str:
        kind, attributes, inside = found.groups()
        words = _QUOTED.sub("", html.unescape(_SUMMARY.sub("", inside, count=1))).strip()
        if kind != "reasoning":
            name = _NAME.search(attributes)
            words = f"Call of {html.unescape(name[1]) if name else 'a tool'}:\n\n{words}".strip()
        before.append(words)
        return ""

    end = content.rfind(_END) + len(_END) + 1  # from none of many that are left open the rest is searched for its end
    said = (_DETAILS.sub(taken, content[:end]) + content[end:]).strip() if _END in content else content
    return said, "\n\n".join(filter(None, before))


def _files(message: dict[str, Any]) -> list[str]:
    found = []
    for one in map(fields.mapping, fields.listed(message.get("files"))):
        kind = one.get("type") if one.get("type") in PLACES else "file"
        name = fields.line(one.get("name") or fields.mapping(one.get("file")).get("filename"))
        found.append(f"[{kind}: {name}]" if name else f"[{kind}]")
    return found


def _state(message: dict[str, Any]) -> str:
    if message.get("role") != ASSISTANT:
        return "complete"
    if message.get("error"):
        return "failed"
    return "stopped" if message.get("done") is False else "complete"


def _rating(annotation: dict[str, Any]) -> Rating | None:
    value = annotation.get("rating")
    if value not in (1, -1) or isinstance(value, bool):
        return None
    return Rating(value=int(value), comment=fields.line(annotation.get("comment") or annotation.get("reason"), 1000))
