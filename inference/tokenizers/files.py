"""Tokenizers of models whose files are on this machine."""

import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Literal, cast

from inference import machine
from inference.model import Model
from inference.tokenizers.bpe import ABSENT
from inference.tokenizers.errors import UnreadableError
from inference.tokenizers.reading import read
from inference.tokenizers.recipe import Recipe
from inference.tokenizers.splitting import Splitter
from inference.tokenizers.templates import overhead

REMEMBERED = 4096  # pieces: most of a text are words that came before
SHORT = 24  # characters of the longest piece that is remembered


def from_weights(model: Model) -> "BytePairs":
    """From the GGUF file, or the ``tokenizer.json`` in the folder. Raises UnreadableError."""
    found = machine.find(model.weights) if model.weights else None
    if found is None:
        raise UnreadableError(machine.where_from(model) or "it has no weights.")
    recipe = read(found if found.is_file() else found / "tokenizer.json", model.engine)
    return BytePairs(recipe, *overhead(recipe.family, system=bool(model.system)))


class BytePairs:
    """A byte-level vocabulary."""

    exact = True

    def __init__(self, recipe: Recipe, turn_overhead: int, prompt_overhead: int) -> None:
        self.turn_overhead, self.prompt_overhead = turn_overhead, prompt_overhead
        self._recipe = recipe
        self._splitter = Splitter(recipe.patterns, recipe.literals)
        self._whole = frozenset(recipe.whole)
        self._remembered: Callable[[str], int] = lru_cache(REMEMBERED)(self._tokens)

    def count(self, text: str) -> int:
        pieces, literals = self._splitter.pieces(self._normal(text))
        remembered, tokens = self._remembered, self._tokens
        return literals + sum(remembered(piece) if len(piece) <= SHORT else tokens(piece) for piece in pieces)

    def most(self, text: str) -> int:
        """A token has at least one byte."""
        return len(self._normal(text).encode(errors="surrogatepass"))

    def _tokens(self, piece: str) -> int:
        if piece in self._whole:
            return 1
        table = self._recipe.alphabet
        tokens = [table[byte] for byte in piece.encode(errors="surrogatepass")]
        if self._recipe.skips:
            tokens = [token for token in tokens if token != ABSENT]
        return self._recipe.merges.count(tokens)

    def _normal(self, text: str) -> str:
        form = self._recipe.normal
        return unicodedata.normalize(cast("Literal['NFC']", form), text) if form else text
