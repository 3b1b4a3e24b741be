"""Zip archives: what other programs make is read, what was made to do harm is refused before it does any."""

import io
import struct
import zipfile
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from exports.imports import Found, read
from exports.imports.bounds import LONGEST_DIRECTORY, MB, MOST_FILES, Bounds
from exports.imports.refusals import Unreadable
from tests.exports.imports import samples

BOUNDS = Bounds(file=64 * MB, unpacked=64 * MB, conversation=MB, conversations=1_000, messages=1_000)
CHATS = samples.dumped(samples.chatgpt())


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def found(data: bytes, bounds: Bounds = BOUNDS) -> list[Any]:
    return list(read(io.BytesIO(data), bounds))


def refused(data: bytes, bounds: Bounds = BOUNDS) -> str:
    with pytest.raises(Unreadable) as refusal:
        found(data, bounds)
    assert str(refusal.value)
    return refusal.value.code


@pytest.mark.parametrize(
    "name", ["conversations.json", "export/conversations.json", "Conversations-003.json", "conversations.jsonl"]
)
def test_chatgpts_archive_is_read_without_what_is_beside(name: str) -> None:
    beside = {"user.json": b'{"id": "me"}', "message_feedback.json": b"[{}]", "chat.html": b"<html>", "a.zip": b"PK"}
    (one,) = found(zipped({**beside, name: CHATS}))
    assert isinstance(one, Found)
    assert (one.entry, one.number, one.record.title) == (name, 1, "Penguins")


def test_several_files_are_read_one_after_the_other() -> None:
    files = {"a/wet.json": samples.dumped(samples.librechat())[1:-1], "sums.json": samples.dumped(samples.open_webui())}
    read_ones = found(zipped({**files, "manifest.json": b"{}", "export.json": b"{}"}))
    assert [(one.entry, one.source) for one in read_ones] == [("a/wet.json", "librechat"), ("sums.json", "open-webui")]


def test_an_empty_conversations_file_is_told() -> None:
    assert refused(zipped({"conversations.json": b""})) == "empty"


@pytest.mark.parametrize(
    "name", ["../conversations.json", "/etc/passwd", "a/../../b.json", "..\\b.json", "C:\\b.json", "c:b.json"]
)
def test_a_name_that_leads_out_refuses_the_whole(name: str) -> None:
    assert refused(zipped({"conversations.json": CHATS, name: b"x"})) == "names"


def test_dots_in_names_are_no_harm() -> None:
    assert len(found(zipped({"conversations.json": CHATS, "a..b/..c/d...": b"x"}))) == 1


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({}, "no_conversations"),
        ({"chat.html": b"<html>"}, "no_conversations"),
        ({"inner.zip": zipped({"conversations.json": CHATS}), "read.me": b""}, "nested"),
        ({"inner.tar.gz": b"\x1f\x8b"}, "nested"),
        ({"manifest.json": b"{}"}, "no_conversations"),
    ],
)
def test_an_archive_without_conversations_says_so(files: dict[str, bytes], code: str) -> None:
    assert refused(zipped(files)) == code


def test_what_unpacks_far_beyond_its_size_is_refused() -> None:
    bomb = zipped({"conversations.json": b"[" + b" " * (11 * MB) + b"]"})
    assert len(bomb) < 100_000
    assert refused(bomb) == "ratio"


def test_what_unpacks_to_too_much_in_all_is_refused() -> None:
    noise = b"".join(sha256(str(number).encode()).hexdigest().encode() for number in range(4_000))
    files = {f"{number}.json": b'{"a": "' + noise + b'"}' for number in range(8)}
    assert len(found(zipped(files))) == 8
    assert refused(zipped(files), replace(BOUNDS, unpacked=MB)) == "unpacked"


def test_a_size_that_lies_is_not_believed() -> None:
    """The archive says that its file has 7 bytes."""
    true = zipped({"conversations.json": b"[" + b'{"a": 1},' * 400_000 + b"7]"})
    with zipfile.ZipFile(io.BytesIO(true)) as archive:
        size = struct.pack("<L", archive.infolist()[0].file_size)
    lying = true.replace(size, struct.pack("<L", 7))
    assert lying != true
    with pytest.raises(Unreadable):
        found(lying, replace(BOUNDS, conversations=1_000_000))


def test_files_that_lie_over_each_other_are_counted_each_time() -> None:
    """A directory that names the same bytes many times: a bomb without packing."""
    one = zipped({"a.json": b'{"a": "' + b"x" * 600_000 + b'"}'}, zipfile.ZIP_STORED)
    end = one.rindex(b"PK\x05\x06")
    begins = one.index(b"PK\x01\x02")
    entry = one[begins:end]
    directory = b"".join(entry.replace(b"a.json", f"{number:02}json".encode()) for number in range(50))
    with pytest.raises(Unreadable):
        found(one[:begins] + directory + _end(len(directory), begins), replace(BOUNDS, unpacked=8 * MB))


def with_directory(entries: int) -> bytes:
    """An archive of one file that its directory, if it is read, names so many times; the end of it says one."""
    honest = zipped({"a.json": b"{}"})
    begins, end = honest.index(b"PK\x01\x02"), honest.rindex(b"PK\x05\x06")
    directory = honest[begins:end] * entries
    return honest[:begins] + directory + _end(len(directory), begins)


def _end(length: int, begins: int) -> bytes:
    return struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, length, begins, 0)


def test_more_files_than_there_may_be_refuse_the_archive() -> None:
    assert refused(with_directory(MOST_FILES + 1)) == "too_many_files"


@pytest.mark.parametrize("large", [False, True])
def test_a_directory_of_a_million_files_is_not_read(large: bool) -> None:
    """Whatever it says of itself. In a large archive two records say how long it is; one is found by its place."""
    entries = LONGEST_DIRECTORY // 46
    if not large:
        assert refused(with_directory(entries)) == "too_many_files"
        return
    honest = with_directory(1)
    begins, end = honest.index(b"PK\x01\x02"), honest.rindex(b"PK\x05\x06")
    directory = honest[begins:end]
    few = _large_end(1, len(directory), begins)
    many = _large_end(entries, len(directory) * entries, begins)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, begins + len(directory) * entries, 1)
    lying = honest[:begins] + directory * entries + few + many + locator + _end(0xFFFFFFFF, 0xFFFFFFFF)
    assert refused(lying) == "too_many_files"


def _large_end(entries: int, length: int, begins: int) -> bytes:
    return struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, entries, entries, length, begins)


def test_an_archive_over_4_gb_may_say_so() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive, archive.open("conversations.json", "w", force_zip64=True) as file:
        file.write(CHATS)
    assert len(found(out.getvalue())) == 1


def test_an_encrypted_one_is_refused() -> None:
    data = bytearray(zipped({"conversations.json": CHATS}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert refused(bytes(data)) == "encrypted"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_to_pack_are_refused(method: int) -> None:
    assert refused(zipped({"conversations.json": CHATS}, method)) == "broken_zip"


@pytest.mark.parametrize("data", [b"\x1f\x8b\x08\x00", b"7z\xbc\xaf\x27\x1c", b"BZh91AY", b"Rar!\x1a\x07"])
def test_other_archives_are_refused_by_name(data: bytes) -> None:
    assert refused(data) == "compressed"


def test_a_cut_archive_is_damaged() -> None:
    whole = zipped({"conversations.json": CHATS})
    assert refused(whole[: len(whole) // 2]) == "broken_zip"


def test_a_damaged_file_in_an_archive_ends_the_reading() -> None:
    data = bytearray(zipped({"conversations.json": samples.dumped(*[samples.chatgpt()] * 50)}))
    for place in range(200, 260):
        data[place] ^= 0xFF
    assert refused(bytes(data)) in ("broken_zip", "not_json", "empty")


def test_a_file_that_is_too_large_is_refused_unread() -> None:
    assert refused(b"x" * 2_000, replace(BOUNDS, file=1_000)) == "too_large"


def test_more_conversations_than_allowed_end_the_reading() -> None:
    many = samples.dumped(*[samples.chatgpt()] * 3)
    assert refused(many, replace(BOUNDS, conversations=2)) == "too_many"
