"""Models that bring a chat template: vLLM makes the text and finds the stop strings."""

from typing import Any

from inference.engines import healing
from inference.engines.rendering import messages, pieces
from inference.engines.vllm.dialect import Opening
from inference.protocol import EngineError, Problem, Request


class TemplateDialect:
    """The tokenizer's own chat template, with what people wrote never read for markers."""

    reasoning = False

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    def open(self, request: Request) -> Opening:
        ids: list[int] = []
        for piece in pieces(self._render(request), request.turns):
            ids += self._encode(piece.text, trusted=piece.trusted)
        kept, again = healing.split(request.prefix.text)
        said, resaid = self._encode(kept, trusted=False), len(self._encode(again, trusted=False))
        return Opening(ids + said, again, resaid, len(said) + resaid)

    def reader(self, request: Request) -> "PlainReader":
        del request
        return PlainReader()

    def sampling(self, request: Request) -> dict[str, Any]:
        return {"stop": list(request.sampling.stop)}

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
    """All that comes is text."""

    stopped = False

    def feed(self, text: str, token_ids: list[int]) -> tuple[str, str]:
        del token_ids
        return "", text

    def flush(self) -> str:
        return ""
