"""Whatever is in a file, its reader ends with records, what is wrong with some, or one refusal: never with a fault.

Each run changes good files of each source: a value for another, a key less, bytes cut, doubled or turned over.
"""

import copy
import io
import os
import random
import zipfile
from collections import Counter
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import User
from conversations.models import Conversation, Message
from exports.imports import Found, read
from exports.imports.bounds import MB, Bounds
from exports.imports.refusals import Bad, Unreadable
from exports.imports.running import bring_in
from tests.exports.imports import samples

CASES = int(os.environ.get("CHATSITE_IMPORT_CASES", "400"))
BOUNDS = Bounds(file=MB, unpacked=4 * MB, conversation=MB // 4, conversations=50, messages=40)
GOOD = [
    samples.chatgpt(),
    samples.open_webui(),
    samples.librechat(),
    samples.librechat(recursive=True),
    samples.native(),
]
TEXTS = ("", "x", "\x00", "🌧" * 300, "q1", "m1", "l1", "0001-01-01", "00000000-0000-4000-8000-00000000000a")
NUMBERS = (0, -1, 1.5, 1e300, 2**63 - 1, -(2**63))
ODD: list[Any] = [None, True, *TEXTS, *NUMBERS, [], {}, [[]], [None], {"": {}}, {"id": {}}, {"parts": [{}]}]
seen: Counter[str] = Counter()


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """All containers in a value with each of their keys."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        keys = list(one) if isinstance(one, dict) else list(range(len(one)))
        for key in keys:
            yield one, key
            if isinstance(one[key], dict | list):
                waiting.append(one[key])


def changed(value: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """With one to four of its values changed."""
    value = copy.deepcopy(value)
    for _ in range(chance.randint(1, 4)):
        inside, key = chance.choice(list(places(value)) or [(value, "x")])
        kind = chance.randrange(4)
        if kind == 0 and isinstance(inside, dict):
            inside.pop(key, None)
        elif kind == 1 and isinstance(inside, dict):
            inside[chance.choice(["id", "parent", "parentId", "role", "text", "state", "title", ""])] = chance.choice(
                ODD
            )
        elif kind == 2 and isinstance(inside, dict):
            inside[key] = copy.deepcopy(chance.choice(list(inside.values()) or [None]))
        else:
            inside[key] = copy.deepcopy(chance.choice(ODD))
    return value


def bent(data: bytes, chance: random.Random) -> bytes:
    """With bytes cut out, doubled, or others in their place."""
    at = chance.randrange(len(data) + 1)
    size = chance.choice([1, 2, 7, 100, len(data)])
    kind = chance.randrange(3)
    if kind == 0:
        return data[:at] + data[at + size :]
    return data[:at] + (data[at : at + size] * 2 if kind == 1 else chance.randbytes(min(size, 20))) + data[at + size :]


def case(chance: random.Random) -> bytes:
    values = [changed(value, chance) for value in chance.sample(GOOD, chance.randint(1, 3))]
    written = [orjson.dumps(value) for value in values]
    data = chance.choice([b"\n".join(written), b"[" + b",".join(written) + b"]", written[0]])
    if chance.random() < 0.3:
        data = bent(data, chance)
    if chance.random() < 0.3:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(chance.choice(["conversations.json", "a/b.jsonl", "x.txt", "../x.json"]), data)
        data = out.getvalue()
        if chance.random() < 0.5:
            data = bent(data, chance)
    return data


def outcomes(data: bytes) -> Iterator[str]:
    try:
        for one in read(io.BytesIO(data), BOUNDS):
            assert isinstance(one, Found | Bad)
            yield "found" if isinstance(one, Found) else one.code * bool(str(one))
    except Unreadable as refusal:
        yield f"file: {refusal.code}" * bool(str(refusal))


@settings(max_examples=CASES, deadline=None, database=None)
@given(st.randoms(use_true_random=True))
def fuzz(chance: random.Random) -> None:
    seen.update(outcomes(case(chance)))


def test_no_file_is_a_fault() -> None:
    seen.clear()
    fuzz()
    assert seen["found"] > CASES / 4  # the premise: most of a file is still read
    assert len(seen) > 8, "so few ends were met that little was tried"
    assert "" not in seen, "something was refused without a word"


@pytest.mark.django_db
def test_what_is_read_of_them_can_be_saved(alice: User) -> None:
    """What a reader lets through, the database takes, and what is saved is a tree whose positions rise."""

    @settings(max_examples=CASES // 10, deadline=None, database=None)
    @given(st.randoms(use_true_random=True))
    def save(chance: random.Random) -> None:
        bring_in(alice, io.BytesIO(case(chance)))

    save()
    rows = Message.objects.values_list("conversation", "parent__conversation", "position", "parent__position", "state")
    assert rows
    for conversation, above, position, before, state in rows:
        assert above in (None, conversation)
        assert before is None or before < position
        assert state not in ("queued", "writing")
    counted = Counter(Message.objects.values_list("conversation", flat=True))
    assert counted == {one.pk: one.length for one in Conversation.objects.all()}
