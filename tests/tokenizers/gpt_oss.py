"""gpt-oss's vocabulary as its authors publish it, from the library that carries it."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

from inference.tokenizers.recipe import letters
from tests.tokenizers.vocabularies import added, huggingface, split

CUT = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
ORDINARY, ALL = 199_998, 201_088  # tokens of o200k that are no markers, and all
NAMES = {"bos_token": "<|startoftext|>", "eos_token": "<|return|>", "pad_token": "<|endoftext|>"}
# Simpler than the authors', and with the header of the reply: a model without weights would never say it.
TEMPLATE = (
    "{% for message in messages %}<|start|>{{ message.role }}<|message|>{{ message.content }}<|end|>{% endfor %}"
    "<|start|>assistant<|channel|>final<|message|>"
)


def encoding() -> Any:
    """The library's own, which reads and writes these tokens."""
    from openai_harmony import HarmonyEncodingName, load_harmony_encoding  # noqa: PLC0415 - comes with vLLM

    return load_harmony_encoding(HarmonyEncodingName.HARMONY_GPT_OSS)


def write(folder: Path, encoding: Any) -> Path:
    """``tokenizer.json`` and what else a tokenizer of the transformers library is read from."""
    spelling = letters()
    vocabulary = {"".join(spelling[byte] for byte in _said(encoding, token)): token for token in range(ORDINARY)}
    merges = [
        (left, right)
        for token in vocabulary
        for at in range(1, len(token))
        if (left := token[:at]) in vocabulary and (right := token[at:]) in vocabulary
    ]
    ranks = [vocabulary[left + right] for left, right in merges]
    assert all(before <= after for before, after in pairwise(ranks))
    markers = [added(encoding.decode([token]), special=True) | {"id": token} for token in range(ORDINARY, ALL)]
    bytewise = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    huggingface(
        folder,
        model_vocab=vocabulary,
        model_merges=merges,
        model_ignore_merges=True,
        pre_tokenizer={"type": "Sequence", "pretokenizers": [split(CUT), bytewise]},
        decoder=bytewise,
        added_tokens=[marker | {"normalized": False} for marker in markers],
    )
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "PreTrainedTokenizerFast", **NAMES}))
    (folder / "chat_template.jinja").write_text(TEMPLATE)
    return folder


def _said(encoding: Any, token: int) -> bytes:
    said: str = encoding.decode([token], errors="surrogateescape")
    return said.encode(errors="surrogateescape")
