"""What the site leaves on the disk is for its own user, however open the folder is that it was given."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatsite.supervisor import preflight
from tests.sites import Site

OPEN = {"static", "printed"}  # the latter is the test's own


@pytest.fixture
def same_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def others_may(folder: Path) -> list[str]:
    """What other users of the machine may read or write there, but for what every visitor may read."""
    found = [path for path in folder.rglob("*") if path.relative_to(folder).parts[0] not in OPEN]
    return [str(path.relative_to(folder)) for path in found if stat.S_IMODE(path.stat().st_mode) & 0o077]


def test_a_site_in_an_open_folder_keeps_its_files_to_itself(scripted_site: Site) -> None:
    assert (scripted_site.data / "chatsite.sqlite3").exists()
    assert others_may(scripted_site.data) == []


def test_an_older_database_is_closed_to_others(tmp_path: Path, same_umask: None) -> None:
    (tmp_path / "chatsite.sqlite3").touch(mode=0o644)
    with preflight.lock(tmp_path):
        preflight.keep_private(tmp_path)
    (tmp_path / "new").touch()
    assert others_may(tmp_path) == []
