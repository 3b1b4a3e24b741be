"""ChatGPT's export: ``conversations.json``, a list of conversations, each a tree of nodes under ``mapping``.

Nodes that its page hides (the system's, a person's profile) are passed over. What the model did on its way to an answer
(thoughts, calls of tools and what they gave) becomes the reasoning of the reply; pictures, recordings and files are
named where they were. The format has no published description; this reads what exports of 2023 to 2026 have in them.
"""

import re
from typing import Any

from exports.imports import fields
from exports.imports.bounds import Bounds
from exports.imports.refusals import Unfit
from exports.imports.trees import ASSISTANT, UNSEEN, USER, Head, Node, record
from exports.records import Record

NAME = "chatgpt"
HIDDEN = frozenset({"user_editable_context", "model_editable_context", "reasoning_recap", "system_error"})
KINDS = {
    "image_asset_pointer": "image",
    "audio_asset_pointer": "audio",
    "video_container_asset_pointer": "video",
    "real_time_user_audio_video_asset_pointer": "recording",
}
UNFINISHED = frozenset({"max_tokens", "length"})
_CITATION = re.compile("\ue200[^\ue200\ue201]*\ue201")  # where its page shows a source


def recognises(value: dict[str, Any]) -> bool:
    return isinstance(value.get("mapping"), dict)


def conversation(value: dict[str, Any], bounds: Bounds) -> Record:
    """Raises Unfit."""
    usual = fields.line(value.get("default_model_slug"), 100)
    created = fields.moment(value.get("create_time"))
    head = Head(
        source=NAME,
        id=fields.key(value.get("conversation_id") or value.get("id")),
        title=fields.line(value.get("title")),
        created_at=created,
        updated_at=fields.moment(value.get("update_time")),
        pinned=value.get("is_starred") is True,
        archived=value.get("is_archived") is True,
        tip=fields.some_key(value.get("current_node")),
    )
    nodes = [_node(key, node, usual) for key, node in value["mapping"].items()]
    return record(head, nodes, bounds, joined=True)


def _node(key: str, value: Any, usual: str) -> Node:
    node = fields.mapping(value)
    message = fields.mapping(node.get("message"))
    about, content = fields.mapping(message.get("metadata")), fields.mapping(message.get("content"))
    author = fields.mapping(message.get("author"))
    name, parent = fields.key(key), fields.some_key(node.get("parent"))
    kind, role = fields.line(content.get("content_type")), author.get("role")
    is_hidden = about.get("is_visually_hidden_from_conversation") is True or kind in HIDDEN
    if is_hidden or role not in (USER, ASSISTANT, "tool"):
        return Node(name, parent, UNSEEN)
    text, reasoning = _said(role, message, content)
    if role == USER:
        text = "\n\n".join(filter(None, (*_attached(about), text)))
    at = fields.moment(message.get("create_time"))
    return Node(
        name,
        parent,
        USER if role == USER else ASSISTANT,
        text=text,
        reasoning=reasoning,
        at=at,
        ended=fields.moment(message.get("update_time")) or at,
        model="" if role == USER else fields.line(about.get("model_slug"), 100) or usual,
        state=_state(message, about),
    )


def _said(role: Any, message: dict[str, Any], content: dict[str, Any]) -> tuple[str, str]:
    """What is shown of a node, and what of it was on the way to that."""
    text = _text(content)
    if content.get("content_type") == "thoughts":
        return "", text
    recipient = message.get("recipient")
    if role == ASSISTANT and isinstance(recipient, str) and recipient not in ("all", ""):
        return "", _block(f"Call of {fields.line(recipient)}:", text) if text else ""
    if role == "tool":
        if content.get("content_type") == "multimodal_text":  # a picture it made
            return text, ""
        name = fields.line(fields.mapping(message.get("author")).get("name"))
        return "", _block(f"Result of {name or 'a tool'}:", text) if text else ""
    return text, ""


def _text(content: dict[str, Any]) -> str:
    kind = content.get("content_type")
    if kind == "code":
        language = fields.line(content.get("language"), 20)
        return _block("", fields.text(content.get("text")), "" if language == "unknown" else language)
    if kind == "thoughts":
        thoughts = map(fields.mapping, fields.listed(content.get("thoughts")))
        return "\n\n".join(filter(None, map(_thought, thoughts)))
    if "parts" in content:
        return "\n\n".join(filter(None, map(_part, fields.listed(content.get("parts")))))
    said = [fields.text(content.get(name), name) for name in ("title", "url", "text", "result", "summary")]
    return _CITATION.sub("", "\n".join(filter(None, said)))


def _thought(thought: dict[str, Any]) -> str:
    parts = (fields.text(thought.get("summary")), fields.text(thought.get("content")))
    return "\n\n".join(filter(None, parts))


def _part(part: Any) -> str:
    if isinstance(part, str):
        return _CITATION.sub("", fields.text(part))
    about = fields.mapping(part)
    kind = fields.line(about.get("content_type") or about.get("type"), 60)
    if not about:
        raise Unfit("field", field="parts", expected="parts")
    if kind in ("audio_transcription", "text"):
        return fields.text(about.get("text"))
    pointer = fields.line(about.get("asset_pointer") or about.get("name"))
    return f"[{KINDS.get(kind, kind) or 'attachment'}: {pointer.rpartition('/')[2]}]" if pointer else f"[{kind}]"


def _attached(about: dict[str, Any]) -> list[str]:
    found = map(fields.mapping, fields.listed(about.get("attachments")))
    return [f"[file: {name}]" for one in found if (name := fields.line(one.get("name")))]


def _block(before: str, text: str, language: str = "") -> str:
    """A block of code whose fence is longer than any in it."""
    if text.startswith("```"):
        return f"{before}\n{text}".strip()
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", text)), 3)
    return f"{before}\n{fence}{language}\n{text}\n{fence}".strip()


def _state(message: dict[str, Any], about: dict[str, Any]) -> str:
    ending = fields.line(fields.mapping(about.get("finish_details")).get("type"))
    if ending in UNFINISHED:
        return "cut"
    return "stopped" if message.get("status") == "in_progress" or ending == "interrupted" else "complete"
