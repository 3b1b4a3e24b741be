"""A running site, keys of it, and the environment that holds the clients."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.api.clients.told import Told
from tests.sites import Site

PYTHON = Path(sys.prefix) / "clients" / "bin" / "python"
PATIENCE_S = 240  # a client's packages are big, and machines are busy
KEYS = """
from accounts import api_keys
from accounts.models import User
from limits.models import Policy
admin = User.objects.get(username="admin")
over, _new = User.objects.get_or_create(username="over-limit", email="over@example.org")
Policy.objects.get_or_create(user=over, requests_per_minute=0)
print(*(api_keys.create(one, "Clients", scopes=["chat", "models"])[1] for one in (admin, over)))
"""
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def told(scripted_site: Site) -> Told:
    key, limited = scripted_site.manage("shell", "-c", KEYS).split()[-2:]
    metrics = f"http://127.0.0.1:{scripted_site.worker_metrics}/metrics"
    return Told(f"{scripted_site.url}/v1", key, limited, "cs-" + "wrong" * 8 + "key", metrics)


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs a module with the clients' Python, in a home of its own and without what the site's environment says."""
    assert PYTHON.exists(), "the clients are not installed: make test does it"
    home = tmp_path_factory.mktemp("clients")
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG", "TMPDIR"}}
    # LiteLLM would fetch a list of prices, LangChain tell a server of each call.
    own = {
        "HOME": str(home),
        "PYTHONPATH": str(settings.BASE_DIR),
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LANGSMITH_TRACING": "false",
    }

    def start(module: str, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [PYTHON, "-W", "ignore", "-m", module, *arguments],
            cwd=home,
            env={**kept, **own, **more},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    return start


@pytest.fixture(scope="session")
def outcomes(run: Run, told: Told) -> Callable[[str], dict[str, Any]]:
    """How each story of a client came out; it is run when it is first asked for."""
    known: dict[str, dict[str, Any]] = {}

    def of(client: str) -> dict[str, Any]:
        if client not in known:
            ran = run(f"tests.api.clients.with_{client}", *told.arguments)
            assert ran.returncode == 0, ran.stderr[-4000:]
            known[client] = json.loads(ran.stdout.splitlines()[-1])
        return known[client]

    return of
