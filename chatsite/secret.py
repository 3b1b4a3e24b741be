"""The secret key that a fresh data folder gets."""

import os
import secrets
from pathlib import Path


def secret_key(path: Path) -> str:
    """The key kept in ``path``; made there, readable by its owner only, when there is none.

    Several processes may start at once: the first to link its key into place wins, the others read that one.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(50))
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()
