"""``python docker/make_secrets.py SECRETS MONITORING``: the secrets that a first start makes, and later ones leave.

Each is a file that its owner may write and its group read: the site's own in the first folder, those that Prometheus
and Grafana read in the second. The database's name, server and user are those of ``compose.yml``.
"""

import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

BYTES = 32


def main() -> int:
    if len(sys.argv) != 3:
        sys.stderr.write("Usage: python docker/make_secrets.py SECRETS MONITORING\n")
        return 2
    site, monitoring = map(Path, sys.argv[1:])
    _keep(site / "secret_key", _random)
    _keep(site / "admin_password", _random)
    password = _keep(site / "database_password", _random)
    _keep(site / "database_url", lambda: f"postgres://chatsite:{password}@postgres/chatsite")
    token = _keep(monitoring / "metrics_token", _random)
    _keep(site / "metrics_token", lambda: token)
    _keep(monitoring / "grafana_password", _random)
    return 0


def _random() -> str:
    return secrets.token_urlsafe(BYTES)


def _keep(file: Path, make: Callable[[], str]) -> str:
    """What the file holds; made first where there is none. A start that was cut off leaves no half of one."""
    if not file.exists():
        draft = file.with_suffix(".new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "w") as written:
            written.write(make())
        draft.replace(file)
    return file.read_text()


if __name__ == "__main__":
    sys.exit(main())
