"""The Hugging Face hub: what a repository holds, and the layout of the cache that its tools, vLLM and we share."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from inference import machine
from inference.fetching.errors import FetchError
from inference.fetching.source import Source
from inference.model import Weights

ENDPOINT = "https://huggingface.co"
COMMIT = re.compile(r"[0-9a-f]{40}")
DIGEST = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
YES = {"1", "on", "yes", "true"}
SMALL = (".json", ".jinja", ".model", ".txt", ".md", ".py", ".tiktoken")  # what stands beside weights
WEIGHTS = (".safetensors", ".bin")  # the first of these kinds that there is


@dataclass(frozen=True, slots=True)
class Listing:
    """A repository at one commit."""

    commit: str
    sources: tuple[Source, ...]


def refused_by_settings() -> str:
    """Which setting says that nothing may be downloaded from the hub, or nothing."""
    names = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
    return next((name for name in names if os.environ.get(name, "").lower() in YES), "")


def listing(client: httpx.Client, weights: Weights) -> Listing:
    """What the repository holds of what an engine needs. Raises FetchError."""
    endpoint = os.environ.get("HF_ENDPOINT", "").rstrip("/") or ENDPOINT
    repository, revision = quote(weights.name), quote(weights.revision, safe="")
    address = f"{endpoint}/api/models/{repository}/revision/{revision}?blobs=true"
    where = f"{weights.name} at {weights.revision}"
    found = _asked(client, address, where)
    commit, files = str(found.get("sha")), _files(found.get("siblings"))
    if not COMMIT.fullmatch(commit) or files is None:
        raise FetchError(f"{where}: the answer of {endpoint} is not a hub's.")
    wanted = _wanted(files, weights, where)
    place = f"{endpoint}/{repository}/resolve/{commit}"
    return Listing(commit, tuple(_source(file, place, weights, where) for file in wanted))


def link(repository: Path, listing: Listing, revision: str) -> Path:
    """Name the blobs by their files' names, and the commit by the revision: then the weights are in this folder."""
    snapshot = repository / "snapshots" / listing.commit
    for source in listing.sources:
        name = snapshot / source.name
        name.parent.mkdir(parents=True, exist_ok=True)
        name.unlink(missing_ok=True)
        name.symlink_to(os.path.relpath(repository / "blobs" / source.digest, name.parent))
    if revision != listing.commit:
        reference = repository / "refs" / revision
        reference.parent.mkdir(parents=True, exist_ok=True)
        reference.write_text(listing.commit)
    return snapshot


def authorization() -> dict[str, str]:
    """The header with the person's token, if there is one: from HF_TOKEN, or as ``hf auth login`` left it."""
    file = Path(os.environ.get("HF_TOKEN_PATH") or machine.hub_home() / "token").expanduser()
    token = os.environ.get("HF_TOKEN") or (file.read_text() if file.is_file() else "")
    return {"Authorization": f"Bearer {token.strip()}"} if token.strip() else {}


def _asked(client: httpx.Client, address: str, where: str) -> Mapping[str, Any]:
    try:
        answer = client.get(address, headers=authorization())
        answer.raise_for_status()
        found = answer.json()
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        help_ = "; a token may be needed: set HF_TOKEN" if status in {401, 403} else ""
        raise FetchError(f"{where}: the hub answered with status {status}{help_}.") from error
    except httpx.HTTPError as error:
        raise FetchError(f"{where}: the hub does not answer: {type(error).__name__}.") from error
    except (ValueError, RecursionError) as error:
        raise FetchError(f"{where}: the hub's answer is not JSON.") from error
    return found if isinstance(found, dict) else {}


def _files(siblings: Any) -> dict[str, dict[str, Any]] | None:
    """What is said of each file, by its name; None where that is not said as a hub does."""
    try:
        return {str(file["rfilename"]): {**file, **(file.get("lfs") or {})} for file in siblings}
    except (TypeError, KeyError, AttributeError):
        return None


def _wanted(files: Mapping[str, Any], weights: Weights, where: str) -> list[Any]:
    """The one file that the catalog names; else those of the top folder that an engine loads.

    Folders below hold the same weights again, for other programs.
    """
    if weights.file:
        if weights.file not in files:
            raise FetchError(f"{where} has no file {weights.file}. It has: {', '.join(sorted(files))}.")
        return [files[weights.file]]
    top = sorted(name for name in files if "/" not in name)
    small = [name for name in top if name.endswith(SMALL)]
    for kind in WEIGHTS:
        if large := [name for name in top if name.endswith(kind)]:
            return [files[name] for name in small + large]
    raise FetchError(f'{where} has no {" or ".join(WEIGHTS)} files. For a GGUF file, name it: file = "…".')


def _source(file: Mapping[str, Any], place: str, weights: Weights, where: str) -> Source:
    """Names and digests become paths on this machine, and names are shown on a terminal: they are looked at first."""
    name, size = str(file["rfilename"]), file.get("size")
    digest = str(file.get("sha256") or file.get("blobId"))
    leads_out = ".." in Path(name).parts or Path(name).is_absolute()
    if leads_out or not name.isprintable() or not DIGEST.fullmatch(digest) or not isinstance(size, int | None):
        raise FetchError(f"{where}: the hub's answer has a file {name!r} with digest {digest!r} and size {size!r}.")
    expected = weights.sha256 if isinstance(weights.sha256, str) else weights.sha256.get(name, "")
    if expected and len(digest) == 64 and expected != digest:
        raise FetchError(f"{where}: {name} has the SHA-256 {digest}, but the catalog expects {expected}.")
    return Source(name, f"{place}/{quote(name)}", digest, size, authorization())
