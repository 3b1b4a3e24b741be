"""How full the GPUs of this machine are, read through NVIDIA's own library."""

from functools import cache
from typing import Any


def memory_share() -> float | None:
    """Used memory of the fullest visible GPU, 0 to 1; None on a machine without NVIDIA's driver."""
    library = _library()
    if library is None:
        return None
    shares = []
    for index in range(library.nvmlDeviceGetCount()):
        memory = library.nvmlDeviceGetMemoryInfo(library.nvmlDeviceGetHandleByIndex(index))
        shares.append(memory.used / memory.total)
    return max(shares, default=None)


@cache
def _library() -> Any:
    # Imported here: only machines with a GPU have a use for it, and it must find a driver.
    import pynvml  # noqa: PLC0415

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return None
    return pynvml
