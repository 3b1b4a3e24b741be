"""Tokens of texts that come again and again: a program sends the whole conversation with each call.

To count takes a millisecond for a thousand characters. What is kept is a number under the text's hash, no text.
"""

from hashlib import blake2b

from inference.tokenizers import Tokenizer

MOST = 20_000  # texts: 4 MB

_known: dict[bytes, int] = {}


def count(tokenizer: Tokenizer, model: str, text: str) -> int:
    """As the tokenizer of this model counts it. Estimates are not kept: they take no time."""
    if not tokenizer.exact:
        return tokenizer.count(text)
    key = blake2b(f"{model}\n{text}".encode(), digest_size=16).digest()
    known = _known.get(key)
    if known is None:
        known = tokenizer.count(text)
        while len(_known) >= MOST:
            _known.pop(next(iter(_known)), None)
        _known[key] = known
    return known
