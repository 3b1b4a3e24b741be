"""What vLLM is started with, from the catalog entry and the machine."""

import os
from pathlib import Path
from typing import Any

from inference import machine
from inference.model import Model

CPU_CACHE_BYTES = 2**28
QUIET = {"VLLM_NO_USAGE_STATS": "1", "HF_HUB_OFFLINE": "1", "VLLM_LOGGING_LEVEL": "WARNING"}
# One process fewer, and one thread: two OpenMP threads on two busy cores are several times slower.
ON_CPU = {"VLLM_ENABLE_V1_MULTIPROCESSING": "0", "OMP_NUM_THREADS": "1"}


def set_environment() -> None:
    """Must run before vLLM or torch is imported; what is already set stays."""
    for name, value in {**QUIET, **({} if machine.gpus() else ON_CPU)}.items():
        os.environ.setdefault(name, value)


def arguments(model: Model, weights: Path) -> dict[str, Any]:
    """Arguments of AsyncEngineArgs."""
    options, gpus = model.options, machine.gpus()
    chosen: dict[str, Any] = {
        "model": str(weights),
        "served_model_name": model.name,
        "dtype": options["dtype"],
        "max_model_len": model.context_window,
        "max_num_seqs": model.slots,
        "enable_prefix_caching": True,
        "disable_log_stats": False,
        "enforce_eager": options["enforce_eager"] or not gpus,
        "tensor_parallel_size": options["tensor_parallel_size"] or max(1, min(2, gpus)),
    }
    memory = options["kv_cache_memory_bytes"] or (None if gpus else CPU_CACHE_BYTES)
    if memory:
        chosen["kv_cache_memory_bytes"] = memory
    if gpus:
        chosen["gpu_memory_utilization"] = options["gpu_memory_utilization"]
    return {**chosen, **options["arguments"]}
