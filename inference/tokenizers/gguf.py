"""The vocabulary in the header of a GGUF file. Tensors come after it and are not read."""

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from inference.machine import FOLDERS_ONLY
from inference.tokenizers import templates
from inference.tokenizers.bpe import Merges
from inference.tokenizers.errors import UnreadableError
from inference.tokenizers.recipe import Recipe, alphabet, whole
from inference.tokenizers.splitting import GPT2, NAMED

SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
TEXT, LIST = 8, 9
WHOLE = frozenset({"llama-bpe"})  # kinds that look a piece up before they merge
TYPED_BY_PEOPLE = 4  # type of a token that llama.cpp finds in plain text too
LARGEST = 2**24  # of a text or a list: more is a broken file


def recipe(path: Path, engine: str) -> Recipe:
    """What llama.cpp or, for other engines, the folder converted from this file counts with. Raises UnreadableError."""
    try:
        with path.open("rb") as file:
            header = _header(file)
        return _recipe(header, engine)
    except (OSError, struct.error, UnicodeDecodeError) as error:
        raise UnreadableError(f"{path.name} cannot be read: {error}.") from error
    except KeyError as error:
        raise UnreadableError(f"{path.name} lacks {error} in its vocabulary.") from error


def _recipe(header: Mapping[str, Any], engine: str) -> Recipe:
    kind, cutting = header["tokenizer.ggml.model"], header.get("tokenizer.ggml.pre", "")
    if kind != "gpt2" or cutting not in NAMED:
        raise UnreadableError(f"its vocabulary is of kind {kind} {cutting}, which is not known here.")
    tokens = header["tokenizer.ggml.tokens"]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    pairs = [merge.partition(" ") for merge in header["tokenizer.ggml.merges"]]
    merges = Merges.learn([(vocabulary[left], vocabulary[right], vocabulary[left + right]) for left, _, right in pairs])
    types = header.get("tokenizer.ggml.token_type", ())
    is_converted = engine in FOLDERS_ONLY
    # The converter knows how Llama's own vocabularies are cut, not this one's.
    as_llama = is_converted and header.get("general.architecture") == "llama"
    return Recipe(
        patterns=(GPT2,) if as_llama else NAMED[cutting],
        alphabet=alphabet(vocabulary),
        merges=merges,
        literals=[token for token, kind in zip(tokens, types, strict=False) if kind == TYPED_BY_PEOPLE],
        whole=list(whole(vocabulary, merges)) if cutting in WHOLE else (),
        skips=is_converted,
        family=templates.family(header.get("tokenizer.chat_template", "")),
    )


def _header(file: BinaryIO) -> dict[str, Any]:
    if file.read(4) != b"GGUF":
        raise UnreadableError("it is not a GGUF file.")
    version, _, entries = _read(file, "IQQ")
    if version not in {2, 3}:
        raise UnreadableError(f"version {version} of GGUF is not known here.")
    return {_text(file): _value(file, *_read(file, "I")) for _ in range(entries)}


def _value(file: BinaryIO, kind: int) -> Any:
    if kind == TEXT:
        return _text(file)
    if kind != LIST:
        return _read(file, SCALARS[kind])[0]
    inner, length = _read(file, "IQ")
    _check(length)
    if inner in {TEXT, LIST}:
        return [_value(file, inner) for _ in range(length)]
    return _read(file, f"{length}{SCALARS[inner]}")


def _text(file: BinaryIO) -> str:
    (length,) = _read(file, "Q")
    _check(length)
    return file.read(length).decode()


def _check(length: int) -> None:
    if length > LARGEST:
        raise UnreadableError(f"a text or list in its header has a length of {length}.")


def _read(file: BinaryIO, form: str) -> tuple[Any, ...]:
    layout = struct.Struct(f"<{form}")
    return layout.unpack(file.read(layout.size))
