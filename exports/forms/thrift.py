"""Thrift's compact protocol, as much of it as Parquet's own descriptions need.

A struct is a list of fields: number, kind and value, in order of their numbers. A list's value is the kind of what is
in it, and what that is.
"""

from typing import Any

TRUE, I32, I64, STRING, LIST, STRUCT = 1, 5, 6, 8, 9, 12

Struct = list[tuple[int, int, Any]]


def struct(fields: Struct) -> bytes:
    found, last = bytearray(), 0
    for number, kind, value in fields:
        found.append((number - last) << 4 | kind)
        found += _value(kind, value)
        last = number
    return bytes(found) + b"\x00"


def varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first."""
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def _value(kind: int, value: Any) -> bytes:
    if kind == TRUE:  # the field's head has said it
        return b""
    if kind in {I32, I64}:
        return varint(value << 1)  # zigzag; no number of Parquet's is negative
    if kind == STRING:
        text: bytes = value
        return varint(len(text)) + text
    if kind == STRUCT:
        return struct(value)
    inner, values = value
    head = bytes([len(values) << 4 | inner]) if len(values) < 15 else bytes([0xF0 | inner]) + varint(len(values))
    return head + b"".join(_value(inner, one) for one in values)
