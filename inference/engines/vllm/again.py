"""Makes the model say the end of a prefix again, token by token, so that it goes on as if it had never stopped."""

from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from inference.engines.vllm.dialect import Opening
from inference.engines.vllm.vocabulary import Vocabulary
from inference.protocol import EngineError, Request


@dataclass(frozen=True, slots=True)
class Resaid:
    """The prompt after that; ``more`` is what the last token said beyond the prefix."""

    ids: list[int]
    tokens: int
    more: str


async def say_again(core: Any, vocabulary: Vocabulary, request: Request, opening: Opening, name: str) -> Resaid:
    """One request of one token at a time: what may come next depends on what came. Usually one or two are needed."""
    ids, rest, tokens = list(opening.ids), opening.again.encode(), 0
    while rest:
        params = core.params(request, 1, allowed_token_ids=vocabulary.beginning(rest), detokenize=False)
        token = await _one(core, ids, params, f"{name}-{tokens}")
        ids.append(token)
        tokens += 1
        said = vocabulary.said(token)
        if len(said) > len(rest):
            return Resaid(ids, tokens, said[len(rest) :].decode())
        rest = rest[len(said) :]
    return Resaid(ids, tokens, "")


async def _one(core: Any, ids: list[int], params: Any, name: str) -> int:
    async with aclosing(core.generate(ids, params, name)) as outputs:
        async for output in outputs:
            if output.token_ids:
                return int(output.token_ids[0])
    raise EngineError("vLLM gave no token.", retry=True)
