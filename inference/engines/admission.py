"""What every engine checks before it starts a reply, so that all refuse the same requests in the same words."""

from inference.protocol import REPLY_ROOM, Capabilities, EngineError, Problem, Request


def check(request: Request, capabilities: Capabilities) -> None:
    """Refuse what no engine could do (BAD_REQUEST), or this one cannot (UNSUPPORTED)."""
    sampling = request.sampling
    if not request.turns or request.turns[-1].role != "user":
        raise EngineError("The last turn must be the user's.", problem=Problem.BAD_REQUEST)
    if sampling.max_tokens < 1:
        raise EngineError("max_tokens must be at least 1.", problem=Problem.BAD_REQUEST)
    if sampling.temperature is not None and not 0 <= sampling.temperature <= 2:
        raise EngineError("temperature must be from 0 to 2.", problem=Problem.BAD_REQUEST)
    if sampling.top_p is not None and not 0 < sampling.top_p <= 1:
        raise EngineError("top_p must be above 0 and at most 1.", problem=Problem.BAD_REQUEST)
    if not all(sampling.stop):
        raise EngineError("A stop string must not be empty.", problem=Problem.BAD_REQUEST)
    if request.prefix and not capabilities.continues_prefix:
        raise EngineError("This engine cannot continue a reply.", problem=Problem.UNSUPPORTED)
    if request.prefix.reasoning and not capabilities.reasoning:
        raise EngineError("This model has no reasoning to continue.", problem=Problem.UNSUPPORTED)


def room(request: Request, prompt_tokens: int, window: int) -> int:
    """How many tokens the reply may have; 0 when a continued reply has filled the window, which is its end by length.

    Raises TOO_LONG when a new reply would have fewer than REPLY_ROOM.
    """
    free = window - prompt_tokens
    if free < REPLY_ROOM and not request.prefix:
        raise too_long(prompt_tokens, window)
    return max(0, min(request.sampling.max_tokens, free))


def too_long(prompt_tokens: int, window: int) -> EngineError:
    """The error for a conversation that does not fit."""
    return EngineError(
        f"The conversation has {prompt_tokens} tokens; at most {window - REPLY_ROOM} fit this model.",
        problem=Problem.TOO_LONG,
    )
