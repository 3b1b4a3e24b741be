"""Models whose vocabulary is elsewhere: what a text may cost at most, and about what it does."""

import math

from inference.model import Model

LETTERS_A_TOKEN = 4  # of English; other scripts take about a token for each character


class Bound:
    """At most a token for each byte of UTF-8: vocabularies begin from bytes, or fall back to them, and only ever join.

    One more is for those that put a space before a text.
    """

    exact = False
    turn_overhead = 8
    prompt_overhead = 128

    def __init__(self, model: Model | None = None) -> None:
        del model  # all are alike

    def count(self, text: str) -> int:
        plain = len(text.encode("ascii", "ignore"))
        return math.ceil(plain / LETTERS_A_TOKEN) + len(text) - plain

    def most(self, text: str) -> int:
        return len(text.encode(errors="surrogatepass")) + 1 if text else 0
