"""Files of JSON taken apart: whatever the cuts between chunks are, and whatever is broken in them."""

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.imports import splitting
from exports.imports.bounds import DEEPEST
from exports.imports.refusals import Unreadable
from exports.imports.splitting import Piece, pieces

MOST = 1 << 20


class Dripping(io.BytesIO):
    """Gives as few bytes at once as it is told, whatever is asked for."""

    def __init__(self, data: bytes, at_once: int) -> None:
        super().__init__(data)
        self._at_once = at_once

    def read(self, size: int | None = -1) -> bytes:
        return super().read(self._at_once)


def split(data: bytes, at_once: int = 1 << 18, most: int = MOST) -> list[Piece]:
    return list(pieces(Dripping(data, at_once), most))


def told(data: bytes, **more: int) -> list[Any]:
    """The value of each piece, or what is wrong with it."""
    return [one.code or json.loads(one.data) for one in split(data, **more)]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(), inside, max_size=4),
    max_leaves=12,
)
objects = st.lists(st.dictionaries(st.text(), values, max_size=4), max_size=5)


@given(
    objects,
    st.integers(1, 40),
    st.sampled_from(["list", "lines", "apart", "indented"]),
    st.booleans(),
)
def test_what_was_written_is_found_however_it_arrives(
    given_ones: list[Any], at_once: int, form: str, only_ascii: bool
) -> None:
    written = [json.dumps(one, ensure_ascii=only_ascii, indent=1 if form == "indented" else None) for one in given_ones]
    if form == "list":
        data = "[" + ", ".join(written) + "]"
    else:
        data = "\n".join(written) if form != "apart" else " ".join(written)
    if not data:
        return
    assert told(data.encode(errors="surrogatepass"), at_once=at_once) == given_ones


@given(st.binary(max_size=200), st.integers(1, 40))
def test_no_bytes_are_too_strange_and_no_cut_matters(data: bytes, at_once: int) -> None:
    try:
        whole = split(b"{" + data)
    except Unreadable:
        pytest.fail("it begins as JSON does")
    assert split(b"{" + data, at_once=at_once) == whole


def test_where_each_begins_is_told() -> None:
    data = b'\xef\xbb\xbf [\n{"a":1},\n{"b":[{}]} ]\n'
    found = split(data)
    assert [data[one.offset : one.offset + 4] for one in found] == [b'{"a"', b'{"b"']
    assert [one.number for one in found] == [1, 2]


@pytest.mark.parametrize("at_once", [1, 2, 7, 1 << 18])
@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b'{"a": 1}\n{"b": [1, 2\n{"c": 3}\n', [{"a": 1}, "broken", {"c": 3}]),  # a line that was cut
        (b'{"a": "x\n{"b": 2}\n', ["broken", {"b": 2}]),  # in a text
        (b'{"a": 1}\nnonsense\n{"b": 2}\n', [{"a": 1}, "not_object", {"b": 2}]),
        (b'{"a": 1}\n"{"\n{"b": 2}\n', [{"a": 1}, "not_object", {"b": 2}]),
        (b'[{"a": 1}, 7, null, "}]", {"b": 2}]', [{"a": 1}, "not_object", {"b": 2}]),
        (b'[{"a": 1}', [{"a": 1}, "cut_off"]),
        (b'[{"a": 1}, {"b": ', [{"a": 1}, "cut_off"]),
        (b'{"a": {"b": "\\', ["cut_off"]),
        (b'{"a": "\\\\"}', [{"a": "\\"}]),
        (b'{"a": "\\"}"}', [{"a": '"}'}]),
        (b'{"a":\n{"b": 1}}\n', [{"a": {"b": 1}}]),
        (b'{"a": [\n{"b": 1},\n{"c": 1}\n]}\n', [{"a": [{"b": 1}, {"c": 1}]}]),
        (b"[]", []),
        (b"[[1], [2]]", [[1], [2]]),
        (b'{"a": 1}]]}{"b": 2}', [{"a": 1}, "not_object", {"b": 2}]),
    ],
)
def test_what_is_broken_is_told_and_the_next_is_found(data: bytes, found: list[Any], at_once: int) -> None:
    assert told(data, at_once=at_once) == found


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b" \n\t ", "empty"),
        (b"# Chat", "not_json"),
        (b"<html>", "not_json"),
        ('[{"a": 1}]'.encode("utf-16"), "encoding"),
    ],
)
def test_what_is_no_such_file_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as refused:
        split(data)
    assert refused.value.code == code
    assert str(refused.value)


def test_what_is_too_large_is_skipped_and_never_kept() -> None:
    long = json.dumps({"a": "x" * 5_000}).encode()
    found = split(b'[{"a": 1}, ' + long + b', {"b": 2}]', at_once=100, most=1_000)
    assert [one.code for one in found] == ["", "too_large", ""]
    assert found[1].data == b""
    assert split(long, most=len(long))[0].data == long


def test_what_is_too_deep_is_skipped() -> None:
    deep = b'{"a":' + b"[" * DEEPEST + b"]" * DEEPEST + b"}"
    allowed = b'{"a":' + b"[" * (DEEPEST - 1) + b"]" * (DEEPEST - 1) + b"}"
    assert [one.code for one in split(b"[" + deep + b"," + allowed + b"]")] == ["too_deep", ""]
    assert [one.code for one in split(b"[" * 300_000)] == ["too_deep"]


def test_only_a_chunk_and_a_piece_are_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parts that are kept at any moment are of one piece."""
    kept: list[int] = []
    finish = splitting._Splitter._finish

    def watched(self: Any) -> None:
        kept.append(sum(map(len, self._parts)))
        finish(self)

    monkeypatch.setattr(splitting._Splitter, "_finish", watched)
    one = json.dumps({"a": "x" * 300}).encode()
    split(b"[" + b",".join([one] * 500) + b"]", at_once=64)
    assert max(kept) == len(one)
