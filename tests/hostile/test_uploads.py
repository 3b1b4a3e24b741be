"""What is uploaded lies in the data folder while it comes, and what a killed web process left there goes."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.uploadedfile import TemporaryUploadedFile

from chatsite import uploads

ANOTHER = (
    "import sys; from pathlib import Path; from chatsite import uploads; print(uploads.keep_in(Path(sys.argv[1])))"
)


@pytest.fixture(autouse=True)
def usual() -> Iterator[None]:
    before = tempfile.tempdir
    yield
    tempfile.tempdir = before


def test_they_lie_in_the_data_folder_and_are_nobody_elses(tmp_path: Path) -> None:
    own = uploads.keep_in(tmp_path)
    assert own.parent == tmp_path / "uploads"
    assert {folder.stat().st_mode & 0o777 for folder in (own, own.parent)} == {0o700}
    with TemporaryUploadedFile("file.zip", "application/zip", 0, None) as file:
        assert Path(file.temporary_file_path()).parent == own
    with tempfile.SpooledTemporaryFile(max_size=1) as body:  # as Django keeps the body itself
        body.write(b"12")
        assert Path(f"/proc/self/fd/{body.fileno()}").readlink().is_relative_to(own)


def test_what_a_killed_process_left_goes_and_what_another_holds_stays(tmp_path: Path) -> None:
    held = uploads.keep_in(tmp_path)
    (held / "coming").touch()
    left = tmp_path / "uploads" / "of-a-killed-one"
    left.mkdir()
    for name in ("lock", "half"):
        (left / name).touch()
    command = [sys.executable, "-c", ANOTHER, str(tmp_path)]
    another = Path(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())
    assert not left.exists()
    assert (held / "coming").exists()
    assert another.exists()  # it ended without a word
    third = uploads.keep_in(tmp_path)
    assert sorted(another.parent.glob("*/")) == sorted([held, third])
