"""How full the GPUs of this process are, read through NVIDIA's own library."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from inference import machine


def memory_share() -> float | None:
    """Used memory of the fullest visible GPU, 0 to 1; None where that cannot be known, as without NVIDIA's driver."""
    library = _library()
    if library is None:
        return None
    try:
        memories = [library.nvmlDeviceGetMemoryInfo(handle) for handle in _handles(library)]
    except library.NVMLError:  # one that CUDA_VISIBLE_DEVICES names as only CUDA understands
        return None
    return max((memory.used / memory.total for memory in memories), default=None)


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
