"""Turns into token ids, by the model's own template and vocabulary, which llama.cpp serves on a private address."""

from collections.abc import Sequence
from typing import Any

import httpx

from inference.engines.rendering import Piece, messages, pieces
from inference.protocol import EngineError, Problem, Turn

SEPARATOR = 0  # stands between texts in one call; any id does that plain text never becomes


class Prompter:
    """Asks the embedded server. Template pieces repeat, so their tokens are kept."""

    def __init__(self, address: str, key: str) -> None:
        self._client = httpx.AsyncClient(
            base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=30, trust_env=False
        )
        self._known: dict[str, list[int]] = {}

    async def close(self) -> None:
        """Close the connection."""
        await self._client.aclose()

    async def tokens(self, turns: tuple[Turn, ...], said: str) -> list[int]:
        """The prompt's token ids, ending with what the assistant has already said."""
        rendered = await self._post("/apply-template", {"messages": messages(turns)})
        parts = pieces(rendered["prompt"], turns)
        if said:
            parts.append(Piece(said, trusted=False))
        texts = await self._plain([part.text for part in parts if not part.trusted])
        ids: list[int] = []
        for part in parts:
            ids += await self._trusted(part.text, first=not ids) if part.trusted else texts.pop(0)
        return ids

    async def count(self, text: str) -> int:
        """Tokens of a plain text."""
        return len((await self._plain([text]))[0]) if text else 0

    async def _trusted(self, text: str, *, first: bool) -> list[int]:
        key = f"{first}{text}"
        if key not in self._known:
            body = {"content": text, "parse_special": True, "add_special": first}
            ids: list[int] = (await self._post("/tokenize", body))["tokens"]
            doubled = len(ids) > 1 and ids[0] == ids[1]  # the template and the vocabulary both began the text
            self._known[key] = ids[1:] if first and doubled else ids
        return self._known[key]

    async def _plain(self, texts: Sequence[str]) -> list[list[int]]:
        """Tokens of each text, in one call."""
        content: list[str | int] = []
        for text in texts:
            content += [text, SEPARATOR]
        ids = (await self._post("/tokenize", {"content": content, "parse_special": False}))["tokens"]
        result: list[list[int]] = [[]]
        for token in ids:
            if token == SEPARATOR:
                result.append([])
            else:
                result[-1].append(token)
        return result[:-1]

    async def _post(self, path: str, body: dict[str, Any]) -> Any:
        try:
            response = await self._client.post(path, json=body)
        except httpx.HTTPError as error:
            raise EngineError(f"llama.cpp does not answer: {type(error).__name__}.", retry=True) from error
        if response.status_code != 200:
            raise EngineError(
                f"llama.cpp refused the conversation (status {response.status_code}).", problem=Problem.BAD_REQUEST
            )
        return response.json()
