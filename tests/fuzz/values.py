"""What nobody thought of: values, frames and bodies that are nearly right, or not at all."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from conversations import frames
from tests.hostile.doors import CHAT, FRAMES

SHORTEST, LONGEST = 0, 3000
ODD_TEXTS = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800",
    "\u202e\u2066",
    "\N{ZERO WIDTH JOINER}" * 40,
    "x" * LONGEST,
    "'; DROP TABLE accounts_user; --",
    "{{ 7*7 }}{% load x %}",
    "../../../../etc/passwd",
    "a\r\nSet-Cookie: b=c",
    "http://169.254.169.254/latest/meta-data/",
    "file:///etc/passwd",
    "nan",
    "-1",
    "1e400",
    "9" * 400,
    "2999-99-99T99:99:99Z",
    "@tokens=3",
    "![a](http://evil.example/a.png)",
)
ODD_NUMBERS = (0, -1, 1, 2**31 - 1, 2**31, 2**53 + 1, 2**63, -(2**63) - 1, 2**64, 0.5, -0.0, 1e308)

texts = st.one_of(st.sampled_from(ODD_TEXTS), st.text(max_size=60))
plain = st.one_of(st.none(), st.booleans(), st.sampled_from(ODD_NUMBERS), st.integers(), texts)
anything = st.recursive(
    plain, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)), max_leaves=8
)
FIELDS = sorted(
    {name for said, _ in FRAMES.values() for name in said}
    | {name for ways in CHAT.values() for way in ways for name in way.said}
    | {"type", "parent", "branch", "after", "cursors", "cursor", "waited", "format", "parameters", "take_back", "wait"}
    | {
        "model",
        "stream",
        "stop",
        "seed",
        "n",
        "top_p",
        "max_tokens",
        "temperature",
        "stream_options",
        "content",
        "role",
    }
    | {"instructions", "effort", "preset", "period", "as", "view", "q", "before", "order", "page", "expires", "people"}
)


def known(ids: tuple[UUID, ...]) -> st.SearchStrategy[Any]:
    """Values, among them ids of what is there."""
    return st.one_of(st.sampled_from([str(one) for one in ids]), anything)


def frame(ids: tuple[UUID, ...]) -> st.SearchStrategy[str]:
    """A frame of the socket: mostly of a type that there is, with fields that are right, wrong, missing or too many."""
    kinds = st.one_of(st.sampled_from(frames.KINDS), texts)
    fields = st.dictionaries(st.one_of(st.sampled_from(FIELDS), texts), known(ids), max_size=6)
    said = st.builds(lambda kind, more: {**more, "type": kind}, kinds, fields)
    near = st.sampled_from(sorted(FRAMES)).flatmap(lambda kind: _near(kind, FRAMES[kind][0], ids))
    return st.one_of(said.map(_dumped), near.map(_dumped), anything.map(_dumped), st.text(max_size=80))


def _near(kind: str, said: Mapping[str, Any], ids: tuple[UUID, ...]) -> st.SearchStrategy[dict[str, Any]]:
    """A right frame, in which one thing is another."""
    whole = {"type": kind, **{name: str(ids[0]) if isinstance(value, UUID) else value for name, value in said.items()}}
    return st.tuples(st.sampled_from([*whole, "extra"]), known(ids)).map(lambda one: {**whole, one[0]: one[1]})


def body(ids: tuple[UUID, ...]) -> st.SearchStrategy[dict[str, Any]]:
    """The fields of a request's body, or of its query."""
    return st.dictionaries(st.one_of(st.sampled_from(FIELDS), texts), known(ids), max_size=6)


def call(ids: tuple[UUID, ...]) -> st.SearchStrategy[dict[str, Any]]:
    """A request to the API: right but for what is put over it."""
    turn = st.dictionaries(st.sampled_from(["role", "content", "name"]), anything, max_size=3)
    role = st.sampled_from(["system", "user", "assistant", "tool", "developer"])
    real = st.builds(lambda role, content: {"role": role, "content": content}, role, texts)
    turns = st.one_of(st.lists(st.one_of(real, turn), max_size=4), anything)
    least = st.builds(lambda said: {"model": "scripted", "messages": said, "max_tokens": 3}, turns)
    return st.builds(lambda first, more: {**first, **more}, least, st.one_of(st.just({}), body(ids)))


def _dumped(value: Any) -> str:
    return json.dumps(value)
