"""One file: broken off, resumed, lied about, wrong; and in the end whole or not there."""

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import httpx
import pytest

from inference.fetching import download as module
from inference.fetching.download import download
from inference.fetching.errors import CorruptError, FetchError
from inference.fetching.meter import Meter
from inference.fetching.source import Source
from tests.fetching.server import Server, serving

DATA = bytes(range(256)) * 4000
DIGEST = hashlib.sha256(DATA).hexdigest()
UNKNOWN = -1


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE_S", 0.0)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(Server({"w.gguf": DATA})) as running:
        yield running


class Place:
    """Where the file shall be, and what was said on the way."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server, self.target = server, folder / "models" / "w.gguf"
        self.partial = self.target.with_name("w.gguf.partial")
        self.said: list[str] = []

    def fetch(self, *, size: int = UNKNOWN, digest: str = DIGEST) -> None:
        source = Source("w.gguf", f"{self.server.address}/w.gguf", digest, None if size == UNKNOWN else size)
        with httpx.Client(timeout=5, trust_env=False, follow_redirects=True) as client:
            download(client, source, self.target, self.said.append, Meter(io.StringIO(), "w.gguf"))

    def left(self, data: bytes) -> None:
        """An earlier run broke off here."""
        self.partial.parent.mkdir()
        self.partial.write_bytes(data)


@pytest.fixture
def place(server: Server, tmp_path: Path) -> Place:
    return Place(server, tmp_path)


@pytest.mark.parametrize("size", [UNKNOWN, len(DATA)])
def test_a_file_comes_whole(place: Place, size: int) -> None:
    place.fetch(size=size)
    assert place.target.read_bytes() == DATA
    assert not place.partial.exists()
    assert place.server.asked[0][1]["accept-encoding"] == "identity"


def test_a_connection_that_breaks_again_and_again_is_resumed_where_it_broke(place: Place) -> None:
    place.server.break_after = [1000, 500_000, 1]
    place.fetch()
    assert place.target.read_bytes() == DATA
    assert place.server.ranges("w.gguf") == ["", "bytes=1000-", "bytes=501000-", "bytes=501001-"]


def test_the_next_run_goes_on_from_what_the_last_one_left(place: Place) -> None:
    place.left(DATA[:300_000])
    place.fetch(size=len(DATA))
    assert place.target.read_bytes() == DATA
    assert place.server.ranges("w.gguf") == ["bytes=300000-"]
    assert place.said == ["w.gguf: going on after 300.0 kB"]


def test_a_file_that_only_wanted_its_name_is_not_asked_for_again(place: Place) -> None:
    place.left(DATA)
    place.fetch(size=len(DATA))
    assert place.target.read_bytes() == DATA
    assert not place.server.asked


def test_a_whole_file_of_unknown_size_is_recognised_by_the_servers_refusal(place: Place) -> None:
    place.left(DATA)
    place.fetch()
    assert place.target.read_bytes() == DATA
    assert place.server.ranges("w.gguf") == [f"bytes={len(DATA)}-"]


def test_a_server_that_ignores_ranges_is_taken_from_the_beginning(place: Place) -> None:
    place.server.ignores_range = True
    place.server.break_after = [1000]
    place.fetch()
    assert place.target.read_bytes() == DATA
    assert place.server.ranges("w.gguf") == ["", "bytes=1000-"]


def test_a_server_that_goes_on_elsewhere_is_asked_for_all(place: Place) -> None:
    place.server.starts_elsewhere = True
    place.left(DATA[:1000])
    place.fetch()
    assert place.target.read_bytes() == DATA
    assert place.server.ranges("w.gguf") == ["bytes=1000-", ""]


def test_a_server_that_says_a_size_nobody_can_have_is_asked_for_all(place: Place) -> None:
    place.server.says_of_size = "9" * 5000
    place.left(DATA[:1000])
    place.fetch(size=len(DATA))
    assert place.target.read_bytes() == DATA
    assert place.server.ranges("w.gguf") == ["bytes=1000-", ""]


def test_a_resumed_download_that_is_corrupt_is_thrown_away_said_and_made_anew(place: Place) -> None:
    place.left(b"x" * 1000)
    place.fetch(size=len(DATA))
    assert place.target.read_bytes() == DATA
    assert place.server.ranges("w.gguf") == ["bytes=1000-", ""]
    assert place.said[-1] == "w.gguf: what was left of an earlier download is not part of it and was thrown away"


def test_what_was_left_and_is_longer_than_the_file_is_thrown_away(place: Place) -> None:
    place.left(DATA + b"more")
    place.fetch(size=len(DATA))
    assert place.target.read_bytes() == DATA


def test_wrong_bytes_are_thrown_away_and_named(place: Place) -> None:
    place.server.instead["w.gguf"] = b"y" * len(DATA)
    with pytest.raises(CorruptError) as refusal:
        place.fetch(size=len(DATA))
    assert f"w.gguf is corrupt and was thrown away: SHA-256 {hashlib.sha256(b'y' * len(DATA)).hexdigest()}" in str(
        refusal.value
    )
    assert DIGEST in str(refusal.value)
    assert not place.target.exists()
    assert place.partial.stat().st_size == 0


def test_what_was_there_before_stays_when_the_new_one_is_corrupt(place: Place) -> None:
    place.target.parent.mkdir()
    place.target.write_bytes(b"old")
    place.server.instead["w.gguf"] = b"short"
    with pytest.raises(CorruptError):
        place.fetch()
    assert place.target.read_bytes() == b"old"


def test_a_size_that_is_not_the_expected_one_is_refused_before_a_byte_comes(place: Place) -> None:
    with pytest.raises(FetchError, match=f"says that it has {len(DATA)} bytes, but it must have 7"):
        place.fetch(size=7)
    assert not place.target.exists()


def test_a_server_that_announces_more_than_it_sends_is_given_up(place: Place) -> None:
    place.server.announced = len(DATA) + 50
    place.server.ignores_range = True
    with pytest.raises(FetchError, match=r"w\.gguf: broke off after 1\.0 MB of 1\.0 MB \(RemoteProtocolError\)"):
        place.fetch()
    assert len(place.server.asked) == module.VAIN_TRIES + 1


@pytest.mark.parametrize("page", [b"", b"<p>Sign in to this network first.</p>"])
def test_a_short_page_in_place_of_the_file_is_not_asked_for_for_ever(place: Place, page: bytes) -> None:
    place.server.says_no_length = place.server.ignores_range = True
    place.server.instead["w.gguf"] = page
    with pytest.raises(FetchError, match=r"w\.gguf: broke off after .* \(the server ended before the file did\)"):
        place.fetch(size=len(DATA))
    assert not place.target.exists()


def test_a_server_that_gives_parts_only_is_asked_for_the_next(place: Place) -> None:
    place.server.most = 300_000
    place.left(DATA[:1])
    place.fetch(size=len(DATA))
    assert place.target.read_bytes() == DATA
    assert place.server.ranges("w.gguf") == [f"bytes={first}-" for first in (1, 300_001, 600_001, 900_001)]


def test_a_server_that_announces_less_than_there_is_gives_a_corrupt_file(place: Place) -> None:
    place.server.announced = 1000
    with pytest.raises(CorruptError):
        place.fetch()


def test_a_server_that_is_busy_is_asked_again(place: Place) -> None:
    place.server.statuses = [503, 429, 200]
    place.fetch()
    assert place.target.read_bytes() == DATA


def test_nobody_waits_for_ever_for_a_server_that_stays_busy(place: Place) -> None:
    place.server.statuses = [503] * 20
    with pytest.raises(FetchError, match=r"broke off after 0 bytes \(the server answered with status 503\)"):
        place.fetch()
    assert len(place.server.asked) == module.VAIN_TRIES


def test_a_server_that_sends_in_circles_is_left(place: Place) -> None:
    place.server.elsewhere = place.server.address
    with pytest.raises(FetchError, match=r"^w\.gguf: the server sends from one address to the next without end\.$"):
        place.fetch()


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "set HF_TOKEN"), (403, "accept the model's terms"), (404, "has no such file"), (418, "with status 418")],
)
def test_a_refusal_says_what_helps(place: Place, status: int, words: str) -> None:
    place.server.statuses = [status]
    with pytest.raises(FetchError, match=rf"w\.gguf: .*{words}"):
        place.fetch()
    assert len(place.server.asked) == 1


def test_two_at_once_do_not_write_into_one_file(place: Place) -> None:
    import fcntl  # noqa: PLC0415 - here it plays the other process

    place.left(b"")
    with place.partial.open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(FetchError, match="another process is downloading it"):
            place.fetch()


def test_a_file_that_another_process_named_just_now_is_not_touched(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl  # noqa: PLC0415 - here it lets the other process be quicker

    lock = fcntl.flock

    def late(file: BinaryIO, how: int) -> None:
        place.partial.replace(place.target)
        lock(file, how)

    place.left(DATA)
    place.server.ignores_range = True
    monkeypatch.setattr(fcntl, "flock", late)
    with pytest.raises(FetchError, match="another process is downloading it"):
        place.fetch()
    assert place.target.read_bytes() == DATA
    assert not place.server.asked


def test_a_disk_without_room_is_said_before_a_byte_comes(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    with pytest.raises(FetchError, match=r"1\.0 MB are missing; .* has room for 1\.0 kB"):
        place.fetch()
    assert place.partial.stat().st_size == 0
