"""Which tokens may come next when the model must say a given text again."""

import bisect
import json
from collections.abc import Callable
from functools import cache
from typing import Any


class Vocabulary:
    """A tokenizer's tokens by their bytes, in order."""

    def __init__(self, tokenizer: Any) -> None:
        added = tokenizer.added_tokens_decoder
        special = set(tokenizer.all_special_ids) | {number for number, token in added.items() if token.special}
        spell = _spelling(tokenizer)
        names = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
        self._bytes = {
            number: str(added[number]).encode() if number in added else spell(name)
            for number, name in enumerate(names)
            if name is not None and number not in special
        }
        self._tokens = sorted((said, number) for number, said in self._bytes.items() if said)

    def beginning(self, again: bytes) -> list[int]:
        """Tokens that say the beginning of ``again``, or all of it and more."""
        found = []
        for length in range(1, len(again)):
            found += self._range(again[:length], exact=True)
        return found + self._range(again)

    def said(self, token: int) -> bytes:
        """The bytes of a token; none for a marker, which is never shown."""
        return self._bytes.get(token, b"")

    def _range(self, start: bytes, *, exact: bool = False) -> list[int]:
        first = bisect.bisect_left(self._tokens, (start, -1))
        found = []
        for said, number in self._tokens[first:]:
            if not (said == start if exact else said.startswith(start)):
                break
            found.append(number)
        return found


def _spelling(tokenizer: Any) -> Callable[[str], bytes]:
    """Token name -> bytes, for the two ways vocabularies are written."""
    decoder = json.dumps(json.loads(tokenizer.backend_tokenizer.to_str())["decoder"])
    return _byte_level if "ByteLevel" in decoder else _sentence_piece


def _byte_level(name: str) -> bytes:
    letters = _letters()
    return bytes(letters[letter] for letter in name) if all(letter in letters for letter in name) else b""


def _sentence_piece(name: str) -> bytes:
    if len(name) == 6 and name.startswith("<0x") and name.endswith(">"):
        return bytes([int(name[3:5], 16)])
    return name.replace("▁", " ").encode()


@cache
def _letters() -> dict[str, int]:
    """The letter that byte-level vocabularies write for each byte: printable ones stand for themselves."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    shifted = (byte for byte in range(256) if byte not in plain)
    return {chr(byte): byte for byte in plain} | {chr(256 + at): byte for at, byte in enumerate(shifted)}
