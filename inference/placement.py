"""Which GPUs each of several models gets on one machine: no two share one."""

from collections.abc import Sequence

from inference import machine
from inference.catalog import CatalogError
from inference.model import Model

MOST_SHARED = 2  # GPUs that vLLM takes where its entry leaves the number open


def environments(models: Sequence[Model]) -> dict[str, dict[str, str]]:
    """What the process of each model is to have in its environment, by the model's name.

    Nothing for one that is served alone, or where there is no GPU. Raises CatalogError when they need more GPUs than
    this machine has.
    """
    devices = machine.devices()
    if len(models) == 1:
        return {models[0].name: {}}
    counts = {model.name: needed(model) for model in models}
    if (total := sum(counts.values())) > len(devices):
        each = ", ".join(f"{name} needs {count}" for name, count in counts.items() if count)
        raise CatalogError(f"{each}: {total} GPU(s) together, found {len(devices)}. Name fewer in CHATSITE_MODEL.")
    if not devices:
        return {name: {} for name in counts}
    _widen(models, counts, len(devices) - total)
    return {name: _environment(devices, counts, name) for name in counts}


def needed(model: Model) -> int:
    """GPUs that the model cannot do without."""
    options = model.options
    uses_one = options.get("gpu_layers") or options.get("device") == "cuda"
    return max(model.gpus, int(options.get("tensor_parallel_size", 0)), 1 if uses_one else 0)


def _widen(models: Sequence[Model], counts: dict[str, int], left: int) -> None:
    """Where the number is open, one that is left makes two of one, the first model's first."""
    for model in models:
        is_open = model.engine == "vllm" and not model.options["tensor_parallel_size"]
        if left and is_open and 0 < counts[model.name] < MOST_SHARED:
            counts[model.name] += 1
            left -= 1


def _environment(devices: Sequence[str], counts: dict[str, int], name: str) -> dict[str, str]:
    before = list(counts)[: list(counts).index(name)]
    first = sum(counts[one] for one in before)
    mine = ",".join(devices[first : first + counts[name]])
    # In this order the driver counts them, too: what is read of their memory is of the same ones.
    return {"CUDA_VISIBLE_DEVICES": mine, "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
