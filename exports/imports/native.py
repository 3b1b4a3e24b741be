"""Our own JSON: ``chatsite/conversation``, as ``docs/exports.md`` describes it. Nothing in it is guessed."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from conversations import parameters
from conversations.models import Conversation
from conversations.models.rating import Fault
from conversations.states import UNFINISHED, State
from exports.canonical import FORMAT, VERSION
from exports.imports import fields
from exports.imports.bounds import Bounds
from exports.imports.refusals import Unfit
from exports.records import Item, Rating, Record, Review

NAME = "chatsite"
REVIEWS = ("nominated", "approved", "declined")


def recognises(value: dict[str, Any]) -> bool:
    return value.get("format") == FORMAT


def conversation(value: dict[str, Any], bounds: Bounds) -> Record:
    """Raises Unfit."""
    if value.get("version") != VERSION:
        raise Unfit("version", has=fields.line(str(value.get("version")), 20), allowed=VERSION)
    said = value.get("messages")
    if not isinstance(said, list):
        raise Unfit("field", field="messages", expected="list")
    if len(said) > bounds.messages:
        raise Unfit("too_many_messages", allowed=bounds.messages)
    items = tuple(map(_item, said))
    _check_order(items)
    ids = {item.id for item in items}
    tip = _optional_uuid(value, "tip")
    return Record(
        id=fields.uuid(value.get("id"), "id"),
        title=_short(value, "title", 200),
        titled_by=_one_of(value, "titled_by", Conversation.Titled.values),
        owner=_short(value, "owner", 150),
        folder=_short(value, "folder", 60) or None,
        tags=fields.names(value.get("tags"), 40),
        created_at=_moment(value, "created_at"),
        updated_at=_moment(value, "updated_at"),
        pinned_at=_moment(value, "pinned_at"),
        archived_at=_moment(value, "archived_at"),
        instructions=fields.text(value.get("instructions"), "instructions"),
        parameters=_parameters(value.get("parameters")),
        tip=tip if tip in ids else None,
        messages=items,
    )


def _item(value: Any) -> Item:
    if not isinstance(value, dict):
        raise Unfit("field", field="messages", expected="objects")
    state = _one_of(value, "state", State.values)
    role = _one_of(value, "role", ("user", "assistant"))
    item = _said(value, role, State.STOPPED.value if state in UNFINISHED else state)
    if value.get("sha256") not in (None, item.sha256):
        raise Unfit("changed", position=item.position)
    return item


def _said(value: Mapping[str, Any], role: str, state: str) -> Item:
    if role == "user" and state != State.COMPLETE:
        raise Unfit("field", field="state", expected="complete")
    return Item(
        id=fields.uuid(value.get("id"), "messages.id"),
        position=_whole(value, "position"),
        role=role,
        text=fields.text(value.get("text")),
        parent=_optional_uuid(value, "parent"),
        reasoning=fields.text(value.get("reasoning"), "reasoning"),
        state=state,
        problem=_short(value, "problem", 32),
        created_at=_moment(value, "created_at"),
        started_at=_moment(value, "started_at"),
        finished_at=_moment(value, "finished_at"),
        model=_short(value, "model", 100),
        engine=_short(value, "engine", 64),
        options=_options(value.get("options")),
        continues=_optional_uuid(value, "continues"),
        inherited_tokens=_whole(value, "inherited_tokens"),
        max_tokens=_some_whole(value, "max_tokens"),
        remembered_from=_some_whole(value, "remembered_from"),
        reasoning_ms=_some_whole(value, "reasoning_ms"),
        ttft_ms=_some_whole(value, "ttft_ms"),
        prompt_tokens=_whole(value, "prompt_tokens"),
        completion_tokens=_whole(value, "completion_tokens"),
        instructions_sha256=_short(value, "instructions_sha256", 64),
        rating=_rating(value.get("rating")),
        review=_review(value.get("review")),
    )


def _check_order(items: tuple[Item, ...]) -> None:
    """Positions rise, and whom a message answers stands before it."""
    for one, following in pairwise(items):
        if following.position <= one.position:
            raise Unfit("field", field="position", expected="rising")
    before = set()
    for item in items:
        if item.id in before:
            raise Unfit("twice", id=str(item.id))
        if item.parent is not None and item.parent not in before:
            raise Unfit("parent", position=item.position)
        before.add(item.id)


def _rating(value: Any) -> Rating | None:
    if value is None:
        return None
    rating = fields.mapping(value)
    number, reasons = rating.get("value"), fields.listed(rating.get("reasons"))
    if isinstance(number, bool) or number not in (1, -1):
        raise Unfit("field", field="rating.value", expected="rating")
    kept = tuple(one for one in reasons if isinstance(one, str) and one in Fault.values)
    comment = fields.text(rating.get("comment"), "rating.comment")
    return Rating(int(number), kept, comment, _moment(rating, "at"))


def _review(value: Any) -> Review | None:
    if value is None:
        return None
    review = fields.mapping(value)
    return Review(
        state=_one_of(review, "state", REVIEWS),
        text=_some_text(review, "text"),
        by=_short(review, "by", 150),
        at=_moment(review, "at"),
        original=_some_text(review, "original"),
        reason=fields.text(review.get("reason"), "review.reason"),
    )


def _some_text(review: Mapping[str, Any], name: str) -> str | None:
    return None if review.get(name) is None else fields.text(review[name], f"review.{name}")


def _parameters(value: Any) -> Mapping[str, Any]:
    chosen = _chosen({name: one for name, one in fields.mapping(value).items() if name != "instructions"})
    return {name: chosen.get(name, one) for name, one in parameters.NOTHING.fields().items() if name != "instructions"}


def _chosen(given: dict[str, Any]) -> dict[str, Any]:
    """Parameters as they may be saved: those that were given."""
    chosen = {}
    for name, one in given.items():
        try:
            chosen[name] = parameters.read({name: one}).fields()[name]
        except parameters.Wrong as wrong:
            raise Unfit("field", field=f"parameters.{name[:40]}", expected="parameter") from wrong
    return chosen


def _options(value: Any) -> Mapping[str, Any] | None:
    """What a reply was drawn with: a worker reads them if it is continued."""
    if value is None:
        return None
    given = fields.mapping(value)
    known = {name: one for name, one in given.items() if name in ("instructions", "temperature", "top_p", "effort")}
    stop, seed, whole = given.get("stop", []), given.get("seed", 0), given.get("whole", True)
    is_known = isinstance(value, dict) and given.keys() <= {*known, "stop", "seed", "whole"}
    is_stop = isinstance(stop, list) and all(isinstance(one, str) and "\x00" not in one for one in stop)
    if not (is_known and is_stop and type(seed) is int and type(whole) is bool):
        raise Unfit("field", field="options", expected="options")
    return {**given, **_chosen(known)}


def _moment(value: Mapping[str, Any], name: str) -> Any:
    given = value.get(name)
    found = fields.moment(given) if isinstance(given, str) else None
    if given is not None and found is None:
        raise Unfit("field", field=name, expected="time")
    return found


def _whole(value: Mapping[str, Any], name: str) -> int:
    given = value.get(name, 0)
    if given is not None and (isinstance(given, bool) or given != fields.whole(given)):
        raise Unfit("field", field=name, expected="whole")
    return fields.whole(given)


def _some_whole(value: Mapping[str, Any], name: str) -> int | None:
    return None if value.get(name) is None else _whole(value, name)


def _short(value: Mapping[str, Any], name: str, most: int) -> str:
    found = fields.text(value.get(name), name)
    if len(found) > most:
        raise Unfit("field", field=name, expected="short", most=most)
    return found


def _one_of(value: Mapping[str, Any], name: str, allowed: Any) -> str:
    given = value.get(name)
    if not isinstance(given, str) or given not in allowed:
        raise Unfit("field", field=name, expected="one_of", allowed=", ".join(allowed))
    return given


def _optional_uuid(value: Mapping[str, Any], name: str) -> Any:
    return None if value.get(name) is None else fields.uuid(value[name], name)
