"""Reads a vocabulary in a process of its own: ``python -m inference.tokenizers.reading ENGINE FILE``.

A large ``tokenizer.json`` takes 200 MB and seconds to read, and Python would neither give back the memory nor let the
event loop run meanwhile. The caller gets packed tables, of some megabytes, and reads them in milliseconds.
"""

import subprocess
import sys
from pathlib import Path

from inference.tokenizers import gguf, huggingface
from inference.tokenizers.errors import UnreadableError
from inference.tokenizers.recipe import Recipe

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 120.0  # seconds


def read(path: Path, engine: str) -> Recipe:
    """The recipe in a GGUF file or a ``tokenizer.json``. Raises UnreadableError."""
    command = [sys.executable, "-m", "inference.tokenizers.reading", engine, str(path.resolve())]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=LONGEST)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnreadableError(f"{path.name} could not be read: {type(error).__name__}.") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise UnreadableError(said[-1] if said else f"reading {path.name} ended with {done.returncode}.")
    return Recipe.unpack(done.stdout)


def main(engine: str, path: Path) -> None:
    """Write the packed recipe to standard output; or the reason why not to standard error, and end with 1."""
    try:
        recipe = gguf.recipe(path, engine) if path.suffix == ".gguf" else huggingface.recipe(path)
    except UnreadableError as error:
        sys.exit(str(error))
    sys.stdout.buffer.write(recipe.pack())


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
