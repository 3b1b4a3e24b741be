"""A site without accounts gets one administrator, and only once."""

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.test import RequestFactory
from pytest_django import Settings

from accounts.first_admin import create_first_admin
from accounts.models import User

pytestmark = pytest.mark.django_db
EMAIL = "root@example.org"


def test_a_made_password_opens_the_account() -> None:
    admin = create_first_admin(EMAIL, "")
    assert admin is not None
    assert len(admin.password) >= 16
    request = RequestFactory().get("/")
    assert authenticate(request, username=admin.name, password=admin.password) == User.objects.get()
    assert authenticate(request, email=EMAIL, password=admin.password) == User.objects.get()
    assert authenticate(request, username=admin.name, password=admin.password + "x") is None
    assert User.objects.get().is_superuser


def test_a_preset_password_is_used_and_not_told() -> None:
    admin = create_first_admin(EMAIL, "preset password")
    assert admin is not None
    assert admin.password == ""
    assert User.objects.get().check_password("preset password")


def test_nobody_is_made_beside_an_existing_account(alice: User) -> None:
    assert create_first_admin(EMAIL, "") is None
    assert User.objects.get() == alice


def test_the_command_shows_the_password_on_the_first_run_only(
    capsys: pytest.CaptureFixture[str], settings: Settings
) -> None:
    settings.FIRST_ADMIN_PASSWORD = ""
    call_command("first_admin")
    password = capsys.readouterr().out.rpartition(": ")[2].strip()
    assert User.objects.get().check_password(password)
    call_command("first_admin")
    assert "nothing was changed" in capsys.readouterr().out
