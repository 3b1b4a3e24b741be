"""The engines: a table kind -> class, imported on first use, so that nobody pays for a library they do not run."""

import importlib
from pathlib import Path
from typing import cast

from inference import machine, weights
from inference.model import Model
from inference.protocol import Engine, EngineError

ENGINES = {
    "scripted": "inference.engines.scripted.engine:ScriptedEngine",
    "llamacpp": "inference.engines.llamacpp.engine:LlamaCppEngine",
    "vllm": "inference.engines.vllm.engine:VllmEngine",
    "transformers": "inference.engines.transformers.engine:TransformersEngine",
    "openai": "inference.engines.openai.engine:OpenAIEngine",
}


def build(model: Model, cache_dir: Path) -> Engine:
    """The engine for a model, not started. Its weights must have been made ready (``weights.prepare``).

    Raises EngineError, naming the command that helps, for a missing package or missing weights.
    """
    if reason := machine.missing_package(model.engine):
        raise EngineError(f"{model.name}: {reason}.")
    try:
        path = weights.locate(model, cache_dir)
    except weights.WeightsError as error:
        raise EngineError(str(error)) from error
    module, _, name = ENGINES[model.engine].partition(":")
    return cast("Engine", getattr(importlib.import_module(module), name)(model, path))
