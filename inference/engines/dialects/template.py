"""Models that bring a chat template: all that comes is text, made here from the bytes of the tokens."""

import codecs
from typing import Any

from inference.engines import healing
from inference.engines.dialects.dialect import Opening, Skip
from inference.engines.dialects.vocabulary import Vocabulary
from inference.engines.rendering import messages, pieces
from inference.engines.stopping import StopFilter
from inference.protocol import EngineError, Problem, Request


class TemplateDialect:
    """The tokenizer's own chat template, with what people wrote never read for markers."""

    reasoning = False

    def __init__(self, tokenizer: Any, vocabulary: Vocabulary) -> None:
        self._tokenizer = tokenizer
        self._vocabulary = vocabulary

    def open(self, request: Request) -> Opening:
        ids: list[int] = []
        for piece in pieces(self._render(request), request.turns):
            ids += self._encode(piece.text, trusted=piece.trusted)
        kept, again = healing.split(request.prefix.text)
        said, resaid = self._encode(kept, trusted=False), len(self._encode(again, trusted=False))
        return Opening(ids + said, again, resaid, len(said) + resaid)

    def reader(self, request: Request, skip: int) -> "PlainReader":
        return PlainReader(self._vocabulary, request.sampling.stop, skip)

    @property
    def ends(self) -> list[int]:
        return []

    def _render(self, request: Request) -> str:
        try:
            rendered = self._tokenizer.apply_chat_template(
                messages(request.turns), tokenize=False, add_generation_prompt=True
            )
        # Templates are programs of the model's author and raise what they like; the error says which kind.
        except Exception as error:
            raise EngineError(
                f"The model's chat template refused the conversation: {type(error).__name__}.",
                problem=Problem.BAD_REQUEST,
            ) from error
        return str(rendered)

    def _encode(self, text: str, *, trusted: bool) -> list[int]:
        if not text:
            return []
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False, split_special_tokens=not trusted)
        return ids


class PlainReader:
    """Makes text of tokens. Engines could, but not from a prompt that ends inside a character."""

    def __init__(self, vocabulary: Vocabulary, stop: tuple[str, ...], skip: int) -> None:
        self._vocabulary = vocabulary
        self._stop = StopFilter(stop)
        self._skip = Skip(skip)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    @property
    def stopped(self) -> bool:
        return self._stop.stopped

    def feed(self, token_ids: list[int]) -> tuple[str, str]:
        piece = self._decoder.decode(b"".join(map(self._vocabulary.said, token_ids)))
        return "", self._stop.feed(self._skip.rest(piece))

    def flush(self) -> str:
        return self._stop.flush()
