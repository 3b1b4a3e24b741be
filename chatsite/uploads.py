"""Where a web process keeps what is uploaded while it comes: on the disk of the data folder. ``/tmp`` may be memory."""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import IO

FOLDER = "uploads"  # in the data folder: in it one folder for each web process, locked as long as that lives
LOCK = "lock"


def keep_in(data: Path) -> Path:
    """From now on temporary files of this process lie there, in a folder of its own; those of killed processes go.

    On a disk that locks nothing they stay.
    """
    folder = data / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _opened(folder) as whole:
        if _locks(whole):  # nobody clears what another has made and not locked yet
            for left in folder.glob("*/"):
                _clear(left)
        own = Path(tempfile.mkdtemp(dir=folder))
        _locks(os.open(own / LOCK, os.O_RDWR | os.O_CREAT, 0o600))  # until the process ends, however it does
    tempfile.tempdir = str(own)
    return own


def _clear(left: Path) -> None:
    with _opened(left) as lock:
        if _locks(lock, fcntl.LOCK_NB):  # its process is gone
            shutil.rmtree(left)


def _locks(file: IO[str] | int, how: int = 0) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | how)
    except OSError:
        return False
    return True


def _opened(folder: Path) -> IO[str]:
    """The lock file of a folder: shared disks lock no folders."""
    return os.fdopen(os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600), "r+")
