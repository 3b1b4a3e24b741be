"""The look through the logs finds what it is for: otherwise it would find nothing anywhere."""

import logging
from pathlib import Path

import pytest

from tests import canaries
from tests.canaries import Watch

log = logging.getLogger("tests.canaries")


@pytest.mark.parametrize(
    "line",
    [
        "A frame failed: Tell me something @tokens=40",
        "login by admin, correct horse battery",
        "GET / cookie: sessionid=abcdef",
        "Authorization: Bearer abcdefghijk",
    ],
)
def test_it_sees_text_and_secrets(line: str, tmp_path: Path) -> None:
    assert canaries.found_in(f"before\n{line}\nafter") == [line]
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "web.log").write_text(f"{line}\n")
    assert canaries.in_files(tmp_path) == [f"web.log: {line}"]


def test_it_sees_what_an_exception_says() -> None:
    watch = Watch()
    try:
        raise ValueError("@tokens=3 of a message")
    except ValueError:
        watch.handle(log.makeRecord("x", logging.ERROR, "", 0, "A reply failed", (), __import__("sys").exc_info()))
    assert any("@tokens=3" in line for line in watch.leaked)


def test_usual_lines_are_no_leak(tmp_path: Path) -> None:
    (tmp_path / "printed").write_text("web is up\nSign in as admin with the password of CHATSITE_ADMIN_PASSWORD.\n")
    assert canaries.in_files(tmp_path) == []
    assert canaries.found_in("Bearer of news; 16 tokens; session ended") == []


def test_it_watches_this_process(log_watch: Watch) -> None:
    log.warning("A message said @tokens=1")
    assert log_watch.leaked == ["tests.canaries: A message said @tokens=1"]
    log_watch.leaked.clear()
