"""A setting that cannot be is one line that names it, before anything starts."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from tests.sites import environment, free_port


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
