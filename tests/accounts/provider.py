"""A real OpenID Connect provider, and how a browser goes there and back."""

import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from django.test import Client

from tests.ports import free_port

LOGIN = "/accounts/oidc/oidc/login/"


class Provider:
    """The other site. ``knows`` gives it a person."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer

    def knows(self, subject: str, **claims: Any) -> None:
        httpx.put(f"{self.issuer}/users/{subject}", json=claims).raise_for_status()

    def answer(self, client: Client, subject: str, following: str = "/") -> str:
        """Where it sends the browser back to, once this person has said yes there."""
        there = client.post(LOGIN, {"next": following}).headers["Location"]
        assert there.startswith(self.issuer)
        back = httpx.post(there, data={"sub": subject})
        assert back.status_code == 302, back.text
        parts = urlsplit(back.headers["location"])
        return f"{parts.path}?{parts.query}"

    def sign_in(self, client: Client, subject: str, following: str = "/") -> Any:
        return client.get(self.answer(client, subject, following))


@pytest.fixture(scope="module")
def running() -> Iterator[str]:
    """Its issuer."""
    port = free_port()
    issuer = f"http://localhost:{port}"
    # A process of its own: here its warnings would be errors.
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        deadline = time.monotonic() + 60
        while not _answers(issuer):
            assert server.poll() is None, "the provider ended at once"
            assert time.monotonic() < deadline, "the provider does not answer"
            time.sleep(0.05)
        yield issuer
        server.terminate()


def _answers(issuer: str) -> bool:
    try:
        return httpx.get(f"{issuer}/.well-known/openid-configuration", timeout=30).is_success
    except httpx.HTTPError:
        return False


@pytest.fixture
def provider(running: str, settings: Any) -> Provider:
    """It, and a site that knows it."""
    app = {**settings.OIDC, "client_id": "chatsite", "secret": "shared", "settings": {"server_url": running}}
    settings.OIDC_ISSUER = running
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}}
    return Provider(running)
