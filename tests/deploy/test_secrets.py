"""Settings that are files, and whether a container is well."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from chatsite.environment import read
from tests.deploy.files import DOCKER
from tests.ports import free_port


def test_a_setting_may_be_what_a_file_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "port").write_text("8123\n")
    monkeypatch.setenv("CHATSITE_PORT_FILE", str(tmp_path / "port"))
    monkeypatch.setenv("CHATSITE_PORT", "")
    assert read("CHATSITE_PORT") == 8123


def test_what_is_set_itself_counts_more_than_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "port").write_text("8123")
    monkeypatch.setenv("CHATSITE_PORT_FILE", str(tmp_path / "port"))
    monkeypatch.setenv("CHATSITE_PORT", "8124")
    assert read("CHATSITE_PORT") == 8124


@pytest.mark.parametrize(("content", "reason"), [(None, "No such file"), (b"\xff\xfe", "not text")])
def test_a_file_that_cannot_be_read_is_named_and_nothing_of_it_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, reason: str
) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    monkeypatch.setenv("CHATSITE_SECRET_KEY", "")
    monkeypatch.setenv("CHATSITE_SECRET_KEY_FILE", str(tmp_path / "key"))
    with pytest.raises(ImproperlyConfigured, match=f"CHATSITE_SECRET_KEY_FILE=.*key' cannot be read: {reason}"):
        read("CHATSITE_SECRET_KEY")


def script(name: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-I", str(DOCKER / name), *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=settings.BASE_DIR, check=False)


def test_who_does_not_answer_is_not_well() -> None:
    asked = script("healthy.py", f"{free_port()}/healthz")
    assert asked.returncode == 1
    assert "refused" in asked.stderr


@pytest.mark.parametrize("name", ["healthy.py", "make_secrets.py"])
def test_who_asks_wrongly_is_told_how(name: str) -> None:
    asked = script(name)
    assert asked.returncode == 2
    assert asked.stderr.startswith(f"Usage: python docker/{name}")


def test_a_start_that_was_cut_off_leaves_no_half_of_a_secret(tmp_path: Path) -> None:
    site, monitoring = tmp_path / "site", tmp_path / "monitoring"
    site.mkdir()
    monitoring.mkdir()
    (site / "secret_key.new").write_text("ha")
    assert script("make_secrets.py", str(site), str(monitoring)).returncode == 0
    assert len((site / "secret_key").read_text()) > 40
    assert not list(site.glob("*.new"))
