"""Texts that are hard to cut, and small vocabularies as files."""

import json
import random
import struct
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from inference.model import Model, Weights
from inference.tokenizers.recipe import letters
from inference.tokenizers.splitting import GPT2
from tests.engines.subjects import model

SYLLABLES = (
    *("a", "e", "t", "th", "The", " quick", " brown", "don't", "I'LL", "'s", "'re", "_", "-", "--", "/*", "==", "()"),
    *(" ", "  ", "   ", "\n", "\n\n", "\t", "\r\n", "\u00a0", "\u3000", "\u2028", "\x85", "\x1c", " def", " return"),
    *("1", "23", "2026", "½", "Ⅷ", "٣", "é", "e\u0301", "ß", "ǅ", "ﬁ", "𝔘", "ॐ", "नमस्ते", "العربية", "カタカナ", "ー"),
    *(
        "你",
        "好",
        "世界",
        "，",
        "。",
        "𠮷",
        "😀",
        "🚀",
        "👩\u200d🚀",
        "\u200b",
        "\ufeff",
        "�",
        "\x00",
        "\x01",
        "\x04",
        "\x06",
        "\x7f",
    ),
    *("<|im_end|>", "<|im_start|>", "<|endoftext|>", "<|end|>"),
)
PROSE = (
    "Paris is old: naïve café, two  spaces, three   and a tab\t. It's 12345 years — they'll say 3.14!\n\n  Indented.",
    "网络模型只激活少数专家，所以每个词只需要一小部分计算。共有 128 位专家；其余的保持空闲。",
    "def f(x: int) -> int:\n    if x > 0:\n\treturn x ** 2  # 平方\n    return {'a': [1, 2, 3]}['a'][0]\n",
    "👩‍🚀🚀🇫🇷👍🏽 e\u0301\u0302 zero\u200bwidth \ufeff",
    " " * 300,
    "\n" * 77 + " x",
    "a" * 2000,
    "的" * 300,
)


def texts(seed: int, number: int = 1500) -> list[str]:
    """Prose, then syllables thrown together, then any characters there are."""
    dice = random.Random(seed)  # noqa: S311 - only texts
    thrown = ["".join(dice.choices(SYLLABLES, k=dice.randint(1, 30))) for _ in range(number)]
    return [*PROSE, *thrown, *("".join(_any(dice) for _ in range(dice.randint(1, 30))) for _ in range(number))]


def _any(dice: random.Random) -> str:
    low, high = dice.choice(
        [(32, 127), (0, 0x300), (0x300, 0x3000), (0x3000, 0xD800), (0xE000, 0x11000), (0x1F000, 0x20000)]
    )
    return chr(dice.randrange(low, high))


MERGES = [("h", "e"), ("l", "l"), ("he", "ll"), ("hell", "o"), ("Ġ", "hello")]
TOKENS = [*letters(), *(left + right for left, right in MERGES)]


def entry(path: Path, kind: str = "vllm", name: str = "small", **fields: Any) -> Model:
    """A catalog entry whose weights are at this path."""
    return replace(model(kind), name=name, weights=Weights("path", str(path)), **fields)


def huggingface(folder: Path, **changes: Any) -> Path:
    """A folder with a ``tokenizer.json``; a change with a dot in its name goes into the model (``model.type``)."""
    document: dict[str, Any] = {
        "added_tokens": [],
        "normalizer": None,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True},
        "model": {"type": "BPE", "vocab": {token: number for number, token in enumerate(TOKENS)}, "merges": MERGES},
    }
    inner = {name.removeprefix("model_"): changes.pop(name) for name in list(changes) if name.startswith("model_")}
    document.update(changes)
    document["model"].update(inner)
    folder.mkdir(exist_ok=True)
    (folder / "tokenizer.json").write_text(json.dumps(document))
    return folder


def split(pattern: str = GPT2, behavior: str = "Isolated", *, invert: bool = False) -> dict[str, Any]:
    """A step of a ``tokenizer.json`` that cuts texts."""
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": behavior, "invert": invert}


def added(content: str, *, special: bool = False, **flags: bool) -> dict[str, Any]:
    """A token that is not made by merging."""
    plain = {"lstrip": False, "rstrip": False, "single_word": False}
    return {"content": content, "special": special, **plain, **flags}


def gguf(file: Path, **changes: Any) -> Path:
    """A GGUF file of nothing but a header. A change to None leaves the field out."""
    fields: dict[str, Any] = {
        "general.architecture": "llama",
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "gpt-2",
        "tokenizer.ggml.tokens": TOKENS,
        "tokenizer.ggml.token_type": [1] * len(TOKENS),
        "tokenizer.ggml.merges": [" ".join(pair) for pair in MERGES],
        "tokenizer.ggml.scores": [0.5, 1.5],
        "tokenizer.chat_template": "",
        "general.quantization_version": 2,
    }
    fields |= {next(name for name in fields if name.endswith(end)): value for end, value in changes.items()}
    file.write_bytes(header({name: value for name, value in fields.items() if value is not None}))
    return file


def header(fields: Mapping[str, Any], version: int = 3) -> bytes:
    """The beginning of a GGUF file, as its format is written down."""
    entries = b"".join(_text(name) + _value(value) for name, value in fields.items())
    return b"GGUF" + struct.pack("<IQQ", version, 0, len(fields)) + entries


def _value(value: Any) -> bytes:
    if isinstance(value, str):
        return struct.pack("<I", 8) + _text(value)
    if isinstance(value, int):
        return struct.pack("<II", 4, value)
    return struct.pack("<I", 9) + _list(value)


def _list(values: Sequence[Any]) -> bytes:
    if isinstance(values[0], str):
        return struct.pack("<IQ", 8, len(values)) + b"".join(map(_text, values))
    kind, form = (6, "f") if isinstance(values[0], float) else (5, "i")
    return struct.pack(f"<IQ{len(values)}{form}", kind, len(values), *values)


def _text(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()
