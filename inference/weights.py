"""Make weights ready: find them, check what they hash to, convert them where the engine needs another format."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from inference import machine, shards
from inference.model import Model, Weights

Progress = Callable[[str], None]
CHUNK = 8 * 2**20


class WeightsError(RuntimeError):
    """Weights are missing, wrong, or cannot be converted. ``str(error)`` says which, and what helps."""


def prepare(model: Model, cache_dir: Path, progress: Progress) -> Path | None:
    """Find, verify and convert; return the file or folder the engine loads, None for an engine without weights.

    Slow the first time (reads every byte of weights that have a hash; converts for about a minute), then quick.
    ``progress`` gets a sentence for a person at each step. Raises WeightsError.
    """
    if model.weights is None:
        return None
    found = machine.find(model.weights)
    if found is None:
        raise WeightsError(f"{model.name}: {machine.where_from(model)}.")
    if model.engine in machine.FOLDERS_ONLY and found.is_dir() and (fault := next(shards.faults(found), "")):
        raise WeightsError(f"{model.name}: {fault} {_help(model)}")
    _verify(model, found, cache_dir, progress)
    target = _loadable(model, found, cache_dir)
    if target != found and not target.exists():
        _convert(model, found, target, progress)
    return target


def locate(model: Model, cache_dir: Path) -> Path | None:
    """What ``prepare`` made ready, without checking it again. Raises WeightsError when it is not there."""
    if model.weights is None:
        return None
    found = machine.find(model.weights)
    if found is None:
        raise WeightsError(f"{model.name}: {machine.where_from(model)}.")
    target = _loadable(model, found, cache_dir)
    if not target.exists():
        raise WeightsError(f"{model.name}: its weights are not converted yet.")
    return target


def _loadable(model: Model, found: Path, cache_dir: Path) -> Path:
    """Some engines load no GGUF, so such a file has a converted twin in the cache."""
    if model.engine not in machine.FOLDERS_ONLY or found.suffix != ".gguf":
        return found
    stamp = hashlib.sha256(f"{found.stat().st_size} {_digests(model.weights)}".encode()).hexdigest()[:12]
    return cache_dir / "models" / f"{found.stem}-{stamp}"


# --- Hashes -----------------------------------------------------------------------------------------------------------


def _verify(model: Model, found: Path, cache_dir: Path, progress: Progress) -> None:
    record = cache_dir / "verified.json"
    known = _read(record)
    for file, expected in _expected(model.weights, found):
        if not file.is_file():
            raise WeightsError(f"{model.name}: {file} is missing. {_help(model)}")
        stat = file.stat()
        stamp: list[int | str] = [stat.st_size, stat.st_mtime_ns, expected]
        if known.get(str(file)) == stamp:
            continue
        progress(f"Checking {file.name} ({stat.st_size / 1e9:.1f} GB)")
        digest = _sha256(file)
        if digest != expected:
            raise WeightsError(
                f"{model.name}: {file} is not what it should be: SHA-256 {digest}, expected {expected}. {_help(model)}"
            )
        known[str(file)] = stamp
        _write(record, known)


def remember(file: Path, digest: str, cache_dir: Path) -> None:
    """This file was found to hash to ``digest``; ``prepare`` need not read it again."""
    record, stat = cache_dir / "verified.json", file.stat()
    _write(record, {**_read(record), str(file): [stat.st_size, stat.st_mtime_ns, digest]})


def _help(model: Model) -> str:
    """What to do about weights that are broken."""
    if model.weights and (model.weights.source == "hub" or model.weights.url):
        return f"Replace it with: python manage.py fetch_model {model.name}"
    return "Replace it."


def _expected(weights: Weights | None, found: Path) -> Iterator[tuple[Path, str]]:
    """Files and what they must hash to: as the catalog says, and as the hub's cache names its blobs."""
    digests = _digests(weights)
    if isinstance(digests, str):
        if digests:
            yield found, digests
        return
    for name, digest in digests.items():
        yield found / name, digest
    if weights and weights.source == "hub":
        for file in [found] if found.is_file() else sorted(found.glob("*.safetensors")):
            blob = file.resolve().name
            if file.name not in digests and len(blob) == 64:
                yield file, blob


def _digests(weights: Weights | None) -> str | Mapping[str, str]:
    if weights is None:
        return ""
    return weights.sha256 or ({} if weights.source == "hub" else "")


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _read(record: Path) -> dict[str, list[int | str]]:
    try:
        known = json.loads(record.read_text())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _write(record: Path, known: Mapping[str, object]) -> None:
    record.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=record.parent, prefix=record.name)
    with os.fdopen(descriptor, "w") as stream:
        json.dump(known, stream, indent=1)
    Path(name).replace(record)


# --- Conversion -------------------------------------------------------------------------------------------------------


def _convert(model: Model, found: Path, target: Path, progress: Progress) -> None:
    """In a process of its own: it needs a gigabyte that the caller must not keep. Whole or not at all."""
    if reason := machine.missing_package(model.engine):
        raise WeightsError(f"{model.name}: {reason}.")
    progress(f"Converting {found.name} to safetensors, once; about a minute")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        workplace = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-"))
    except OSError as error:
        raise WeightsError(f"{model.name}: cannot write to {target.parent}: {error.strerror}.") from error
    try:
        _run_converter(model, found, workplace, progress)
        _publish(workplace, target)
    finally:
        shutil.rmtree(workplace, ignore_errors=True)
    progress(f"Converted {found.name}")


def _run_converter(model: Model, found: Path, workplace: Path, progress: Progress) -> None:
    command = [sys.executable, "-m", "inference.convert_gguf", str(found), str(workplace)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            last = _relay(process, progress)
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise WeightsError(f"{model.name}: converting {found.name} failed: {last or f'exit {process.returncode}'}")


def _relay(process: "subprocess.Popen[str]", progress: Progress) -> str:
    """Pass on the converter's own steps; return its last line, which says why when it failed."""
    last = ""
    for line in process.stdout or ():
        if line.startswith("STEP "):
            progress(line.removeprefix("STEP ").strip())
        last = line.strip() or last
    return last


def _publish(workplace: Path, target: Path) -> None:
    for file in workplace.iterdir():
        file.chmod(0o644)
    workplace.chmod(0o755)
    try:
        workplace.rename(target)
    except OSError:
        # Another process converted the same weights meanwhile and its folder is as good as ours.
        if not target.is_dir():
            raise
