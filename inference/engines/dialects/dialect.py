"""How a conversation becomes token ids and how token ids become a reply: what the two formats have in common."""

from dataclasses import dataclass
from typing import Protocol

from inference.protocol import Request


@dataclass(frozen=True, slots=True)
class Opening:
    """A prompt. ``again`` is the end of the prefix that the model must say again; ``resaid`` its count of tokens.

    ``prefix`` counts the tokens of the whole prefix, that end included.
    """

    ids: list[int]
    again: str = ""
    resaid: int = 0
    prefix: int = 0


class Reader(Protocol):
    """Reads one reply."""

    @property
    def stopped(self) -> bool:
        """Whether a stop string was met; nothing more counts."""

    def feed(self, token_ids: list[int]) -> tuple[str, str]:
        """(reasoning, text) that new tokens bring, in whole characters."""

    def flush(self) -> str:
        """Text that waited for more, now that the reply has ended."""


class Dialect(Protocol):
    """A format of conversation."""

    reasoning: bool

    def open(self, request: Request) -> Opening:
        """The prompt for a request. Raises EngineError for turns the model's format does not allow."""

    def reader(self, request: Request, skip: int) -> Reader:
        """A reader for the reply to this request. The first ``skip`` characters it reads were said before."""

    @property
    def ends(self) -> list[int]:
        """Tokens that end a reply, beside those that the weights name."""


class Skip:
    """Drops the first characters of a text that comes in pieces."""

    def __init__(self, characters: int) -> None:
        self._left = characters

    def rest(self, piece: str) -> str:
        """What of the next piece stays."""
        kept = piece[self._left :]
        self._left = max(0, self._left - len(piece))
        return kept
