"""Second factors and invitations in a browser, with an authenticator that Chromium makes up."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.accounts.factors import code_of
from tests.browser import PATIENCE_MS
from tests.sites import PASSWORD, Site

pytestmark = pytest.mark.browser
PHONE: ViewportSize = {"width": 360, "height": 740}
# For whoever wants to see the pages.
SHOTS = os.environ.get("CHATSITE_TEST_SHOTS", "")
MAKE = """
from accounts.models import User
User.objects.filter(username="{name}").delete()
User.objects.create_user("{name}", "{name}@example.org", {password!r})
"""
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def seen(page: Page, name: str) -> None:
    """A picture of the page, where one is wanted; none may scroll sideways on a phone."""
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} scrolls sideways"
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


@pytest.fixture
def person(scripted_site: Site, request: pytest.FixtureRequest) -> str:
    """Somebody of this test's own."""
    name = request.node.name.partition("[")[0].rpartition("_")[2]
    scripted_site.manage("shell", "-c", MAKE.format(name=name, password=PASSWORD))
    return str(name)


@pytest.fixture
def page(browser: Browser, scripted_site: Site) -> Iterator[Page]:
    """On the name that passkeys are for: an address of numbers has none."""
    context = browser.new_context(base_url=scripted_site.url.replace("127.0.0.1", "localhost"))
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    assert complaints == []


def sign_in(page: Page, name: str) -> None:
    page.goto("/accounts/login/")
    page.fill("input[name=login]", name)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")


def confirm(page: Page) -> None:
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")


def test_a_passkey_is_added_and_signs_in_alone_and_as_second_factor_of_pia(page: Page, person: str) -> None:
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    sign_in(page, person)
    page.wait_for_url("**/")
    page.goto("/accounts/2fa/passkeys/add/")
    seen(page, "reauthenticate")
    confirm(page)
    page.fill("input[name=name]", "My laptop")
    seen(page, "passkey")
    page.click("[data-passkey-go]")
    page.wait_for_url("**/recovery-codes/")
    seen(page, "codes")
    assert len(re.findall(r"\d{8}", page.inner_text(".codes"))) == 10
    page.goto("/accounts/2fa/")
    expect(page.locator("main")).to_contain_text("My laptop")
    seen(page, "factors")
    page.goto("/accounts/security/")
    seen(page, "security")
    # Alone.
    page.context.clear_cookies()
    page.goto("/accounts/login/")
    seen(page, "login")
    page.click("[data-passkey-go]")
    page.wait_for_url(re.compile(r"/$"))
    expect(page.locator("#prompt")).to_be_visible()
    # After the password.
    page.context.clear_cookies()
    sign_in(page, person)
    page.wait_for_url("**/2fa/authenticate/")
    seen(page, "second-factor")
    page.click("[data-passkey-go]")
    expect(page.locator("#prompt")).to_be_visible()


@pytest.mark.long
def test_an_app_is_set_up_in_the_dark_and_asked_for_of_tom(browser: Browser, page: Page, person: str) -> None:
    page.emulate_media(color_scheme="dark")
    sign_in(page, person)
    page.wait_for_url("**/")
    page.goto("/accounts/2fa/app/activate/")
    confirm(page)
    secret = page.inner_text(".secret")
    seen(page, "app")
    page.fill("input[name=code]", code_of(secret))
    page.press("input[name=code]", "Enter")
    page.wait_for_url("**/recovery-codes/")
    code = page.inner_text(".codes").split()[0]
    page.context.clear_cookies()
    sign_in(page, person)
    page.fill("input[name=code]", "123123")
    page.press("input[name=code]", "Enter")
    expect(page.get_by_role("alert")).to_have_text("Incorrect code.")
    page.fill("input[name=code]", code)
    page.press("input[name=code]", "Enter")
    expect(page.locator("#prompt")).to_be_visible()


@pytest.mark.long
def test_an_invitation_becomes_an_account(browser: Browser, page: Page, scripted_site: Site) -> None:
    page.context.add_cookies([])
    page.goto("/accounts/login/")
    page.fill("input[name=login]", scripted_site.admin)
    page.fill("input[name=password]", scripted_site.password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/")
    page.goto("/admin/accounts/invitation/invite/")
    seen(page, "invite")
    page.click("input[type=submit].default")
    link = page.inner_text(".link-once code")
    seen(page, "invite-link")
    page.goto("/admin/accounts/invitation/")
    seen(page, "invitations")
    page.context.clear_cookies()
    page.goto(link)
    seen(page, "join")
    assert "/accounts/join/" in page.url
    page.fill("input[name=username]", "ines")
    page.fill("input[name=email]", "ines@example.org")
    page.fill("input[name=password1]", "a better word 4")
    page.fill("input[name=password2]", "a better word 4")
    page.press("input[name=password2]", "Enter")
    expect(page.locator("#prompt")).to_be_visible()
