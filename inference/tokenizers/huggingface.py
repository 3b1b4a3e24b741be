"""The vocabulary in a ``tokenizer.json``, which byte-level models (gpt-oss, Llama, Qwen) have beside their weights."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from inference.tokenizers import templates
from inference.tokenizers.bpe import Merges
from inference.tokenizers.errors import UnreadableError
from inference.tokenizers.recipe import Recipe, alphabet, whole
from inference.tokenizers.splitting import DIGIT, GPT2

PLAIN: dict[str, Any] = {"continuing_subword_prefix": "", "end_of_word_suffix": "", "unk_token": None, "dropout": None}
TEMPLATES = ("chat_template.jinja", "tokenizer_config.json")


def recipe(path: Path) -> Recipe:
    """What vLLM and transformers count with. Raises UnreadableError."""
    try:
        document = json.loads(path.read_bytes())
        model = document["model"]
        _check(model, document)
        return _recipe(model, document, "".join(_texts(path.parent)))
    except (OSError, ValueError) as error:
        raise UnreadableError(f"{path.name} cannot be read: {error}.") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise UnreadableError(f"{path.name} is not laid out as known here: {error}.") from error


def _check(model: Mapping[str, Any], document: Mapping[str, Any]) -> None:
    odd = [name for name, plain in PLAIN.items() if (model.get(name) or plain) != plain]
    if model["type"] != "BPE" or model.get("byte_fallback") or odd or _normal(document["normalizer"]) is None:
        raise UnreadableError("its tokenizer.json is not of byte-level BPE.")


def _recipe(model: Mapping[str, Any], document: Mapping[str, Any], template: str) -> Recipe:
    vocabulary: dict[str, int] = model["vocab"]
    pairs = (merge.split(" ") if isinstance(merge, str) else merge for merge in model["merges"])
    merges = Merges.learn([(vocabulary[left], vocabulary[right], vocabulary[left + right]) for left, right in pairs])
    added = [token for token in document["added_tokens"] if not token["special"]]
    if any(token["lstrip"] or token["rstrip"] or token["single_word"] for token in added):
        raise UnreadableError("its added tokens take in what is beside them.")
    return Recipe(
        patterns=list(_patterns(document["pre_tokenizer"])),
        alphabet=alphabet(vocabulary),
        merges=merges,
        literals=[token["content"] for token in added],
        whole=list(whole(vocabulary, merges)) if model.get("ignore_merges") else (),
        normal=_normal(document["normalizer"]) or "",
        skips=True,
        family=templates.family(template),
    )


def _patterns(step: Mapping[str, Any]) -> Iterator[str]:
    """What the steps cut by, in order. The last must turn bytes into letters."""
    match step:
        case {"type": "Sequence", "pretokenizers": steps}:
            for inner in steps:
                yield from _patterns(inner)
        case {"type": "ByteLevel", "add_prefix_space": False}:
            yield from (GPT2,) if step.get("use_regex", True) else ()
        case {"type": "Digits", "individual_digits": alone}:
            yield DIGIT if alone else f"{DIGIT}+"
        case {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated" | "Removed" as how}:
            if (how == "Removed") != step["invert"]:
                raise UnreadableError("its tokenizer.json drops parts of a text.")
            yield pattern
        case _:
            raise UnreadableError(f"its tokenizer.json cuts texts in a way not known here: {step['type']}.")


def _normal(step: Mapping[str, Any] | None) -> str | None:
    """The normal form of Unicode; None for any other change to texts."""
    match step:
        case None | {"type": "Sequence", "normalizers": []}:
            return ""
        case {"type": "NFC"}:
            return "NFC"
    return None


def _texts(folder: Path) -> Iterator[str]:
    for name in TEMPLATES:
        if (file := folder / name).is_file():
            yield file.read_text(encoding="utf-8")
