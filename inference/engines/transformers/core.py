"""Starts Transformers, asks it, and gives its errors our names. Imported on first use.

Its continuous batching runs one loop in a thread of its own: replies join and leave between two steps.
"""

import asyncio
import gc
import logging
import math
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    ContinuousBatchingConfig,
    GenerationConfig,
    LogitsProcessorList,
)
from transformers import logging as library_logging
from transformers.generation.continuous_batching.cb_logits_processors import ContinuousBatchingLogitsProcessorList

from inference import machine
from inference.engines.dialects import dialect_of
from inference.engines.dialects.vocabulary import Vocabulary
from inference.engines.transformers.drawing import Draw, Drawing
from inference.engines.transformers.routing import Router
from inference.model import Model
from inference.protocol import EngineDead, EngineError, Finish, Problem, Request

CLOSING = 30.0  # seconds
PAGE = {"cpu": 32, "cuda": 256}  # tokens of the cache that are taken, shared and freed together
FILLED = 0.8  # share of the cache from which the library lets no further prompt in
STEP = {"cpu": 64, "cuda": 1024}  # tokens of prompts between two looks at who stopped and at the other replies


class Core:
    """A model that generates. Blocks while it loads. Its replies arrive on ``loop``."""

    def __init__(self, model: Model, weights: Path, loop: asyncio.AbstractEventLoop, *, harmony: bool) -> None:
        self._model = model
        self._device = _device(model)
        self._router = Router(loop)
        _be_quiet()
        try:
            if self._device == "cpu":
                torch.set_num_threads(model.options["threads"] or max(1, machine.cores() - 1))
            tokenizer = AutoTokenizer.from_pretrained(weights, local_files_only=True)
            self._vocabulary = Vocabulary(tokenizer)
            self.dialect = dialect_of(tokenizer, self._vocabulary, harmony=harmony)
            self._network = self._load(weights)
            self._manager = self._prepare()
        # The library raises whatever its parts do; here every kind means that the engine did not start.
        except Exception as error:
            detail = f"{model.name}: Transformers did not start: {type(error).__name__}: {error}"
            raise EngineError(detail, problem=_problem(error, Problem.FAILED)) from error
        self._ends = [*_listed(self._network.generation_config.eos_token_id), *self.dialect.ends]
        self._manager.start()

    def _load(self, weights: Path) -> Any:
        options = self._model.options
        chosen = {"dtype": options["dtype"], "device_map": self._device, "local_files_only": True}
        if options["attn_implementation"] != "auto":
            chosen["attn_implementation"] = options["attn_implementation"]
        return AutoModelForCausalLM.from_pretrained(weights, **{**chosen, **options["arguments"]}).eval()

    def _prepare(self) -> Any:
        """The manager of the batch, its cache made."""
        page, slots = PAGE[self._device], self._model.slots
        window = page * math.ceil(self._model.context_window / page)
        tokens = self._model.options["cache_tokens"] or math.ceil(slots * window / FILLED)
        configuration = ContinuousBatchingConfig(
            page_size=page,
            num_blocks=math.ceil(tokens / page),
            max_batch_tokens=STEP[self._device],
            max_requests_per_batch=slots,
            auto_switch_to_flash=self._model.options["attn_implementation"] == "auto",
            # Tokens are drawn by rules of each reply's own, in Python: a captured graph would leave that out.
            use_cuda_graph=False,
            use_async_batching=False,
        )
        manager = self._network.init_continuous_batching(
            GenerationConfig(do_sample=False, eos_token_id=-1), continuous_batching_config=configuration
        )
        manager.logit_processor = ContinuousBatchingLogitsProcessorList(LogitsProcessorList([Drawing()]))
        manager.logit_processor.tensors_required = 1
        manager.output_router = self._router
        manager.warmup()  # makes the cache, with what the manager has by now
        return manager

    @property
    def dead(self) -> bool:
        """Whether the loop has failed for good, or was ended."""
        return self._manager.background_thread_status.can_accept_new_requests() is not None

    def draw(self, request: Request, again: str) -> Draw:
        """How this request's tokens are drawn: as it says, else as the catalog says, else as the weights say.

        ``again`` is said before all else.
        """
        sampling, weights = request.sampling, self._network.generation_config
        draw = Draw(
            _first(sampling.temperature, self._model.temperature, weights.temperature, 1.0),
            _first(sampling.top_p, self._model.top_p, weights.top_p, 1.0),
            int(_first(weights.top_k, 0)),
            sampling.seed,
            self._device,
        )
        draw.first_say(again, self._vocabulary)
        return draw

    async def generate(
        self, name: str, ids: list[int], draw: Draw, limit: int
    ) -> AsyncGenerator[tuple[list[int], Finish | None], None]:
        """The tokens of a reply as they come; with the last, why it ended. Closing it frees the slot."""
        seen, finish = 0, None
        with self._router.expecting(name) as outputs:
            try:
                self._manager.add_request(
                    ids, name, max_new_tokens=limit, streaming=True, eos_token_id=self._ends, draw=draw
                )
                while finish is None:
                    if self.dead and outputs.empty():
                        raise self._failure()
                    output = await outputs.get()
                    if output.error is not None:
                        raise self._failure()
                    fresh = output.generated_tokens[seen:]
                    seen += len(fresh)
                    if output.is_finished():
                        finish = Finish.STOP if fresh and fresh[-1] in self._ends else Finish.LENGTH
                    yield fresh, finish
            finally:
                if finish is None:
                    self._stop(name)

    def _stop(self, name: str) -> None:
        self._manager.cancel_request(name)
        # In a full cache new replies wait until one finishes; the library forgets that one may be stopped instead.
        if batch := self._manager.batch_processor:
            batch.scheduler.block_new_requests = False

    def _failure(self) -> EngineError:
        """Its words may hold what the library was given, so they are not repeated."""
        problem = _problem(self._router.failure, Problem.FAILED)
        if self.dead:
            problem = problem if problem is Problem.OUT_OF_MEMORY else Problem.DEAD
            return EngineDead("Transformers' generation loop has ended.", problem=problem)
        return EngineError("Transformers failed on this reply.", problem=problem, retry=True)

    def shutdown(self) -> None:
        """End the loop, and with it every reply; free the model and its memory."""
        self._manager.stop(block=True, timeout=CLOSING, hard_stop=True)
        self._manager.model = self._network = None
        gc.collect()


def _device(model: Model) -> str:
    chosen: str = model.options["device"]
    if chosen == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if chosen == "cuda" and not torch.cuda.is_available():
        raise EngineError(f"{model.name}: device = 'cuda', but PyTorch sees no GPU here.")
    return chosen


def _be_quiet() -> None:
    """Bars are for terminals; the batching's own lines go where all go, and hold no token ids."""
    library_logging.disable_progress_bar()
    logger = logging.getLogger("ContinuousBatchingLogger")
    logger.handlers.clear()
    logger.propagate = True
    logger.setLevel(logging.ERROR)


def _first(*values: float | None) -> float:
    """The first that is said."""
    return next(value for value in values if value is not None)


def _listed(value: int | list[int] | None) -> list[int]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _problem(error: BaseException | None, otherwise: Problem) -> Problem:
    """Whether want of memory is the cause."""
    while error is not None:
        if isinstance(error, torch.OutOfMemoryError | MemoryError):
            return Problem.OUT_OF_MEMORY
        error = error.__cause__ or error.__context__
    return otherwise
