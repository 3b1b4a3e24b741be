"""Where a text is cut before merging begins: no token spans two pieces. Each pattern cuts what the one before left."""

from collections.abc import Iterable

import regex

from inference.tokenizers.errors import UnreadableError

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
DIGIT = r"\p{N}"
SUFFIX = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
LINES = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3 = rf"{SUFFIX}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}{{1,3}}|{LINES}"
QWEN2 = rf"{SUFFIX}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}|{LINES}"
# llama.cpp's own reading of o200k, where only ASCII has case and marks are no letters.
NOT_LOWER, NOT_UPPER = r"(?:(?=\p{L})[^a-z])", r"(?:(?=\p{L})[^A-Z])"
O200K = (
    rf"[^\r\n\p{{L}}\p{{N}}]?{NOT_LOWER}*{NOT_UPPER}+{SUFFIX}?|[^\r\n\p{{L}}\p{{N}}]?{NOT_LOWER}+{NOT_UPPER}*{SUFFIX}?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

# what a GGUF file calls it -> patterns, in order
NAMED: dict[str, tuple[str, ...]] = {
    "gpt-2": (GPT2,),
    "smollm": (DIGIT, GPT2),
    "llama-bpe": (LLAMA3,),
    "qwen2": (QWEN2,),
    "gpt-4o": (O200K,),
}


class Splitter:
    """``literals`` are tokens that stand for themselves wherever a person writes them."""

    def __init__(self, patterns: Iterable[str], literals: Iterable[str] = ()) -> None:
        self._patterns = [_compiled(pattern) for pattern in patterns]
        alternatives = "|".join(map(regex.escape, sorted(literals, key=len, reverse=True)))
        self._literals = _compiled(alternatives) if alternatives else None

    def pieces(self, text: str) -> tuple[list[str], int]:
        """The pieces of a text, and how many literals stood between them."""
        parts = self._literals.split(text) if self._literals else [text]
        pieces = parts[::2]
        for pattern in self._patterns:
            pieces = [cut for piece in pieces for cut in pattern.split(piece) if cut]
        return pieces, len(parts) // 2


def _compiled(pattern: str) -> "regex.Pattern[str]":
    """In one group, so that ``split`` keeps what it matches."""
    try:
        compiled = regex.compile(f"({pattern})")
    except regex.error as error:
        raise UnreadableError(f"its pattern is not understood: {error}.") from error
    if compiled.groups > 1:
        raise UnreadableError("its pattern has groups.")
    return compiled
