"""A Redis that Sentinels watch: its address, and a failover while a reply is written."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from kombu.connection import Connection
from kombu.utils.url import parse_url

from chatsite.environment import ROOT
from inference import sentinels
from inference.engines.scripted.script import PIECES
from inference.sentinels import ASKING, Pool, Watched, watched
from tests.cluster.sentinels import Watched as Running
from tests.cluster.sentinels import watched as running
from tests.sites import Site
from tests.sites import running as site_running
from tests.waiting import until

LINES_BEFORE = 20  # of a stream: half a second of text


@pytest.fixture
def servers() -> Iterator[Running]:
    with tempfile.TemporaryDirectory(prefix="chatsite-sentinels-") as folder, running(Path(folder)) as made:
        yield made


def test_an_address_says_who_watches_what() -> None:
    assert watched("sentinel://one:1,two/SERVICE/3") == Watched((("one", 1), ("two", 26379)), "SERVICE", 3)
    assert watched("sentinel://[::1]:5,[::2]/S") == Watched((("::1", 5), ("::2", 26379)), "S")
    assert watched("sentinel://me:s%40crt@one/S") == Watched((("one", 26379),), "S", 0, "me", "s@crt")
    assert watched("redis://one/0") is None
    assert watched("unix:///tmp/redis.sock") is None


@pytest.mark.parametrize("url", ["sentinel://one", "sentinel:///S", "sentinel://one:port/S", "sentinel://one/S/first"])
def test_what_is_no_such_address_is_told_what_is(url: str) -> None:
    with pytest.raises(ValueError, match=r"must look like sentinel://user:password@one:26379,two:26379/SERVICE/0"):
        watched(url)


def test_settings_name_the_variable_that_is_wrong(tmp_path: Path) -> None:
    environment = {**os.environ, "REDIS_URL": "sentinel://one", "CHATSITE_DATA_DIR": str(tmp_path)}
    environment["DJANGO_SETTINGS_MODULE"] = "chatsite.settings"
    command = [sys.executable, "-c", "import chatsite.settings"]
    asked = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "REDIS_URL names Sentinels, and it must look like" in asked.stderr


def test_celery_and_the_channel_layer_are_told_in_their_words() -> None:
    there = watched("sentinel://:secret@one,two:2/S/1")
    assert there is not None
    assert there.broker_url == "sentinel://:secret@one:26379/1;sentinel://:secret@two:2/1"
    assert there.channel_host == {
        "sentinels": [("one", 26379), ("two", 2)],
        "master_name": "S",
        "sentinel_kwargs": {"socket_timeout": 2.0},
        "db": 1,
        "password": "secret",
    }


def test_celery_reads_what_was_written() -> None:
    there = watched("sentinel://me:s%40%2Fc%3Brt@[::1]:5,two/S/1")
    assert there is not None
    first, second = map(parse_url, there.broker_url.split(";"))
    assert (first["hostname"], first["port"], second["hostname"]) == ("::1", 5, "two")
    assert {(one["userid"], one["password"]) for one in (first, second)} == {("me", "s@/c;rt")}


def test_after_a_failover_everybody_asks_the_new_primary(servers: Running) -> None:
    client = sentinels.client(servers.url, socket_timeout=5)
    cache = redis.Redis(connection_pool=Pool.from_url(servers.url))
    celery = _broker(servers)
    asking = (client, cache, celery.default_channel.client)
    assert client.set("said", "before")
    assert client.wait(1, 5000) == 1
    assert [_asked(one) for one in asking] == [b"before"] * 3
    assert _is_given_up_within_s(celery) < 15
    before = servers.primary
    servers.kill_primary()
    until(lambda: servers.primary != before, seconds=60, what="another primary")
    for one in asking:
        assert until(partial(_asked, one), seconds=30, what="an answer") == b"before"
        one.close()
    celery.release()


def _is_given_up_within_s(celery: Any) -> int:
    """How long Celery waits for a machine that is gone and says nothing any more."""
    made = celery.default_channel.client.connection_pool.get_connection()
    line = made._sock
    assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    names = (socket.TCP_KEEPIDLE, socket.TCP_KEEPCNT, socket.TCP_KEEPINTVL)
    silent_s, tries, apart_s = (line.getsockopt(socket.IPPROTO_TCP, name) for name in names)
    celery.default_channel.client.connection_pool.release(made)
    return int(silent_s + tries * apart_s)


def _broker(servers: Running) -> Any:
    """As Celery makes it of the site's settings."""
    there = watched(servers.url)
    assert there is not None
    options = {**settings.CELERY_BROKER_TRANSPORT_OPTIONS, "master_name": there.service, **ASKING}
    return Connection(there.broker_url, transport_options=options)  # type: ignore[no-untyped-call]  # kombu has no types


def _asked(client: redis.Redis) -> object:
    try:
        return client.get("said")
    except redis.RedisError:
        return None


@pytest.mark.long
def test_a_reply_goes_on_over_a_failover(servers: Running) -> None:
    with site_running(120, CHATSITE_MODEL="scripted", REDIS_URL=servers.url) as site:
        key = site.manage("create_api_key", "admin", "--name", "failover").strip()
        lines: list[str] = []
        with _ask(site, key, "@tokens=300 @rate=20 Go on") as reading:
            for line in reading.stdout or ():
                lines.append(line)
                if len(lines) == LINES_BEFORE:
                    assert _said(lines)
                    servers.kill_primary()
        assert reading.returncode == 0, site.log[-3000:]
        assert len(lines) > LINES_BEFORE
        assert "data: [DONE]\n" in lines
        assert sum('"finish_reason":"stop"' in line for line in lines) == 1
        assert _said(lines) in "".join(PIECES) * 20  # nothing is lost in between, nothing said twice
        assert "200" in _ask(site, key, "@tokens=5 And now?").communicate(timeout=60)[0]
        assert site.stop(signal.SIGTERM) == 0


def _said(lines: list[str]) -> str:
    """The text in the events of a stream."""
    events = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: {")]
    return "".join(event["choices"][0]["delta"].get("content") or "" for event in events if event["choices"])


def _ask(site: Site, key: str, text: str) -> "subprocess.Popen[str]":
    """A program that reads a stream, apart from this one."""
    program = (
        "import httpx, sys\n"
        "url, key, text = sys.argv[1:]\n"
        "body = {'model': 'scripted', 'stream': True, 'messages': [{'role': 'user', 'content': text}]}\n"
        "with httpx.stream('POST', url, json=body, headers={'Authorization': 'Bearer ' + key}, timeout=120) as told:\n"
        "    print(told.status_code)\n"
        "    for line in told.iter_lines():\n"
        "        print(line, flush=True)\n"
    )
    command = [sys.executable, "-c", program, f"{site.url}/v1/chat/completions", key, text]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
