"""The secret key that a fresh data folder gets."""

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def secret_key(path: Path) -> str:
    """The key kept in ``path``; made there, readable by its owner only, when there is none.

    Several processes may start at once: the first to link its key into place wins, the others read that one.
    Raises ImproperlyConfigured when the folder cannot be written or read.
    """
    try:
        if not path.exists():
            _make(path)
        return path.read_text()
    except OSError as error:
        raise ImproperlyConfigured(
            f"the data folder {path.parent} cannot be used: {error.strerror}. See CHATSITE_DATA_DIR."
        ) from error


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(f".{os.getpid()}")
    try:
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(50))
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)
