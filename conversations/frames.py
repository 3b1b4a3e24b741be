"""What a browser may say: each frame checked and made a value, or refused with what was wrong."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Literal
from uuid import UUID

import orjson

from accounts.models import User
from conversations import drafts
from conversations.again import Wish
from conversations.follow import Cursor
from conversations.parameters import NOTHING, Chosen, Wrong, model_name, read
from conversations.services import Draft
from conversations.timings import LONGEST_MS, Seen

LONGEST_TEXT = 1_000_000  # characters read at all; the policy's limit is checked, with a better answer, by the service
MOST_CURSORS = 50
MOST_REVISIONS = 2**31


class Malformed(Exception):  # noqa: N818 - an answer to a client, not a fault
    """The frame is not of the protocol. ``str()`` says what was wrong and what is allowed."""

    def __init__(self, detail: str, *, about: str | None = None, code: str = "malformed") -> None:
        super().__init__(detail)
        self.about = about
        self.code = code


@dataclass(frozen=True, slots=True)
class Send:
    draft: Draft
    html: bool


@dataclass(frozen=True, slots=True)
class Again:
    wish: Wish
    html: bool


@dataclass(frozen=True, slots=True)
class Continue(Again):
    pass


@dataclass(frozen=True, slots=True)
class Choose:
    message: UUID
    html: bool


@dataclass(frozen=True, slots=True)
class Erase:
    message: UUID
    html: bool


@dataclass(frozen=True, slots=True)
class Open:
    conversation: UUID
    after: UUID | None
    cursors: dict[UUID, Cursor]
    html: bool


@dataclass(frozen=True, slots=True)
class Follow:
    reply: UUID
    cursor: Cursor
    html: bool


@dataclass(frozen=True, slots=True)
class Stop:
    reply: UUID


@dataclass(frozen=True, slots=True)
class Note:
    """Something about what is typed and not sent yet: ``act`` does it, for the person."""

    kind: ClassVar = "draft"
    act: Callable[[User], drafts.Kept]
    client_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    seen: Seen


@dataclass(frozen=True, slots=True)
class Limits:
    pass


@dataclass(frozen=True, slots=True)
class Ping:
    pass


Command = Send | Again | Choose | Erase | Open | Follow | Stop | Note | Timing | Limits | Ping


def parse(text: str | bytes) -> Command:
    """The command in a frame. Raises Malformed."""
    return command(decoded(text))


def decoded(text: str | bytes) -> dict[str, Any]:
    """The JSON object in a frame or a request. Raises Malformed."""
    try:
        frame = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Malformed("A frame must be one JSON object.") from error
    if not isinstance(frame, dict):
        raise Malformed("A frame must be one JSON object.")
    return frame


def command(frame: dict[str, Any]) -> Command:
    """The command in a decoded frame. Raises Malformed."""
    kind = frame.get("type")
    read = _READERS.get(kind) if isinstance(kind, str) else None
    if read is None:
        raise Malformed(f"type must be one of: {', '.join(KINDS)}.", code="unknown_type")
    try:
        return read(frame)
    except Malformed as error:
        error.about = kind
        raise


def cursor(value: Any) -> Cursor:
    """``[epoch, reasoning, text]``, each a count. Raises Malformed."""
    if not (isinstance(value, list) and len(value) == 3 and all(type(n) is int and 0 <= n < 2**31 for n in value)):
        raise Malformed("cursor must be [epoch, reasoning, text], three numbers from 0 up.")
    return Cursor(*value)


def written_cursor(text: str) -> Cursor:
    """The cursor in ``epoch-reasoning-text``. Raises Malformed."""
    numbers = text.split("-")
    return cursor([int(number) if len(number) <= 10 and number.isdecimal() else -1 for number in numbers])


def _send(frame: dict[str, Any]) -> Send:
    text = _text(frame, "text")
    conversation = _id_or_none(frame, "conversation")
    draft = Draft(
        client_id=_id(frame, "client_id"),
        text=text,
        conversation=conversation,
        parent=_id_or_none(frame, "parent"),
        branch=frame.get("branch") is True,
        model=_model(frame),
        waited=frame.get("waited") is True,
        parameters=parameters(frame.get("parameters") or {}) if conversation is None else NOTHING,
    )
    return Send(draft, _html(frame))


def _again(frame: dict[str, Any]) -> Again:
    return Again(Wish(_id(frame, "client_id"), _id(frame, "reply"), model=_model(frame)), _html(frame))


def _continue(frame: dict[str, Any]) -> Continue:
    return Continue(Wish(_id(frame, "client_id"), _id(frame, "reply"), goes_on=True), _html(frame))


def _choose(frame: dict[str, Any]) -> Choose:
    return Choose(_id(frame, "message"), _html(frame))


def _erase(frame: dict[str, Any]) -> Erase:
    return Erase(_id(frame, "message"), _html(frame))


def _open(frame: dict[str, Any]) -> Open:
    cursors = frame.get("cursors") or {}
    if not isinstance(cursors, dict) or len(cursors) > MOST_CURSORS:
        raise Malformed(f"cursors must be an object of at most {MOST_CURSORS} replies.")
    known = {identifier(reply, "cursors"): cursor(value) for reply, value in cursors.items()}
    return Open(_id(frame, "conversation"), _id_or_none(frame, "after"), known, _html(frame))


def _follow(frame: dict[str, Any]) -> Follow:
    return Follow(_id(frame, "reply"), cursor(frame.get("cursor", [0, 0, 0])), _html(frame))


def _stop(frame: dict[str, Any]) -> Stop:
    return Stop(_id(frame, "reply"))


def _timing(frame: dict[str, Any]) -> Timing:
    first, complete = frame.get("first_ms"), frame.get("complete_ms")
    if type(first) is not int or type(complete) is not int or not 0 <= first <= complete <= LONGEST_MS:
        raise Malformed(f"first_ms and complete_ms must be numbers from 0 to {LONGEST_MS}, the first no more.")
    return Timing(Seen(_id(frame, "reply"), first, complete))


def _limits(frame: dict[str, Any]) -> Limits:
    return Limits()


def _ping(frame: dict[str, Any]) -> Ping:
    return Ping()


def _note(frame: dict[str, Any]) -> Note:
    """One of: ``take_back``, ``wait`` with the text, ``text`` with the revision; none of them asks what is there."""
    conversation = _id_or_none(frame, "conversation")
    if "take_back" in frame:
        client_id = _id(frame, "take_back")
        return Note(partial(drafts.take_back, conversation=_id(frame, "conversation"), client_id=client_id), client_id)
    if "wait" in frame:
        client_id, before = _id(frame, "wait"), _id_or_none(frame, "before")
        message = partial(drafts.wait, client_id=client_id, text=_text(frame, "text"), before=before)
        return Note(partial(message, conversation=_id(frame, "conversation")), client_id)
    if "text" not in frame:
        return Note(partial(drafts.read, conversation=conversation))
    revision, after = frame.get("revision"), frame.get("after")
    if type(revision) is not int or not 0 <= revision < MOST_REVISIONS:
        raise Malformed("revision must be a number from 0 up: the one that came with what the text takes the place of.")
    after = None if after is None else _text(frame, "after")
    return Note(
        partial(drafts.save, conversation=conversation, text=_text(frame, "text"), revision=revision, after=after)
    )


_READERS: dict[str, Callable[[dict[str, Any]], Command]] = {
    "send": _send,
    "again": _again,
    "continue": _continue,
    "choose": _choose,
    "erase": _erase,
    "open": _open,
    "follow": _follow,
    "stop": _stop,
    "draft": _note,
    "timing": _timing,
    "limits": _limits,
    "ping": _ping,
}
KINDS = tuple(_READERS)


def _html(frame: dict[str, Any]) -> bool:
    format: Literal["html", "text"] = frame.get("format", "html")  # noqa: A001 - the protocol's own word
    if format not in ("html", "text"):
        raise Malformed('format must be "html" or "text".')
    return format == "html"


def _text(frame: dict[str, Any], name: str) -> str:
    text = frame.get(name)
    if not isinstance(text, str) or len(text) > LONGEST_TEXT:
        raise Malformed(f"{name} must be text of at most {LONGEST_TEXT} characters.")
    return text


def _model(frame: dict[str, Any]) -> str:
    try:
        return model_name(frame.get("model") or "")
    except Wrong as error:
        raise Malformed(str(error)) from error


def parameters(said: Any) -> Chosen:
    """What may be set for a conversation. Raises Malformed."""
    try:
        return read(said)
    except Wrong as error:
        raise Malformed(str(error)) from error


def _id(frame: dict[str, Any], name: str) -> UUID:
    return identifier(frame.get(name), name)


def _id_or_none(frame: dict[str, Any], name: str) -> UUID | None:
    return None if frame.get(name) is None else identifier(frame[name], name)


def identifier(value: Any, name: str) -> UUID:
    """A UUID. Raises Malformed that names the field."""
    try:
        return UUID(value)
    except (ValueError, AttributeError, TypeError) as error:
        raise Malformed(f"{name} must be a UUID.") from error
