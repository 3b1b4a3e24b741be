"""The ``messages`` of a request: instructions, what was said before, and what is asked now."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from conversations.api.errors import wrong
from conversations.api.fields import Body, missing, stored
from inference.protocol import Turn

MOST = 2_000
ROLES = ("system", "developer", "user", "assistant")
INSTRUCTING = frozenset({"system", "developer"})
UNREAD = ("tool_calls", "function_call", "audio")  # of a message; they would change what it says
APART = "\n\n"  # between texts that become one


@dataclass(frozen=True, slots=True)
class Said:
    """What the system says, wherever it stood, is one text; so is what one says twice in a row, also around a message
    that says nothing."""

    instructions: str
    earlier: tuple[Turn, ...]
    question: str


def read(body: Body) -> Said:
    """Raises ApiError, which names the message that was wrong."""
    given = body.get("messages")
    if given is None:
        raise missing("messages")
    if not isinstance(given, list) or not 1 <= len(given) <= MOST:
        raise wrong("messages", f"messages must be a list of 1 to {MOST} messages.")
    read = [_message(message, f"messages[{index}]") for index, message in enumerate(given)]
    told = [text for role, text in read if role in INSTRUCTING]
    said = [(role, text) for role, text in read if role not in INSTRUCTING]
    if not said or said[-1][0] != "user":
        raise wrong("messages", "The last message must be of the role user.")
    *earlier, question = _turns([*(one for one in said[:-1] if one[1].strip()), said[-1]])
    return Said(_joined(told).strip(), tuple(earlier), question.text)


def _turns(said: list[tuple[str, str]]) -> Iterator[Turn]:
    """One of each who speaks in turn: a model's template may refuse two in a row of one role."""
    for role, messages in groupby(said, key=itemgetter(0)):
        yield Turn("user" if role == "user" else "assistant", _joined(text for _, text in messages))


def _joined(texts: Iterable[str]) -> str:
    return APART.join(filter(None, texts))


def read_prompt(body: Body) -> Said:
    """The ``prompt`` of the older protocol is what a person says: the model's own format is put around it."""
    prompt = body.get("prompt")
    if prompt is None:
        raise missing("prompt")
    if isinstance(prompt, list) and len(prompt) == 1:
        (prompt,) = prompt
    if not isinstance(prompt, str):
        raise wrong("prompt", "prompt must be one text.")
    return Said("", (), stored(prompt))


def _message(message: Any, where: str) -> tuple[str, str]:
    if not isinstance(message, dict):
        raise wrong(where, f"{where} must be an object with role and content.")
    role = message.get("role")
    if role not in ROLES:
        raise wrong(f"{where}.role", f"{where}.role must be one of {', '.join(ROLES)}.", "unsupported_value")
    for name in UNREAD:
        if message.get(name) not in (None, []):
            raise wrong(f"{where}.{name}", f"{where}.{name} is not supported here.", "unsupported_parameter")
    return role, _content(message.get("content"), f"{where}.content", may_lack=role == "assistant")


def _content(content: Any, where: str, *, may_lack: bool) -> str:
    if content is None and may_lack:
        return ""
    if isinstance(content, str):
        return stored(content)
    if not isinstance(content, list):
        raise wrong(where, f"{where} must be a text, or a list of parts of the type text.")
    return stored("\n".join(_part(part, f"{where}[{index}]") for index, part in enumerate(content)))


def _part(part: Any, where: str) -> str:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind != "text":
        raise wrong(f"{where}.type", f"{where}.type must be text: nothing else is read here.", "unsupported_value")
    if not isinstance(part.get("text"), str):
        raise wrong(f"{where}.text", f"{where}.text must be a text.")
    return str(part["text"])
