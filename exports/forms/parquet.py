"""Parquet, as much of it as a table of texts, numbers and times needs: https://parquet.apache.org/docs/file-format/

Columns that may be empty, one page each, plain and packed with gzip, in groups of rows. The libraries that write it
take more room than this site; ``tests.exports.clients`` reads with them what is written here.
"""

import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from exports.forms import thrift
from exports.forms.thrift import I32, I64, LIST, STRING, STRUCT, Struct

MAGIC = b"PAR1"
GROUP_ROWS, GROUP_BYTES = 20_000, 8 << 20  # a group ends with the first that is reached
GZIP, PLAIN, RLE, OPTIONAL, DATA_PAGE = 2, 0, 3, 1, 0
LEVEL = 5
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Kind(NamedTuple):
    """The numbers of the format: the physical type, the older name of what it means, and the newer one."""

    physical: int
    converted: int | None
    logical: Struct | None


_MICROSECONDS: Struct = [(8, STRUCT, [(1, thrift.TRUE, None), (2, STRUCT, [(2, STRUCT, [])])])]
TEXT = Kind(6, 0, [(1, STRUCT, [])])
INTEGER = Kind(2, None, None)
FLAG = Kind(0, None, None)
TIME = Kind(2, 10, _MICROSECONDS)


@dataclass(slots=True)
class Writer:
    """Rows are mappings of the columns' names; what is missing or None is empty. ``close`` writes the end."""

    out: Any  # it only has to write
    columns: Mapping[str, Kind]
    _values: dict[str, list[Any]] = field(init=False)
    _groups: list[Struct] = field(default_factory=list)
    _at: int = 0
    _rows: int = 0
    _waiting: int = 0
    _bytes: int = 0

    def __post_init__(self) -> None:
        self._values = {name: [] for name in self.columns}
        self._put(MAGIC)

    def add(self, row: Mapping[str, Any]) -> None:
        for name, values in self._values.items():
            value = row.get(name)
            if isinstance(value, str):
                value = value.encode()
                self._bytes += len(value)
            values.append(value)
        self._waiting += 1
        if self._waiting >= GROUP_ROWS or self._bytes >= GROUP_BYTES:
            self._end_group()

    def close(self) -> None:
        if self._waiting:
            self._end_group()
        footer = thrift.struct(
            [
                (1, I32, 1),
                (2, LIST, (STRUCT, [self._root(), *(_element(name, kind) for name, kind in self.columns.items())])),
                (3, I64, self._rows),
                (4, LIST, (STRUCT, self._groups)),
                (6, STRING, b"chatsite"),
            ]
        )
        self._put(footer + struct.pack("<I", len(footer)) + MAGIC)

    def _root(self) -> Struct:
        return [(4, STRING, b"row"), (5, I32, len(self.columns))]

    def _end_group(self) -> None:
        chunks = [self._chunk(name, kind) for name, kind in self.columns.items()]
        size = sum(whole for _chunk, whole in chunks)
        columns = [chunk for chunk, _whole in chunks]
        self._groups.append([(1, LIST, (STRUCT, columns)), (2, I64, size), (3, I64, self._waiting)])
        self._rows += self._waiting
        self._waiting = self._bytes = 0

    def _chunk(self, name: str, kind: Kind) -> tuple[Struct, int]:
        """Write a column of the group; how it is described, and its size before it was packed."""
        values, self._values[name] = self._values[name], []
        page = _levels(values) + _plain([value for value in values if value is not None], kind)
        packed = _packed(page)
        header = _page_header(len(page), len(packed), len(values))
        begin = self._at
        self._put(header)
        self._put(packed)
        whole = len(header) + len(page)
        about: Struct = [
            (1, I32, kind.physical),
            (2, LIST, (I32, [PLAIN, RLE])),
            (3, LIST, (STRING, [name.encode()])),
            (4, I32, GZIP),
            (5, I64, len(values)),
            (6, I64, whole),
            (7, I64, self._at - begin),
            (9, I64, begin),
        ]
        return [(2, I64, begin), (3, STRUCT, about)], whole

    def _put(self, data: bytes) -> None:
        self.out.write(data)
        self._at += len(data)


def _element(name: str, kind: Kind) -> Struct:
    """A column, in the schema."""
    about: Struct = [(1, I32, kind.physical), (3, I32, OPTIONAL), (4, STRING, name.encode())]
    if kind.converted is not None:
        about.append((6, I32, kind.converted))
    if kind.logical is not None:
        about.append((10, STRUCT, kind.logical))
    return about


def _page_header(size: int, packed: int, values: int) -> bytes:
    data: Struct = [(1, I32, values), (2, I32, PLAIN), (3, I32, RLE), (4, I32, RLE)]
    return thrift.struct([(1, I32, DATA_PAGE), (2, I32, size), (3, I32, packed), (5, STRUCT, data)])


def _levels(values: Sequence[Any]) -> bytes:
    """Which are there: a bit each, in one bit-packed run."""
    bits = _bits([value is not None for value in values])
    run = thrift.varint(len(bits) << 1 | 1) + bits
    return struct.pack("<I", len(run)) + run


def _plain(values: Sequence[Any], kind: Kind) -> bytes:
    if kind is TEXT:
        return b"".join(part for value in values for part in (struct.pack("<I", len(value)), value))
    if kind is FLAG:
        return _bits(values)
    if kind is TIME:
        values = [(value - EPOCH) // MICROSECOND for value in values]
    return struct.pack(f"<{len(values)}q", *values)


def _bits(flags: Sequence[bool]) -> bytes:
    """The first is the lowest bit of the first byte."""
    number = int("".join("1" if flag else "0" for flag in reversed(flags)) or "0", 2)
    return number.to_bytes((len(flags) + 7) // 8, "little")


def _packed(page: bytes) -> bytes:
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, 31)
    return packer.compress(page) + packer.flush()
