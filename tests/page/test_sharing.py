"""Two people, two browsers: Alice shares with Bob, Mallory gets nothing, and what is revoked is gone."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.page.people import Held, all_asked, ask, connected, finished, signed_in
from tests.sites import PASSWORD, Site

pytestmark = pytest.mark.browser

MALLORY = f"""
from accounts.models import User
if not User.objects.filter(username="mallory").exists():
    User.objects.create_user("mallory", "mallory@example.org", {PASSWORD!r})
"""
SAY = "@echo=true @tokens=0 "
NOTHING = "Nothing here"


@pytest.fixture
def mallory_page(browser: Browser, team_site: Site) -> Page:
    team_site.manage("shell", "-c", MALLORY)
    return signed_in(browser, team_site, "mallory")


def open_dialog(page: Page) -> None:
    page.locator(".bar-menu-more > summary").click()
    page.locator("[data-share]").click()
    expect(page.locator("#share")).to_be_visible()


def link(page: Page) -> str:
    """The address that the dialog gives."""
    page.locator("#share [data-confirm]").click()
    expect(page.locator("#share [data-made]")).to_be_visible()
    url = page.locator("#share [data-link]").input_value()
    page.keyboard.press("Escape")
    expect(page.locator("#share")).to_be_hidden()
    return url


def choose(page: Page, *names: str) -> None:
    page.locator("#share [value=people]").check()
    for name in names:
        page.locator("#share-person").fill(name)
        page.locator("#share-person").press("Enter")


def status(page: Page, url: str) -> int:
    answer = page.goto(url)
    assert answer
    return answer.status


def test_alice_shares_with_bob_and_takes_it_back(alice_page: Page, bob_page: Page, mallory_page: Page) -> None:
    ask(alice_page, f"{SAY}Is **marmalade** a jam?")
    finished(alice_page)
    open_dialog(alice_page)
    choose(alice_page, "bob")
    url = link(alice_page)
    ask(alice_page, f"{SAY}A later secret")
    finished(alice_page)

    assert status(bob_page, url) == 200
    expect(bob_page.locator(".message")).to_have_count(2)
    expect(bob_page.locator(".prose strong")).to_have_text("marmalade")
    expect(bob_page.locator("body")).not_to_contain_text("later secret")
    bob_page.goto("/shares/")
    expect(bob_page.locator(f'a[href="{re.sub("^https?://[^/]+", "", url)}"]')).to_be_visible()

    assert status(mallory_page, url) == 404
    expect(mallory_page.locator("h1")).to_have_text(NOTHING)

    alice_page.goto("/shares/")
    alice_page.locator(".shares > li").first.get_by_role("button", name="Revoke").click()
    expect(alice_page.locator(".shares > li").first).to_contain_text("revoked")
    assert status(bob_page, url) == 404
    assert alice_page.request.get(url).status == 404


def test_bob_goes_on_in_a_copy_of_his_own(alice_page: Page, bob_page: Page) -> None:
    ask(alice_page, f"{SAY}The first question")
    finished(alice_page)
    open_dialog(alice_page)
    url = link(alice_page)
    bob_page.goto(url)
    bob_page.get_by_role("button", name="Continue this conversation").click()
    connected(bob_page)
    expect(bob_page.locator(".message")).to_have_count(2)
    ask(bob_page, f"{SAY}And the second")
    expect(bob_page.locator(".message")).to_have_count(4)
    finished(bob_page)
    expect(alice_page.locator(".message")).to_have_count(2)


def test_a_dialog_that_is_on_its_way_is_not_asked_for_again(alice_page: Page) -> None:
    ask(alice_page, f"{SAY}Hello")
    finished(alice_page)
    asked: list[str] = []
    alice_page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/share/") else None)
    held = Held(alice_page, re.compile("/share/$"))
    alice_page.locator(".bar-menu-more > summary").click()
    with alice_page.expect_request(re.compile("/share/$")):
        alice_page.locator("[data-share]").click()
    alice_page.locator("[data-share]").dispatch_event("click")
    all_asked(alice_page)
    assert len(asked) == 1, "the other one would take the place of what is typed"
    held.let_go()
    expect(alice_page.locator("#share")).to_be_visible()


@pytest.mark.long
def test_colleagues_are_suggested_and_typing_errors_are_said(alice_page: Page, bob_page: Page) -> None:
    ask(bob_page, f"{SAY}Hello")
    finished(bob_page)
    open_dialog(bob_page)
    dialog = bob_page.locator("#share")
    expect(dialog.locator("[data-people]")).to_be_hidden()
    dialog.locator("[value=people]").check()
    field = dialog.locator("#share-person")
    field.press_sequentially("al")
    expect(dialog.locator('#share-colleagues option[value="alice"]')).to_have_count(1)
    field.press("Enter")
    expect(dialog.locator("[data-chosen] li")).to_have_text(["al"])
    dialog.locator("[data-confirm]").click()
    expect(dialog.locator("[data-error]")).to_have_text("There is no colleague called al.")
    expect(dialog.locator("[data-ask]")).to_be_visible()
    dialog.get_by_role("button", name="Remove al").click()
    expect(field).to_be_focused()
    field.fill("alice")
    bob_page.route("**/share/", lambda route: route.abort())
    dialog.locator("[data-confirm]").click()
    expect(dialog.locator("[data-error]")).to_have_text("That did not reach the site. Try again.")
    expect(dialog.locator("[data-chosen] li")).to_have_text(["alice"])
    bob_page.unroute("**/share/")
    assert status(alice_page, link(bob_page)) == 200


@pytest.mark.long
def test_the_dialog_and_the_page_are_for_the_keyboard_and_a_phone(browser: Browser, team_site: Site) -> None:
    page = signed_in(browser, team_site, "alice", viewport={"width": 360, "height": 640}, locale="zh-CN")
    connected(page)
    ask(page, f"{SAY}{'x' * 300} | 宽 |")
    finished(page)
    open_dialog(page)
    expect(page.locator("#share h2").first).to_have_text("分享这个对话")
    choose(page, "a-very-long-name-that-does-not-fit@a-very-long-host.example.org")
    assert page.evaluate("document.querySelector('#share').scrollWidth") <= 360
    page.keyboard.press("Escape")
    expect(page.locator("#share")).to_be_hidden()
    open_dialog(page)
    page.goto(link(page))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    for address in (page.url, "/shares/"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
