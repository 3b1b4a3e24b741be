"""What strangers can make the site write into its logs."""

import logging

import pytest
from django.test import Client


@pytest.mark.django_db
def test_a_made_up_host_is_one_line_at_most(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert client.get("/accounts/login/", HTTP_HOST="evil.example").status_code == 400
    assert caplog.text.count("\n") <= 1


@pytest.mark.django_db
def test_a_path_does_not_forge_a_line(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    assert client.get("/nothing%0A2026-01-01 CRITICAL forged").status_code == 404
    assert caplog.text.count("\n") == 1
