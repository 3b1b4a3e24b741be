"""A setting that cannot be is one line that names it, before anything starts."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from chatsite.addresses import database, watched_redis
from tests.ports import free_port
from tests.sites import environment


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CHATSITE_PROMPT_CHARS", "-1"),
        ("CHATSITE_REPLIES_AT_ONCE", "0"),
        ("CHATSITE_REPLY_TOKENS", "0"),
        ("CHATSITE_PROXIES", "1"),
        ("CHATSITE_HTTPS", "true"),
        ("CHATSITE_PORT", "eighty"),
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "postgre://user:secret@host/name"),
        ("REDIS_URL", "nonsense://host"),
        ("REDIS_URL", "redis://:secret/word@host:6379/0"),
    ],
)
def test_one_line_says_which(tmp_path: Path, name: str, value: str) -> None:
    command = [sys.executable, "manage.py", "run"]
    mine = environment(tmp_path, free_port(), CHATSITE_MODEL="scripted") | {name: value}
    ended = subprocess.run(
        command, env=mine, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=30, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("chatsite: ")
    assert name in ended.stderr
    assert "secret" not in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("read", [database, watched_redis])
@pytest.mark.parametrize("password", ["sec/ret", "sec?ret", "sec?#ret", "12/ret", "se@c/ret", "[sec/ret"])
def test_a_password_that_cuts_its_address_is_not_shown(read: Callable[[str], object], password: str) -> None:
    scheme = "postgres" if read is database else "redis"
    with pytest.raises(ImproperlyConfigured, match="%2F") as refused:
        read(f"{scheme}://user:{password}@host/name")
    shown = str(refused.value)
    assert not any(part in shown for part in ("sec", "ret", "12"))


def test_an_encoded_password_is_taken_as_it_is() -> None:
    assert database("postgres://user:se%2Fc%3Fr%40et@host/name?sslmode=require")["PASSWORD"] == "se/c?r@et"
    assert database("postgres://user@:5432//run/postgresql/name")["HOST"] == "/run/postgresql"
    assert database("postgres://user:12#ret@host/name")["PASSWORD"] == "12#ret"  # as it always was
    assert watched_redis("redis://:se%2Fcret@host:6379/0") is None
    watched = watched_redis("sentinel://:se%2Fcret@one:26379,two/SERVICE/0")
    assert watched
    assert watched.password == "se/cret"
