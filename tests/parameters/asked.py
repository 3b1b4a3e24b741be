"""What an engine was asked, request by request."""

from collections.abc import AsyncGenerator

from inference.protocol import Chunk, Request
from tests.workers import Hired


def listening(hired: Hired) -> list[Request]:
    """From now on every request to this worker's engine is kept here too."""
    engine = hired.worker.run(hired.worker.engine())
    asked: list[Request] = []
    stream = engine.stream

    def heard(request: Request) -> AsyncGenerator[Chunk, None]:
        asked.append(request)
        return stream(request)

    engine.stream = heard  # type: ignore[method-assign]
    return asked


def system_of(request: Request) -> str:
    """What the model is told before the conversation; empty when it is told nothing."""
    first = request.turns[0]
    return first.text if first.role == "system" else ""
