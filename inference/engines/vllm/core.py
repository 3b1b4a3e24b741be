"""The only module that imports vLLM: starts it, asks it, and gives its errors our names. Imported on first use."""

import gc
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Any

from prometheus_client import REGISTRY
from vllm.engine.arg_utils import AsyncEngineArgs
from vllm.exceptions import VLLMClientError
from vllm.sampling_params import RequestOutputKind, SamplingParams
from vllm.v1.engine.async_llm import AsyncLLM
from vllm.v1.engine.exceptions import EngineDeadError, EngineGenerateError

from inference.engines.vllm.arguments import arguments
from inference.model import Model
from inference.protocol import EngineDead, EngineError, Problem, Request

CLOSING = 30.0  # seconds
CACHE_USE = "vllm:kv_cache_usage_perc"


class Core:
    """A running AsyncLLM. Blocks while it loads: make it in a thread that lives as long as the process."""

    def __init__(self, model: Model, weights: Path) -> None:
        self._model = model
        try:
            llm = AsyncLLM.from_engine_args(AsyncEngineArgs(**arguments(model, weights)))
        # vLLM raises whatever its libraries do; here every kind means that the engine did not start.
        except Exception as error:
            raise EngineError(f"{model.name}: vLLM did not start: {type(error).__name__}: {error}") from error
        self._llm: AsyncLLM | None = llm
        self.tokenizer = llm.get_tokenizer()
        self._defaults: dict[str, Any] = llm.model_config.get_diff_sampling_param()
        self._defaults.pop("max_tokens", None)

    @property
    def dead(self) -> bool:
        """Whether the engine has failed for good, or was shut down."""
        return self._llm is None or bool(self._llm.errored)

    def params(self, request: Request, max_tokens: int, **others: Any) -> SamplingParams:
        """How this request's tokens are drawn: as it says, else as the catalog says, else as the weights say."""
        sampling = request.sampling
        chosen = {
            "temperature": sampling.temperature if sampling.temperature is not None else self._model.temperature,
            "top_p": sampling.top_p if sampling.top_p is not None else self._model.top_p,
            "seed": sampling.seed,
        }
        given = {name: value for name, value in chosen.items() if value is not None}
        with _named():
            return SamplingParams(
                max_tokens=max_tokens,
                detokenize=False,
                output_kind=RequestOutputKind.DELTA,
                **{**self._defaults, **given, **others},
            )

    async def generate(self, ids: list[int], params: SamplingParams, name: str) -> AsyncGenerator[Any, None]:
        """vLLM's outputs for a prompt, each with one completion. Closing it aborts the request."""
        if self._llm is None:
            raise EngineDead("vLLM was shut down.")
        with _named():
            async with aclosing(self._llm.generate({"prompt_token_ids": ids}, params, name)) as outputs:
                async for output in outputs:
                    yield output.outputs[0]

    @property
    def cache_use(self) -> float | None:
        """Share of the KV cache in use, as vLLM last said, 0 to 1; the fullest where there are several."""
        families = REGISTRY.restricted_registry([CACHE_USE]).collect()
        return max((sample.value for family in families for sample in family.samples), default=None)

    async def abort(self, names: list[str]) -> None:
        """End these requests; their generators finish with the reason "abort"."""
        if self._llm:
            await self._llm.abort(names)

    def stop_listening(self) -> None:
        """Before ``shutdown``, on the loop: else vLLM logs the end of its own processes as a fault."""
        if self._llm and self._llm.output_handler:
            self._llm.output_handler.cancel()

    def shutdown(self) -> None:
        """Free the model, its processes, its memory. Requests still running would hang for ever: abort them first."""
        llm, self._llm = self._llm, None
        if llm:
            llm.shutdown(timeout=CLOSING)
        del llm
        gc.collect()  # vLLM's objects hold each other: without this the model stays in memory


@contextmanager
def _named() -> Iterator[None]:
    """Raise vLLM's errors as ours. Their words may hold the prompt, so they are not repeated."""
    try:
        yield
    except EngineDeadError as error:
        raise EngineDead("vLLM's engine has died.", problem=_problem(error, Problem.DEAD)) from error
    except EngineGenerateError as error:
        problem = _problem(error, Problem.FAILED)
        raise EngineError("vLLM failed on this reply.", problem=problem, retry=True) from error
    except (VLLMClientError, ValueError, TypeError) as error:
        detail = f"vLLM refused the request: {type(error).__name__}."
        raise EngineError(detail, problem=Problem.BAD_REQUEST) from error


def _problem(error: BaseException | None, otherwise: Problem) -> Problem:
    """Whether want of GPU memory is the cause, where vLLM says so."""
    while error is not None:
        if type(error).__name__ == "OutOfMemoryError" or "CUDA out of memory" in str(error):
            return Problem.OUT_OF_MEMORY
        error = error.__cause__ or error.__context__
    return otherwise
