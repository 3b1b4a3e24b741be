"""What the site leaves on the disk is for its own user, however open the folder is that it was given."""

import stat
from pathlib import Path

from chatsite.supervisor import preflight
from tests.sites import Site


def others_may(folder: Path) -> list[str]:
    """What other users of the machine may read or write there, but for what every visitor may read."""
    found = [path for path in folder.rglob("*") if path.relative_to(folder).parts[0] != "static"]
    return [str(path.relative_to(folder)) for path in found if stat.S_IMODE(path.stat().st_mode) & 0o077]


def test_a_site_in_an_open_folder_keeps_its_files_to_itself(scripted_site: Site) -> None:
    assert (scripted_site.data / "chatsite.sqlite3").exists()
    assert others_may(scripted_site.data) == ["printed"]  # the test's own


def test_an_older_database_is_closed_to_others(tmp_path: Path) -> None:
    (tmp_path / "chatsite.sqlite3").touch(mode=0o644)
    with preflight.lock(tmp_path):
        preflight.keep_private(tmp_path)
    assert others_may(tmp_path) == []
