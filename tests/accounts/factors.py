"""What people do with second factors in tests."""

import re
import time

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client

PERIOD_S = 30


def code_of(secret: str, ahead: int = 0) -> str:
    """What an authenticator app shows for this secret, now or some periods ahead."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // PERIOD_S + ahead)))


def sign_in(client: Client, name: str) -> str:
    """With the password; where that leads."""
    answer = client.post("/accounts/login/", {"login": name, "password": f"{name}'s password"})
    assert answer.status_code == 302
    return str(answer.headers["Location"])


def confirm(client: Client, name: str) -> None:
    """That it is still them."""
    assert client.post("/accounts/reauthenticate/", {"password": f"{name}'s password"}).status_code == 302


def set_up_app(client: Client) -> tuple[str, list[str]]:
    """The secret of the app, and the recovery codes."""
    html = client.get("/accounts/2fa/app/activate/").content.decode()
    secret = re.search(r'class="secret">(\w+)<', html)
    assert secret
    answer = client.post("/accounts/2fa/app/activate/", {"code": code_of(secret[1])}, follow=True)
    codes = re.findall(r"^(?:<pre[^>]*>)?(\d{8})$", answer.content.decode(), re.M)
    return secret[1], codes
