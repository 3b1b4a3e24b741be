"""The engine page in a browser: it keeps itself new, disturbs nobody, and works on a phone and without scripts."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.page.people import ask, connected, signed_in
from tests.sites import Site

pytestmark = pytest.mark.browser


@pytest.fixture
def admin_page(browser: Browser, scripted_site: Site) -> Iterator[Page]:
    """Grace's page; the test fails if her browser complains about anything."""
    page = signed_in(browser, scripted_site, scripted_site.admin)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    assert complaints == []


def test_a_reply_comes_and_goes_without_a_reload(admin_page: Page, browser: Browser, scripted_site: Site) -> None:
    admin_page.goto("/admin/")
    admin_page.get_by_role("navigation", name="Console").get_by_role("link", name="Engine", exact=True).click()
    expect(admin_page.get_by_text("No reply is being written.")).to_be_visible()
    drain = admin_page.get_by_role("link", name="Drain", exact=True)
    drain.focus()
    person = signed_in(browser, scripted_site, scripted_site.admin)
    connected(person)
    ask(person, "@tokens=4000 @rate=50 Go on")
    row = admin_page.locator("tbody tr", has=admin_page.locator("a[id^=w-]"))
    expect(row).to_have_count(1)
    expect(row).to_contain_text(scripted_site.admin)
    expect(row.locator(".figure").nth(1)).to_have_text(re.compile(r"^[1-9]\d+$"))  # tokens so far
    expect(drain).to_be_focused()
    person.get_by_role("button", name="Stop").click()
    expect(admin_page.get_by_text("No reply is being written.")).to_be_visible()
    expect(admin_page.locator(".ends")).to_contain_text("stopped", timeout=15_000)
    expect(admin_page.locator("svg rect").first).to_be_attached()
    expect(drain).to_be_focused()


def test_a_site_that_does_not_answer_is_said_so_until_it_does(browser: Browser, scripted_site: Site) -> None:
    admin_page = signed_in(browser, scripted_site, scripted_site.admin)
    admin_page.goto("/admin/engine/")
    stale = admin_page.get_by_text("what is shown may be old")
    expect(stale).to_be_hidden()
    admin_page.route("**/admin/engine/live/", lambda route: route.fulfill(status=302, headers={"Location": "/"}))
    expect(stale).to_be_visible()
    admin_page.unroute_all()
    expect(stale).to_be_hidden()


@pytest.mark.long
def test_it_fits_a_phone_in_the_dark(browser: Browser, scripted_site: Site) -> None:
    phone = {"width": 360, "height": 740}
    page = signed_in(browser, scripted_site, scripted_site.admin, viewport=phone, color_scheme="dark")
    page.goto("/admin/engine/")
    expect(page.locator(".figures")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= phone["width"]
    dark = page.evaluate("getComputedStyle(document.querySelector('.figures div')).backgroundColor")
    assert sum(map(int, re.findall(r"\d+", dark)[:3])) < 3 * 80


@pytest.mark.long
def test_without_scripts_it_is_read_and_orders_are_given(browser: Browser, scripted_site: Site) -> None:
    page = signed_in(browser, scripted_site, scripted_site.admin)
    still = browser.new_context(
        base_url=scripted_site.url, java_script_enabled=False, storage_state=page.context.storage_state()
    ).new_page()
    still.goto("/admin/engine/")
    assert "ready" in still.locator("section.module").first.inner_text()
    still.get_by_role("link", name="Rebuild").click()
    still.get_by_role("button", name="Rebuild").click()
    expect(still.get_by_text(re.compile("Asked inference-.* to rebuild"))).to_be_visible()


def test_a_drained_worker_is_replaced_by_a_fresh_one(admin_page: Page, scripted_site: Site) -> None:
    admin_page.goto("/admin/engine/")
    name = re.search(r"inference-\d+", admin_page.get_by_role("rowheader", name="inference-").inner_text())
    assert name
    admin_page.get_by_role("link", name="Drain", exact=True).click()
    expect(admin_page.get_by_text("no text is lost")).to_be_visible()
    admin_page.get_by_role("button", name="Drain").click()
    expect(admin_page.get_by_text("Asked inference-")).to_be_visible()
    fresh = admin_page.locator("tbody tr", has=admin_page.locator('[data-state="ready"]'))
    expect(fresh).to_have_count(1, timeout=30_000)
    expect(fresh).not_to_contain_text(name[0], timeout=30_000)
    assert "ended by itself" in scripted_site.log
