"""The console in a browser: it fits a phone, keeps the theme one chose, and its announcements can be put away."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.page.people import connected, signed_in
from tests.sites import Site

pytestmark = pytest.mark.browser

PHONE = {"width": 360, "height": 740}
PAGES = [
    "/admin/",
    "/admin/models/",
    "/admin/security/",
    "/admin/usage/",
    "/admin/accounts/user/",
    "/admin/accounts/user/1/overview/",
    "/admin/accounts/user/1/change/",
    "/admin/accounts/user/1/password/",
    "/admin/accounts/user/1/restrain/",
    "/admin/auth/group/",
    "/admin/auth/group/add/",
    "/admin/limits/policy/",
    "/admin/limits/policy/add/",
    "/admin/limits/restraint/",
    "/admin/moderation/rule/",
    "/admin/moderation/incident/",
    "/admin/conversations/conversation/",
    "/admin/conversations/message/",
    "/admin/console/banner/add/",
    "/admin/audit/entry/",
    "/admin/audit/hold/",
    "/admin/audit/receipt/",
    "/admin/accounts/user/1/hold/",
    "/admin/retention/rule/",
    "/admin/retention/rule/add/",
    "/accounts/data/",
]


def brightness(page: Page, selector: str = "body") -> int:
    """Of a background, from 0 to 765."""
    colour = page.evaluate("selector => getComputedStyle(document.querySelector(selector)).backgroundColor", selector)
    return sum(map(int, re.findall(r"\d+", colour)[:3]))


@pytest.fixture
def phone(browser: Browser, scripted_site: Site) -> Iterator[Page]:
    """A small dark screen; the test fails if the browser complains of anything, such as a breach of the policy."""
    page = signed_in(browser, scripted_site, scripted_site.admin, viewport=PHONE, color_scheme="dark")
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    assert complaints == []


@pytest.mark.long
def test_every_page_fits_a_phone_in_the_dark(phone: Page) -> None:
    for where in PAGES:
        answer = phone.goto(where)
        assert answer is not None
        assert answer.ok, where
        assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], where
        assert brightness(phone) < 3 * 80, where
        expect(phone.locator("h1")).to_be_visible()


def test_on_a_phone_the_navigation_opens_leads_on_and_closes(phone: Page) -> None:
    phone.goto("/admin/")
    navigation = phone.get_by_role("navigation", name="Console")
    expect(navigation).to_be_hidden()
    phone.get_by_role("button", name="Show the navigation").click()
    expect(navigation).to_be_visible()
    phone.keyboard.press("Escape")
    expect(navigation).to_be_hidden()
    phone.get_by_role("button", name="Show the navigation").click()
    navigation.get_by_role("link", name="Policies").click()
    expect(phone.get_by_role("heading", name="Policies", level=1)).to_be_visible()
    expect(navigation).to_be_hidden()


def test_filters_open_one_at_a_time_and_narrow_the_list(phone: Page) -> None:
    phone.goto("/admin/accounts/user/")
    role, state = phone.locator(".filter", has_text="Role").first, phone.locator(".filter", has_text="State").first
    role.locator("summary").click()
    expect(role.get_by_role("link", name="auditor")).to_be_visible()
    state.locator("summary").click()
    expect(role.get_by_role("link", name="auditor")).to_be_hidden()
    state.get_by_role("link", name="may not sign in").click()
    expect(phone.locator(".filter summary.on")).to_contain_text("may not sign in")
    expect(phone.get_by_role("link", name="Clear all filters")).to_be_visible()
    phone.get_by_role("link", name="Clear all filters").click()
    expect(phone.locator("#result_list tbody tr").first).to_be_visible()


def test_the_theme_one_chose_stays(browser: Browser, scripted_site: Site) -> None:
    page = signed_in(browser, scripted_site, scripted_site.admin, color_scheme="dark")
    page.goto("/admin/")
    assert brightness(page) < 3 * 80
    choose_theme(page, "light")
    try:
        page.goto("/admin/usage/")
        assert brightness(page) > 3 * 200
    finally:
        choose_theme(page, "system")


def choose_theme(page: Page, theme: str) -> None:
    page.goto("/accounts/appearance/")
    with page.expect_response("**/accounts/appearance/"):
        page.locator(f"[name=theme][value={theme}]").check(force=True)


def test_one_goes_to_the_chat_and_signs_out(browser: Browser, scripted_site: Site) -> None:
    page = signed_in(browser, scripted_site, scripted_site.admin)
    page.goto("/admin/usage/")
    page.get_by_role("link", name="Back to the chat").click()
    connected(page)


def test_an_announcement_is_put_away_until_its_words_change(browser: Browser, scripted_site: Site) -> None:
    admin = signed_in(browser, scripted_site, scripted_site.admin)
    admin.goto("/admin/console/banner/add/")
    admin.get_by_label("Text").fill("The engine moves at six.")
    admin.get_by_role("button", name="Save and continue editing").click()
    expect(admin.locator(".banner")).to_contain_text("The engine moves at six.")
    edited = admin.url
    try:
        person = signed_in(browser, scripted_site, scripted_site.admin, viewport=PHONE)
        announcement = person.locator(".banner")
        expect(announcement).to_have_count(1)
        expect(announcement).to_be_visible()
        announcement.get_by_role("button", name="Hide this announcement").click()
        expect(announcement).to_be_hidden()
        person.reload()
        connected(person)
        expect(announcement).to_be_hidden()
        admin.goto(edited)
        admin.get_by_label("Text").fill("The engine moves at seven.")
        admin.get_by_role("button", name="Save", exact=True).click()
        person.reload()
        expect(announcement).to_contain_text("at seven")
        expect(announcement).to_be_visible()
    finally:
        admin.goto(edited.replace("change/", "delete/"))
        admin.get_by_role("button", name=re.compile("Yes")).click()
        admin.wait_for_url("**/banner/")
