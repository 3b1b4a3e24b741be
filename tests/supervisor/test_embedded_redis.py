"""The embedded Redis: private, persistent, reachable wherever the data folder is."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from chatsite.redis_socket import LONGEST, redis_socket, socket_url
from chatsite.supervisor import embedded_redis
from chatsite.supervisor.preflight import StartError


@contextmanager
def server(data: Path) -> Iterator[redis.Redis]:
    """A server on this folder, killed without warning at the end."""
    spec = embedded_redis.spec(redis_socket(data), data / "redis")
    with subprocess.Popen(spec.command, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while not spec.is_up():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        with redis.Redis.from_url(socket_url(redis_socket(data))) as client:
            yield client
        process.kill()


def test_it_keeps_what_it_was_told_when_it_is_killed(tmp_path: Path) -> None:
    with server(tmp_path) as client:
        client.set("kept", "value")
    with server(tmp_path) as client:
        assert client.get("kept") == b"value"


def test_only_its_user_can_open_it_and_no_port_is_open(tmp_path: Path) -> None:
    with server(tmp_path) as client:
        assert redis_socket(tmp_path).stat().st_mode & 0o077 == 0
        assert client.config_get("port")["port"] == "0"
        assert client.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"


def test_nobody_answers_where_none_listens(tmp_path: Path) -> None:
    assert not embedded_redis.answers(tmp_path / "redis.sock")


@pytest.mark.parametrize("extra", [0, 1])
def test_a_path_up_to_the_limit_is_used_itself(extra: int) -> None:
    data = Path("/" + "d" * (LONGEST - len("//redis.sock") + extra))
    assert (redis_socket(data).parent == data) is (extra == 0)
    assert len(bytes(redis_socket(data))) <= LONGEST


def test_long_paths_have_folders_of_their_own() -> None:
    one, other = Path("/" + "long" * 40), Path("/" + "long" * 41)
    assert redis_socket(one) != redis_socket(other)
    assert redis_socket(one) == redis_socket(one)


def test_nothing_is_left_outside_the_data_folder(tmp_path: Path) -> None:
    data = tmp_path / ("long" * 30)
    outside = redis_socket(data)
    with server(data):
        assert outside.exists()
    embedded_redis.clear(outside, data / "redis")
    assert not outside.parent.exists()
    assert (data / "redis").exists()


def test_a_folder_that_others_can_write_to_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "planted"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(StartError, match="only this user can write"):
        embedded_redis.spec(folder / "redis.sock", tmp_path / "redis")


def test_a_link_planted_where_the_socket_goes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "planted").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StartError, match="only this user can write"):
        embedded_redis.spec(tmp_path / "planted" / "redis.sock", tmp_path / "redis")
