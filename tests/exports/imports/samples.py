"""Exports of other programs, made by ourselves: small, and with what these programs are known to write."""

import json
from typing import Any

NO_PARENT = "00000000-0000-0000-0000-000000000000"


def gpt_message(role: str, content: dict[str, Any], at: float | None = 1_700_000_000.0, **more: Any) -> dict[str, Any]:
    """A message of ChatGPT. ``more``: ``metadata``, ``recipient``, ``status``, ``name`` of a tool."""
    return {
        "author": {"role": role, "name": more.pop("name", None), "metadata": {}},
        "create_time": at,
        "update_time": None,
        "content": content,
        "status": "finished_successfully",
        "weight": 1.0,
        "metadata": {},
        "recipient": "all",
        **more,
    }


def said(*parts: Any) -> dict[str, Any]:
    kind = "text" if all(isinstance(part, str) for part in parts) else "multimodal_text"
    return {"content_type": kind, "parts": list(parts)}


def gpt(nodes: dict[str, tuple[str | None, dict[str, Any] | None]], **more: Any) -> dict[str, Any]:
    """A conversation of ChatGPT: of each node, its parent and its message."""
    children = {key: [one for one, (parent, _message) in nodes.items() if parent == key] for key in nodes}
    mapping = {
        key: {"id": key, "message": message and {"id": key, **message}, "parent": parent, "children": children[key]}
        for key, (parent, message) in nodes.items()
    }
    return {
        "title": "Penguins",
        "create_time": 1_700_000_000.25,
        "update_time": 1_700_000_900.5,
        "mapping": mapping,
        "moderation_results": [],
        "current_node": list(nodes)[-1],
        "conversation_id": "6a1f0000-0000-8000-8000-000000000001",
        "is_archived": False,
        "is_starred": None,
        "default_model_slug": "gpt-5",
        **more,
    }


def chatgpt() -> dict[str, Any]:
    """With hidden nodes, thoughts, a tool, a picture, and a reply that was asked for again."""
    shown = {"metadata": {"model_slug": "gpt-5-thinking"}}
    return gpt(
        {
            "root": (None, None),
            "system": (
                "root",
                gpt_message("system", said(""), None, metadata={"is_visually_hidden_from_conversation": True}),
            ),
            "profile": (
                "system",
                gpt_message("user", {"content_type": "user_editable_context", "user_profile": "secret"}),
            ),
            "q1": (
                "profile",
                gpt_message(
                    "user",
                    said(
                        {"content_type": "image_asset_pointer", "asset_pointer": "file-service://file-Xy1"},
                        "How many penguins?",
                    ),
                    1_700_000_001,
                    metadata={"attachments": [{"name": "count.csv"}]},
                ),
            ),
            "think": (
                "q1",
                gpt_message(
                    "assistant",
                    {"content_type": "thoughts", "thoughts": [{"summary": "Counting", "content": "One, two."}]},
                    1_700_000_002,
                    **shown,
                ),
            ),
            "recap": (
                "think",
                gpt_message(
                    "assistant", {"content_type": "reasoning_recap", "content": "Thought for 3s"}, 1_700_000_003
                ),
            ),
            "call": (
                "recap",
                gpt_message(
                    "assistant",
                    {"content_type": "code", "language": "python", "text": "len(birds)"},
                    1_700_000_004,
                    recipient="python",
                ),
            ),
            "tool": (
                "call",
                gpt_message("tool", {"content_type": "execution_output", "text": "7"}, 1_700_000_005, name="python"),
            ),
            "a1": (
                "tool",
                gpt_message("assistant", said("Seven \ue200cite\ue202turn0\ue201penguins."), 1_700_000_006, **shown),
            ),
            "a1b": (
                "q1",
                gpt_message(
                    "assistant", said("Eight."), 1_700_000_050, metadata={"finish_details": {"type": "max_tokens"}}
                ),
            ),
            "q2": ("a1", gpt_message("user", said("Sure?"), 1_700_000_060)),
            "a2": ("q2", gpt_message("assistant", said("Yes."), 1_700_000_061)),
        }
    )


def open_webui() -> dict[str, Any]:
    """With thoughts, a tool, tags, a rating, and two answers of two models to one question."""
    thought = (
        '<details type="reasoning" done="true" duration="3">\n<summary>Thought for 3 seconds</summary>\n'
        "&gt; 2 &lt; 3\n</details>\n"
    )
    called = (
        '<details type="tool_calls" done="true" name="weather">\n<summary>Tool Executed</summary>\n18 C\n</details>\n'
    )
    messages: dict[str, Any] = {
        "m1": {
            "id": "m1",
            "parentId": None,
            "childrenIds": ["m2", "m3"],
            "role": "user",
            "content": "Is 2 < 3?",
            "timestamp": 1_700_000_000,
            "files": [{"type": "file", "name": "sums.pdf"}],
        },
        "m2": {
            "id": "m2",
            "parentId": "m1",
            "childrenIds": [],
            "role": "assistant",
            "content": thought + called + "Yes.",
            "model": "deepseek-r1:8b",
            "timestamp": 1_700_000_005,
            "done": True,
            "annotation": {"rating": 1, "comment": "quick"},
            "usage": {"prompt_tokens": 12, "completion_tokens": 34},
        },
        "m3": {
            "id": "m3",
            "parentId": "m1",
            "childrenIds": ["m4"],
            "role": "assistant",
            "content": "It is.",
            "model": "llama3.1:latest",
            "timestamp": 1_700_000_006,
        },
        "m4": {
            "id": "m4",
            "parentId": "m3",
            "childrenIds": ["m5"],
            "role": "user",
            "content": "Why?",
            "timestamp": 1_700_000_020,
        },
        "m5": {
            "id": "m5",
            "parentId": "m4",
            "childrenIds": [],
            "role": "assistant",
            "content": "",
            "error": {"content": "boom"},
            "model": "llama3.1:latest",
            "timestamp": 1_700_000_021,
        },
    }
    chat = {
        "id": "",
        "title": "Sums",
        "models": ["llama3.1:latest"],
        "params": {"system": "Be brief."},
        "history": {"currentId": "m5", "messages": messages},
        "messages": [],
        "tags": [],
    }
    about = {"archived": True, "pinned": True, "meta": {"tags": ["maths", "school"]}, "folder_id": None}
    return {
        "id": "0a9d2f7c-1111-4222-8333-444455556666",
        "user_id": "u1",
        "title": "Sums",
        "chat": chat,
        "created_at": 1_700_000_000,
        "updated_at": 1_700_000_100,
        **about,
    }


def libre_message(key: str, parent: str, text: str, *, user: bool = False, **more: Any) -> dict[str, Any]:
    return {
        "messageId": key,
        "parentMessageId": parent,
        "conversationId": "c1",
        "text": text,
        "sender": "User" if user else "GPT-4o",
        "isCreatedByUser": user,
        "createdAt": f"2024-05-0{key[-1]}T10:00:00.000Z",
        "updatedAt": f"2024-05-0{key[-1]}T10:00:01.500Z",
        **more,
    }


def librechat(*, recursive: bool = False) -> dict[str, Any]:
    """With parts of a newer message, a rating, and a question that was edited."""
    parts = [
        {"type": "think", "think": "Hm."},
        {"type": "tool_call", "tool_call": {"name": "search", "args": '{"q":"sea"}', "output": "wet"}},
        {"type": "text", "text": {"value": "The sea."}},
        {"type": "image_file", "image_file": {}},
    ]
    messages = [
        libre_message("l1", NO_PARENT, "What is wet?", user=True),
        libre_message(
            "l2", "l1", "", content=parts, model="gpt-4o", feedback={"rating": "thumbsDown", "text": "too short"}
        ),
        libre_message("l3", NO_PARENT, "What is very wet?", user=True),
        libre_message("l4", "l3", "The oc", model="gpt-4o", unfinished=True),
    ]
    head = {
        "conversationId": "b7e0",
        "endpoint": "openAI",
        "title": "Wet",
        "exportAt": "10:00:00 GMT",
        "branches": True,
        "recursive": recursive,
        "options": {"model": "gpt-4o", "promptPrefix": "Be exact."},
    }
    if not recursive:
        return {**head, "messages": messages}
    tree = [{**one, "children": [{**answer, "children": []}]} for one, answer in (messages[:2], messages[2:])]
    return {**head, "messagesTree": tree}


def dumped(*conversations: dict[str, Any]) -> bytes:
    """A list, as these programs write it."""
    return json.dumps(list(conversations), ensure_ascii=False).encode()


def in_lines(*conversations: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in conversations)


def native() -> dict[str, Any]:
    """Our own: one question and a rated reply."""
    at = "2026-03-0{}T08:00:00.000001Z"
    blank: dict[str, Any] = {
        "continues": None,
        "engine": "",
        "finished_at": None,
        "inherited_tokens": 0,
        "instructions_sha256": "",
        "max_tokens": None,
        "model": "",
        "moderation": [],
        "options": None,
        "problem": "",
        "rating": None,
        "reasoning": "",
        "reasoning_ms": None,
        "remembered_from": None,
        "review": None,
        "started_at": None,
        "state": "complete",
        "ttft_ms": None,
        "prompt_tokens": 0,
        "completion_tokens": 0,
    }
    question = {
        **blank,
        "id": "00000000-0000-4000-8000-00000000000a",
        "position": 0,
        "parent": None,
        "role": "user",
        "text": "When is the tide?",
        "created_at": at.format(1),
    }
    reply = {
        **blank,
        "id": "00000000-0000-4000-8000-00000000000b",
        "position": 1,
        "parent": question["id"],
        "role": "assistant",
        "text": "At noon.",
        "reasoning": "The moon.",
        "created_at": at.format(1),
        "started_at": at.format(2),
        "finished_at": at.format(3),
        "model": "tiny",
        "engine": "vllm 0.11.2",
        "options": {"temperature": 0.5, "stop": ["END"]},
        "ttft_ms": 120,
        "prompt_tokens": 9,
        "completion_tokens": 4,
        "rating": {"value": -1, "reasons": ["wrong"], "comment": "It was not.", "at": at.format(4)},
    }
    return {
        "format": "chatsite/conversation",
        "version": 1,
        "id": "00000000-0000-4000-8000-000000000001",
        "title": "Tides",
        "titled_by": "person",
        "owner": "alice",
        "folder": "Sea",
        "tags": ["moon"],
        "created_at": at.format(1),
        "updated_at": at.format(3),
        "pinned_at": None,
        "archived_at": None,
        "instructions": "Be exact.",
        "parameters": {"model": "", "temperature": None, "top_p": 0.9, "max_tokens": None, "effort": ""},
        "tip": reply["id"],
        "messages": [question, reply],
    }


def without(conversation: dict[str, Any], *keys: str) -> dict[str, Any]:
    """A conversation of ChatGPT as it was earlier."""
    mapping = {
        key: {**node, "children": [one for one in node["children"] if one not in keys]}
        for key, node in conversation["mapping"].items()
        if key not in keys
    }
    return {**conversation, "mapping": mapping, "current_node": list(mapping)[-1], "update_time": 1_700_000_500}
