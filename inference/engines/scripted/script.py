"""What the scripted engine says: the same tokens for the same prompt in every attempt."""

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from inference import stamps
from inference.catalog_fields import SCRIPTED
from inference.protocol import EngineError, Prefix, Problem, Request
from inference.tokenizers.scripted import Scripted

PIECES = tuple(
    re.findall(
        r"\S{1,12}\s*|\s+",
        "The quick answer is short: 你好, every word comes in order, none is lost 🚀 and none is said twice. "
        "Näive tests miss that a token may end inside a line.\nSo this text has lines, 标点。 and spaces  too. ",
    )
)
DIRECTIVE = re.compile(r"@(\w+)=(\S+)")
TOKENIZER = Scripted()


@dataclass(frozen=True, slots=True)
class Script:
    """A reply before it is said: its tokens of reasoning, then those of text."""

    reasoning: tuple[str, ...]
    text: tuple[str, ...]
    text_tokens: int  # text repeats, or is cut, to this many
    start: int  # the token of ``text`` it begins with

    def tokens_in(self, prefix: Prefix) -> int:
        """How many whole tokens the prefix has, as far as it is of this script."""
        found = 0
        for said, said_by in ((prefix.reasoning, iter(self.reasoning)), (prefix.text, self._texts())):
            left = len(said)
            while left > 0 and (left := left - len(next(said_by, said))) >= 0:
                found += 1
        return found

    def tokens_after(self, prefix: Prefix) -> Iterator[tuple[str, str]]:
        """(reasoning, text) of each token that comes after the prefix, which is skipped by length."""
        skip = len(prefix.reasoning)
        for piece in self.reasoning:
            rest, skip = piece[skip:], max(0, skip - len(piece))
            if rest and not prefix.text:
                yield rest, ""
        skip = len(prefix.text)
        for piece in self._texts():
            if skip >= len(piece):
                skip -= len(piece)
                continue
            yield "", piece[skip:]
            skip = 0

    def _texts(self) -> Iterator[str]:
        return (self.text[(self.start + number) % len(self.text)] for number in range(self.text_tokens))


def script(request: Request, options: Mapping[str, Any]) -> Script:
    """The script for a request."""
    asked = request.turns[-1].text
    reasoning = pieces(options["reasoning"])
    if options["stamp"]:
        tokens = options["tokens"] or len(PIECES)
        stamped = stamps.marked(asked, tokens) if options["marks"] else stamps.undated(asked, tokens)
        return Script(reasoning, stamped, tokens, 0)
    if options["echo"]:
        said = pieces(asked) or ("…",)
    elif options["text"]:
        said = pieces(options["text"], options["piece"])
    else:
        return Script(reasoning, PIECES, options["tokens"] or len(PIECES), zlib.crc32(asked.encode()) % len(PIECES))
    return Script(reasoning, said, options["tokens"] or len(said), 0)


@lru_cache(maxsize=64)
def pieces(text: str, most: int = 12) -> tuple[str, ...]:
    """The tokens of a text, of so many characters at most and the white space after; joined, they are the text."""
    return tuple(re.findall(rf"\S{{1,{most}}}\s*|\s+", text))


def count(request: Request) -> int:
    """Tokens of the prompt, the prefix included, as the model's tokenizer counts them."""
    spoken = (*(turn.text for turn in request.turns), request.prefix.reasoning, request.prefix.text)
    return sum(map(TOKENIZER.count, spoken))


def directed(options: Mapping[str, Any], asked: str) -> Mapping[str, Any]:
    """The options after what the person's text asks for, where the catalog entry allows that: ``@tokens=20``."""
    if not options["directives"] or "@" not in asked:
        return options
    changed = {name: _value(name, text) for name, text in DIRECTIVE.findall(asked) if name in SCRIPTED}
    return {**options, **changed}


def _value(name: str, text: str) -> Any:
    value: Any = text
    if text in {"true", "false"}:
        value = text == "true"
    elif re.fullmatch(r"\d+(\.\d+)?", text):
        value = float(text) if "." in text else int(text)
    if not SCRIPTED[name].check(value):
        raise EngineError(f"@{name} must be {SCRIPTED[name].allowed}.", problem=Problem.BAD_REQUEST)
    return value
