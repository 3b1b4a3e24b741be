"""All that counting needs of a vocabulary, in one value that also travels between processes."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

import msgpack

from inference.tokenizers.bpe import ABSENT, Merges


@dataclass(frozen=True, slots=True)
class Recipe:
    """A byte-level vocabulary."""

    patterns: Sequence[str]
    alphabet: Sequence[int]  # token of each byte; ABSENT where there is none
    merges: Merges
    literals: Sequence[str] = ()
    whole: Sequence[str] = ()  # pieces that are one token though merging does not make it
    normal: str = ""  # the normal form of Unicode it wants, or none
    skips: bool = False  # bytes without a token are left out before merging, not after
    family: str = ""  # of its chat template

    def pack(self) -> bytes:
        """As bytes, for ``unpack``."""
        values = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "merges"}
        merges = [self.merges.keys.tobytes(), self.merges.ranks.tobytes(), self.merges.made.tobytes()]
        return bytes(msgpack.packb({**values, "merges": merges}))

    @classmethod
    def unpack(cls, packed: bytes) -> "Recipe":
        """What ``pack`` made."""
        values = msgpack.unpackb(packed)
        keys, ranks, made = values.pop("merges")
        return cls(merges=Merges(array("Q", keys), array("I", ranks), array("I", made)), **values)


def letters() -> list[str]:
    """The letter that byte-level vocabularies write for each byte: printable ones stand for themselves."""
    plain = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    shifted = (byte for byte in range(256) if byte not in plain)
    moved = {byte: chr(256 + at) for at, byte in enumerate(shifted)}
    return [moved.get(byte) or chr(byte) for byte in range(256)]


def alphabet(vocabulary: Mapping[str, int]) -> list[int]:
    """The token of each byte."""
    return [vocabulary.get(letter, ABSENT) for letter in letters()]


def whole(vocabulary: Mapping[str, int], merges: Merges) -> Iterator[str]:
    """Tokens that are taken when a piece is all of them, though merging would end elsewhere."""
    table, byte_of = alphabet(vocabulary), {letter: byte for byte, letter in enumerate(letters())}
    for token in vocabulary:
        if not all(letter in byte_of for letter in token):
            continue
        said = bytes(byte_of[letter] for letter in token)
        numbers = [number for byte in said if (number := table[byte]) != ABSENT]
        text = said.decode(errors="replace")
        if "�" not in text and merges.count(numbers) != 1:
            yield text
