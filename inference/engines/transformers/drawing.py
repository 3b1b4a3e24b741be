"""Draws the next token of each reply of a batch, by that reply's own rules. Imported on first use."""

from collections.abc import Sequence
from typing import Any

import torch
from transformers.generation.continuous_batching.cb_logits_processors import ContinuousBatchingLogitsProcessor

from inference.engines.dialects.vocabulary import Vocabulary


class Draw:
    """How one reply's tokens are drawn: first those that say ``again``, the end of a prefix, then any.

    ``temperature`` 0 takes the likeliest; ``top_k`` 0 and ``top_p`` 1 leave out none.
    """

    def __init__(self, temperature: float, top_p: float, top_k: int, seed: int | None, device: Any) -> None:
        self._temperature, self._top_p, self._top_k = temperature, top_p, top_k
        self._generator = None if seed is None else torch.Generator(device).manual_seed(seed % 2**63)
        self._vocabulary: Vocabulary | None = None
        self._again = b""

    def first_say(self, again: str, vocabulary: Vocabulary) -> None:
        """What must be said before all else."""
        self._again, self._vocabulary = again.encode(), vocabulary

    def __deepcopy__(self, memo: Any) -> "Draw":
        """Itself: the library copies a request that it puts off, and what was drawn stays drawn."""
        return self

    def __call__(self, scores: torch.Tensor) -> torch.Tensor:
        """The token drawn from the scores of the whole vocabulary."""
        if not (self._again and self._vocabulary):
            return self._drawn(scores)
        allowed = torch.tensor(self._vocabulary.beginning(self._again), device=scores.device)
        token = allowed[self._drawn(scores[allowed])]
        self._again = self._again[len(self._vocabulary.said(int(token))) :]
        return token

    def _drawn(self, scores: torch.Tensor) -> torch.Tensor:
        if self._temperature == 0:
            return scores.argmax()
        scores, tokens = torch.sort(scores / self._temperature, descending=True)
        if self._top_k:
            scores, tokens = scores[: self._top_k], tokens[: self._top_k]
        shares = scores.softmax(dim=-1)
        shares[shares.cumsum(dim=-1) - shares >= self._top_p] = 0
        return tokens[torch.multinomial(shares, 1, generator=self._generator)[0]]


class Drawing(ContinuousBatchingLogitsProcessor):  # type: ignore[misc]  # seen as without types, installed or not
    """Leaves of each reply's scores only the token that its ``draw`` chose, which the library then takes."""

    supported_kwargs = {"draw": Draw}  # noqa: RUF012 - the library's own declaration
    ignored_kwargs = ()

    def __init__(self) -> None:
        self._draws: Sequence[Draw] = ()

    def fill_defaults(self, int32_tensor: torch.Tensor) -> None:
        int32_tensor.zero_()

    def prepare_tensor_args(self, requests_with_new_token: Sequence[Any]) -> torch.Tensor:
        """Called before each step, in the order of the rows to come."""
        self._draws = [request.state.logit_processor_kwargs["draw"] for request in requests_with_new_token]
        return torch.zeros(len(self._draws), dtype=torch.int32)

    def __call__(self, scores: torch.Tensor, tensor_arg: torch.Tensor) -> torch.Tensor:
        chosen = torch.zeros_like(scores)
        # Rows past the last draw belong to prompts that are not read to their end.
        for row, draw in enumerate(self._draws):
            chosen[row, draw(scores[row])] = 1
        return chosen
