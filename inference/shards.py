"""What a folder of weights must hold to be whole, told from its own files without reading them through."""

import json
import struct
from collections.abc import Iterator
from pathlib import Path

INDEX = "model.safetensors.index.json"
LARGEST_HEADER = 10**8  # bytes, as the format itself allows


def faults(folder: Path) -> Iterator[str]:
    """A sentence for each file that is missing or does not end where it says. Nothing for a whole folder."""
    if not (folder / "config.json").is_file():
        yield f"{folder / 'config.json'} is missing."
    index = folder / INDEX
    if index.is_file():
        yield from _missing(index)
    for file in sorted(folder.glob("*.safetensors")):
        yield from _cut_short(file)


def _missing(index: Path) -> Iterator[str]:
    try:
        names = set(json.loads(index.read_text())["weight_map"].values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        yield f"{index} is corrupt."
        return
    yield from (f"{index.parent / name} is missing." for name in sorted(names) if not (index.parent / name).is_file())


def _cut_short(file: Path) -> Iterator[str]:
    """The format: eight bytes that say how long the header is, the header in JSON, then what it says is there."""
    if not file.is_file():
        yield f"{file} is missing."  # a link into the hub's cache that leads nowhere
        return
    try:
        size, said = file.stat().st_size, _size(file)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, struct.error):
        yield f"{file} is corrupt: it is not a safetensors file."
        return
    if size != said:
        yield f"{file} is corrupt: it has {size} bytes, but its header speaks of {said}."


def _size(file: Path) -> int:
    with file.open("rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        if length > LARGEST_HEADER:
            raise ValueError(length)
        header = json.loads(stream.read(length))
    tensors = (entry for name, entry in header.items() if name != "__metadata__")
    return int(8 + length + max((entry["data_offsets"][1] for entry in tensors), default=0))
