"""Alice makes a key, copies it, and revokes it after a question; Bob sees nothing of it."""

import re
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.page.looking import faults
from tests.page.people import signed_in
from tests.sites import Site

pytestmark = pytest.mark.browser

SECRET = re.compile(r"cs-[\w-]{43}")
WIDTHS = [(1280, 800), (360, 740)]


@pytest.fixture(autouse=True)
def without_keys(team_site: Site) -> None:
    team_site.manage("shell", "-c", "from accounts.models import ApiKey; ApiKey.objects.all().delete()")


def open_keys(page: Page) -> None:
    page.locator(".person summary").click()
    page.get_by_role("link", name="API keys").click()
    expect(page.locator("h1")).to_have_text("API keys")


def make(page: Page, name: str) -> str:
    """The secret, as the page shows it."""
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Create key").click()
    return page.locator("[data-secret]").inner_text()


def copied(page: Page) -> str:
    page.get_by_role("button", name="Copy key").click()
    expect(page.locator("#announcer")).to_have_text("Copied")
    return str(page.evaluate("navigator.clipboard.readText()"))


def test_a_key_from_the_menu_to_its_end(alice_page: Page, bob_page: Page) -> None:
    alice_page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_keys(alice_page)
    expect(alice_page.get_by_text("None yet.")).to_be_visible()
    secret = make(alice_page, "Notebook")
    assert SECRET.fullmatch(secret)
    assert copied(alice_page) == secret
    expect(alice_page.locator(".key-example")).to_contain_text(f"Bearer {secret}")
    for width, height in WIDTHS:
        alice_page.set_viewport_size({"width": width, "height": height})
        assert faults(alice_page) == []
        assert alice_page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways"

    alice_page.goto("/accounts/keys/")
    row = alice_page.locator(".kept li")
    expect(row).to_contain_text("Notebook")
    assert secret not in alice_page.content()

    bob_page.goto("/accounts/keys/")
    expect(bob_page.locator(".kept li")).to_have_count(0)

    row.get_by_text("Revoke", exact=True).click()
    expect(row).to_contain_text("This cannot be undone.")
    assert faults(alice_page) == []
    row.get_by_role("button", name="Revoke key").click()
    expect(row).to_contain_text("revoked")
    expect(row.locator("form")).to_have_count(0)


@pytest.mark.long
def test_an_end_in_another_year_is_told_with_it(bob_page: Page) -> None:
    open_keys(bob_page)
    bob_page.get_by_label("Lasts").select_option("365")
    make(bob_page, "Backup")
    end = bob_page.locator(".kept li time").last
    year = str(end.get_attribute("datetime"))[:4]
    assert year != str(bob_page.evaluate("new Date().getFullYear()")), "the premise"
    expect(end).to_contain_text(year)


@pytest.mark.long
def test_all_keys_are_revoked_by_keyboard(alice_page: Page) -> None:
    alice_page.goto("/accounts/keys/")
    for name in ("One", "Two"):
        make(alice_page, name)
    question = alice_page.get_by_text("Revoke all", exact=True)
    question.focus()
    question.press("Enter")
    button = alice_page.get_by_role("button", name="Revoke all keys")
    button.focus()
    button.press("Enter")
    expect(alice_page.locator(".kept li.is-over")).to_have_count(2)
    expect(question).to_have_count(0)


def test_a_refused_form_keeps_what_was_typed(bob_page: Page) -> None:
    bob_page.goto("/accounts/keys/")
    bob_page.get_by_label("Name").fill("Kept")
    for box in bob_page.locator("[name=scopes]").all():
        box.uncheck()
    with bob_page.expect_response(lambda answer: answer.request.method == "POST") as answer:
        bob_page.get_by_role("button", name="Create key").click()
    assert answer.value.status == 422
    expect(bob_page.locator(".library-error")).to_have_text("This field is required.")
    expect(bob_page.get_by_label("Name")).to_have_value("Kept")
    assert faults(bob_page) == []


@pytest.mark.long
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_reads_in_chinese(browser: Browser, team_site: Site, theme: Literal["light", "dark"]) -> None:
    page = signed_in(browser, team_site, "bob", locale="zh-CN", color_scheme=theme)
    page.goto("/accounts/keys/")
    page.locator("[name=name]").fill("笔记本")
    page.get_by_role("button", name="创建密钥").click()
    expect(page.locator("[data-secret]")).to_have_text(SECRET)
    assert faults(page) == []
