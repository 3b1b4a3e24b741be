"""The GPUs of this process and how full they are, read through NVIDIA's own library."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from inference import machine


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU as it is now."""

    name: str
    total_mb: float
    used_mb: float


def memory_share() -> float | None:
    """Used memory of the fullest visible GPU, 0 to 1; None where that cannot be known, as without NVIDIA's driver."""
    return max((one.used_mb / one.total_mb for one in devices()), default=None)


def devices() -> list[Gpu]:
    """Those that are visible; none where that cannot be known."""
    library = _library()
    if library is None:
        return []
    try:
        return [_gpu(library, handle) for handle in _handles(library)]
    except library.NVMLError:  # one that CUDA_VISIBLE_DEVICES names as only CUDA understands
        return []


def _gpu(library: Any, handle: Any) -> Gpu:
    memory = library.nvmlDeviceGetMemoryInfo(handle)
    return Gpu(library.nvmlDeviceGetName(handle), memory.total / 2**20, memory.used / 2**20)


def _handles(library: Any) -> Iterator[Any]:
    names = machine.visible()
    for name in map(str, range(library.nvmlDeviceGetCount())) if names is None else names:
        by_index = name.isdecimal()
        yield library.nvmlDeviceGetHandleByIndex(int(name)) if by_index else library.nvmlDeviceGetHandleByUUID(name)


@cache
def _library() -> Any:
    # Imported here: only machines with a GPU have a use for it, and it must find a driver.
    import pynvml  # noqa: PLC0415

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return None
    return pynvml
