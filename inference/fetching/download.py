"""Downloads one file: goes on where it broke off, checks every byte, and only then gives it its name."""

import fcntl
import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import httpx

from inference.fetching.errors import CorruptError, FetchError
from inference.fetching.meter import Meter, size
from inference.fetching.source import Source

VAIN_TRIES = 5  # in a row, without a byte more than ever before
PAUSE_S = 2.0  # before trying again, twice as long each time
RANGE = re.compile(r"bytes (?:(\d{1,18})-\d{1,18}|\*)/(\d{1,18}|\*)", re.ASCII)
ASKED_TO_WAIT = {408, 425, 429, 500, 502, 503, 504}
REFUSALS = {
    401: "the server wants to know who asks: set HF_TOKEN, or sign in with hf auth login",
    403: "the server does not give it to you: accept the model's terms on its page, and set HF_TOKEN",
    404: "the server has no such file",
}
Say = Callable[[str], None]


def download(client: httpx.Client, source: Source, target: Path, say: Say, meter: Meter) -> None:
    """Put the file at ``target``. What is there before is replaced only by a whole file. Raises FetchError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.partial")
    with partial.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise _is_elsewhere(source) from error
        # Between opening and locking, the other may have given this very file its name: it must not be touched then.
        if not partial.exists() or not os.path.samestat(os.fstat(file.fileno()), partial.stat()):
            raise _is_elsewhere(source)
        had = file.seek(0, os.SEEK_END)
        if had:
            say(f"{source.name}: going on after {size(had)}")
        try:
            _Download(client, source, file, partial, meter).run()
        except CorruptError:
            if not had:
                raise
            say(f"{source.name}: what was left of an earlier download is not part of it and was thrown away")
            _Download(client, source, file, partial, meter).run()
        partial.replace(target)


def _is_elsewhere(source: Source) -> FetchError:
    return FetchError(f"{source.name}: another process is downloading it.")


class _Download:
    """One file's way here, over as many connections as it takes."""

    def __init__(self, client: httpx.Client, source: Source, file: BinaryIO, partial: Path, meter: Meter) -> None:
        self._client, self._source, self._file, self._partial, self._meter = client, source, file, partial, meter
        self._total = source.size

    def run(self) -> None:
        """Fetch what is missing, then check the whole."""
        self._meter.begin(self._have())
        most, vain = self._have(), 0
        while not self._is_complete():
            try:
                self._ask()
            except httpx.TooManyRedirects as error:
                endless = "the server sends from one address to the next without end"
                raise FetchError(f"{self._source.name}: {endless}.") from error
            except (httpx.TransportError, _BrokenOffError) as error:
                vain = 0 if self._have() > most else vain + 1
                most = max(most, self._have())
                if vain >= VAIN_TRIES:
                    raise self._gave_up(error) from error
                time.sleep(PAUSE_S * 2**vain if vain else 0)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._meter.end()
        self._check()

    def _is_complete(self) -> bool:
        """A file of unknown size is complete when the server ended it as it had announced."""
        return self._total is not None and self._have() == self._total

    def _have(self) -> int:
        return self._file.seek(0, os.SEEK_END)

    def _begin_anew(self) -> None:
        self._file.truncate(0)
        self._meter.begin(0)

    def _ask(self) -> None:
        have = self._have()
        # A compressed answer would make offsets and sizes mean something else.
        headers = {**self._source.headers, "Accept-Encoding": "identity"}
        if have:
            headers["Range"] = f"bytes={have}-"
        with self._client.stream("GET", self._source.url, headers=headers) as answer:
            self._accept(answer, have)
            if answer.status_code != 416:
                self._receive(answer)
        if not self._is_complete():
            raise _BrokenOffError("the server ended before the file did")

    def _accept(self, answer: httpx.Response, have: int) -> None:
        """Decide where the answer's bytes belong, and refuse what cannot be the file."""
        status = answer.status_code
        first, total = _range(answer)
        if status == 200:
            total = _number(answer.headers.get("Content-Length"))
        if status in ASKED_TO_WAIT:
            raise _BrokenOffError(f"the server answered with status {status}")
        if status not in {200, 206, 416}:
            reason = REFUSALS.get(status, f"the server answered with status {status}")
            raise FetchError(f"{self._source.name}: {reason}.")
        if self._source.size is not None and total is not None and total != self._source.size:
            raise FetchError(
                f"{self._source.name}: the server says that it has {total} bytes, but it must have "
                f"{self._source.size}. The catalog or the revision may be out of date."
            )
        if self._total is None:
            self._total = total
        if status == 416 and have == self._total:
            return
        if status == 416 or (have and (status == 200 or first != have)):
            self._begin_anew()
            if status != 200:
                raise _BrokenOffError("the server does not go on where it broke off")
        self._check_space()

    def _receive(self, answer: httpx.Response) -> None:
        done = self._have()
        for chunk in answer.iter_raw():
            done += len(chunk)
            if self._total is not None and done > self._total:
                self._begin_anew()
                raise FetchError(
                    f"{self._source.name}: the server sends more than the {self._total} bytes it announced."
                )
            self._file.write(chunk)
            self._meter.at(done, self._total)
        if self._total is None:
            self._total = done

    def _check_space(self) -> None:
        missing = (self._total or 0) - self._have()
        free = shutil.disk_usage(self._partial.parent).free
        if free < missing:
            folder = self._partial.parent
            raise FetchError(f"{self._source.name}: {size(missing)} are missing; {folder} has room for {size(free)}.")

    def _check(self) -> None:
        digest = self._source.digest_of(self._partial)
        if digest == self._source.digest:
            return
        self._begin_anew()
        kind = "SHA-1" if self._source.is_git_id else "SHA-256"
        raise CorruptError(
            f"{self._source.name} is corrupt and was thrown away: {kind} {digest}, expected {self._source.digest}. "
            "Try again; if it stays so, the source has another file than the catalog expects."
        )

    def _gave_up(self, error: Exception) -> FetchError:
        reason = str(error) if isinstance(error, _BrokenOffError) else type(error).__name__
        of = f" of {size(self._total)}" if self._total else ""
        return FetchError(
            f"{self._source.name}: broke off after {size(self._have())}{of} ({reason}). "
            "The same command goes on from there."
        )


class _BrokenOffError(Exception):
    """The connection, or the server, may do better next time."""


def _range(answer: httpx.Response) -> tuple[int | None, int | None]:
    """(first byte, size of the file) as the answer says."""
    match = RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    return (_number(match[1]), _number(match[2])) if match else (None, None)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None
