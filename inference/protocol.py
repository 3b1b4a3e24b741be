"""The engine seam: what an engine is given, what it yields, how it fails.

Every engine is one class with four methods. ``stream`` is an async generator; closing it aborts the request and frees
its slot. Nothing here or in ``inference.engines`` knows Django, Celery or Redis.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol

REPLY_ROOM = 64  # tokens a prompt must leave free in the context window, else it is TOO_LONG


class Finish(StrEnum):
    """Why a reply ended by itself."""

    STOP = "stop"  # the model said all it had to say, or met a stop string
    LENGTH = "length"  # max_tokens or the context window was reached


class Problem(StrEnum):
    """Whose fault an engine error is: the request's, or the engine's."""

    TOO_LONG = "too_long"  # the prompt leaves no room for a reply in the context window
    BAD_REQUEST = "bad_request"  # a parameter the engine refuses
    UNSUPPORTED = "unsupported"  # e.g. a prefix, on an engine that cannot continue one
    FAILED = "failed"  # this generation went wrong
    OUT_OF_MEMORY = "out_of_memory"  # of the GPU
    DEAD = "dead"  # the engine is gone; every request on it failed


class EngineError(Exception):
    """A generation failed. ``retry`` says whether the same request may succeed elsewhere or later, not before
    ``after_s`` seconds.

    ``str(error)`` is a sentence an admin may read; it never holds message text.
    """

    def __init__(
        self, detail: str, *, problem: Problem = Problem.FAILED, retry: bool = False, after_s: float = 0.0
    ) -> None:
        super().__init__(detail)
        self.problem = problem
        self.retry = retry
        self.after_s = after_s


class EngineDead(EngineError):  # noqa: N818 - a state of the engine, not only an error of this call
    """The engine is gone. The reply may be continued by another engine."""

    def __init__(self, detail: str, *, problem: Problem = Problem.DEAD) -> None:
        super().__init__(detail, problem=problem, retry=True)


@dataclass(frozen=True, slots=True)
class Turn:
    """One finished turn of the conversation, in the order spoken."""

    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Prefix:
    """What the assistant has already said in this reply; the stream yields only what comes after it."""

    text: str = ""
    reasoning: str = ""

    def __bool__(self) -> bool:
        return bool(self.text or self.reasoning)


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are drawn. ``None`` means the model's own default from the catalog or its files."""

    max_tokens: int = 1024  # completion tokens of this attempt, at most; > 0
    temperature: float | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = ()  # the text ends before the first of these; none of it is yielded
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One reply to generate. ``turns`` ends with a user turn."""

    id: str
    turns: tuple[Turn, ...]
    prefix: Prefix = Prefix()
    sampling: Sampling = field(default_factory=Sampling)
    effort: Literal["low", "medium", "high"] | None = None  # only where capabilities.reasoning


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a reply. The last chunk, and only it, has ``finish``; it may carry text too.

    Each has the counts so far: ``prompt_tokens`` is what the engine read, of that ``prefix_tokens`` the continued
    prefix, and ``completion_tokens`` what it generated in this attempt. So the usage of the whole reply is known
    whenever it ends: ``prompt_tokens - prefix_tokens`` and ``prefix_tokens + completion_tokens``. Text never contains
    half a character (no U+FFFD that the model did not write).
    """

    text: str = ""
    reasoning: str = ""
    finish: Finish | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    prefix_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine can do; known once it is started."""

    context_window: int  # tokens of prompt and reply together
    slots: int  # replies it generates at once
    continues_prefix: bool
    reasoning: bool


@dataclass(frozen=True, slots=True)
class Health:
    """What the engine is doing now."""

    ready: bool
    detail: str = ""  # one sentence: what it waits for or why it is not ready
    running: int = 0
    cache: float | None = None  # share of the KV cache in use, 0 to 1, where the engine knows it


class Engine(Protocol):
    """A model that answers. One instance serves many requests at once, on one asyncio loop."""

    capabilities: Capabilities

    async def start(self) -> None:
        """Load the model until it can answer. Raises EngineError with what is missing or wrong."""

    def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        """Yield the reply as it is generated. Closing the generator, or cancelling its consumer, aborts the request.

        Raises EngineError for this request, EngineDead when the engine is gone.
        """

    async def health(self) -> Health:
        """Never raises; answers within a second."""

    async def close(self) -> None:
        """Free the model, its processes and its memory. Requests still running get EngineDead."""
