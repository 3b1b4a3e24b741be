"""Makes the model say the end of a prefix again, token by token, so that it goes on as if it had never stopped."""

from contextlib import aclosing
from typing import Any

from inference.engines.dialects.dialect import Opening
from inference.engines.dialects.vocabulary import Vocabulary
from inference.protocol import EngineError, Request


async def say_again(core: Any, vocabulary: Vocabulary, request: Request, opening: Opening, name: str) -> list[int]:
    """The tokens that say ``opening.again``; the last may say more, were it half a character.

    One request of one token at a time, since what may come next depends on what came. Usually one or two are needed.
    """
    said: list[int] = []
    rest = opening.again.encode()
    while rest:
        params = core.params(request, 1, allowed_token_ids=vocabulary.beginning(rest))
        said.append(await _one(core, opening.ids + said, params, f"{name}-{len(said)}"))
        rest = rest[len(vocabulary.said(said[-1])) :]
    return said


async def _one(core: Any, ids: list[int], params: Any, name: str) -> int:
    async with aclosing(core.generate(ids, params, name)) as outputs:
        async for output in outputs:
            if output.token_ids:
                return int(output.token_ids[0])
    raise EngineError("vLLM gave no token.", retry=True)
