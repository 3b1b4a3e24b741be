"""Counting tokens as a model's engine will, without its weights: a table kind -> builder, imported on first use.

The web process counts too, so nothing here is large or knows Django, Celery or Redis. Counting takes about a
millisecond for a thousand characters and building a second or more: both belong off the event loop.
"""

import importlib
import logging
import threading
from typing import Protocol

from inference.model import Model
from inference.tokenizers.bound import Bound
from inference.tokenizers.errors import UnreadableError

logger = logging.getLogger(__name__)

KINDS = {
    "scripted": "inference.tokenizers.scripted:Scripted",
    "llamacpp": "inference.tokenizers.files:from_weights",
    "vllm": "inference.tokenizers.files:from_weights",
    "transformers": "inference.tokenizers.files:from_weights",
    "openai": "inference.tokenizers.bound:Bound",
}


class Tokenizer(Protocol):
    """Counts plain text. Any thread may use it. Markers that a person types are letters, as for the engine."""

    exact: bool  # ``count`` is what the engine counts; else an estimate
    turn_overhead: int  # tokens that the model's format puts around one turn, at most
    prompt_overhead: int  # tokens of a prompt that belong to no turn, at most

    def count(self, text: str) -> int:
        """Tokens of this text by itself."""

    def most(self, text: str) -> int:
        """More tokens than this it cannot be. Takes no time to speak of."""


PATIENCE_S = 0.05  # of who would rather have an estimate

_built: dict[str, tuple[Model, Tokenizer]] = {}
_building = threading.Lock()


def tokenizer_for(model: Model) -> Tokenizer:
    """The model's tokenizer, built by the first who asks; the others wait. Never raises for want of files.

    A model whose vocabulary is missing or of another kind gets an estimate until this process starts anew.
    """
    known = _built.get(model.name)
    if known and known[0] == model:
        return known[1]
    with _building:
        known = _built.get(model.name)
        if not (known and known[0] == model):
            known = _built[model.name] = model, _build(model)
    return known[1]


def at_hand(model: Model) -> Tokenizer:
    """The model's tokenizer, or an estimate while it is being built."""
    if model.name not in _built and not _building.locked():
        warm(model).join(PATIENCE_S)
    known = _built.get(model.name)
    return known[1] if known and known[0] == model else Bound(model)


def warm(model: Model) -> threading.Thread:
    """Begin to build the tokenizer in a thread of its own, so that nobody waits for it later."""
    thread = threading.Thread(target=tokenizer_for, args=(model,), name="tokenizer", daemon=True)
    thread.start()
    return thread


def _build(model: Model) -> Tokenizer:
    module, _, name = KINDS[model.engine].partition(":")
    try:
        tokenizer: Tokenizer = getattr(importlib.import_module(module), name)(model)
    except UnreadableError as error:
        logger.warning("%s: tokens are estimated from characters: %s", model.name, error)
        return Bound(model)
    return tokenizer
