"""Looking for what was said, at the page: by keyboard, with results in the place of the list."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.page.people import Held, ask, connected, finished, signed_in
from tests.sites import Site

pytestmark = pytest.mark.browser

SAY = "@tokens=0 @echo=true "
INDEX = "from conversations.search import index; index.catch_up()"


def said(page: Page, site: Site, *texts: str) -> None:
    """A conversation in which all of this was said, and the index knows."""
    page.goto("/")
    connected(page)
    for text in texts:
        ask(page, SAY + text)
        expect(page.locator(".message[data-role=user]").last).to_contain_text(text)
        finished(page)
    site.manage("shell", "-c", INDEX)


def look_for(page: Page, text: str) -> None:
    page.keyboard.press("Control+k")
    expect(page.locator("#query")).to_be_focused()
    page.keyboard.type(text)


def test_what_was_said_is_found_and_opened_by_keyboard(alice_page: Page, team_site: Site) -> None:
    said(alice_page, team_site, "Where does the zanzibarquokka live?", "And what does it eat?")
    first = alice_page.locator(".message").first.get_attribute("data-message")
    said(alice_page, team_site, "稀疏激活是什么")
    look_for(alice_page, "zanzibarq")
    found = alice_page.locator("#found")
    expect(found.locator(".found")).to_have_count(1)
    expect(found.locator(".found-said mark").first).to_have_text("zanzibarq")
    expect(alice_page.locator("#shelf")).to_be_hidden()
    expect(alice_page.locator("#found-status")).to_have_text("1 conversation")
    alice_page.keyboard.press("ArrowDown")
    expect(found.locator(".found-title")).to_be_focused()
    alice_page.keyboard.press("ArrowDown")
    expect(found.locator(".found-said").first).to_be_focused()
    found.locator(f'a[href$="?m={first}"]').focus()
    alice_page.keyboard.press("Enter")
    alice_page.wait_for_url(f"**/c/*/?m={first}")
    expect(alice_page.locator(f'[data-message="{first}"]')).to_be_focused()
    expect(alice_page.locator(f'[data-message="{first}"]')).to_be_in_viewport()
    connected(alice_page)


def test_what_is_shown_again_is_not_waited_for(alice_page: Page, team_site: Site) -> None:
    said(alice_page, team_site, "What does the okapizebra eat?")
    look_for(alice_page, "okapizebra")
    found = alice_page.locator("#found")
    expect(found.locator(".found-said mark").first).to_have_text("okapizebra")  # who types slowly is answered before
    Held(alice_page, re.compile(r"/search/\?"))
    with alice_page.expect_request(re.compile("okapizebrax")):
        alice_page.keyboard.type("x")
    alice_page.keyboard.press("Backspace")
    expect(found).not_to_have_attribute("aria-busy", "true")
    expect(found.locator(".found")).to_have_count(1)


def test_chinese_is_found_and_escape_brings_the_list_back(alice_page: Page, team_site: Site) -> None:
    said(alice_page, team_site, "请解释“稀疏激活”的概念")
    look_for(alice_page, "稀疏")
    expect(alice_page.locator("#found mark").first).to_have_text("稀疏")
    alice_page.keyboard.press("ArrowDown")
    alice_page.keyboard.press("Escape")
    expect(alice_page.locator("#query")).to_be_focused()
    expect(alice_page.locator("#query")).to_have_value("")
    expect(alice_page.locator("#shelf")).to_be_visible()
    expect(alice_page.locator("#found")).to_be_hidden()


@pytest.mark.long
def test_what_nobody_said_and_what_cannot_be_looked_for_is_told(bob_page: Page) -> None:
    look_for(bob_page, "xyzzyplugh")
    expect(bob_page.locator("#found-status")).to_have_text("Nothing was found.")
    with bob_page.expect_response(re.compile("/search/.q=")) as answer:
        bob_page.fill("#query", "!!!")
    assert answer.value.status == 400
    expect(bob_page.locator("#found")).to_contain_text("Write a word to look for.")


@pytest.mark.long
def test_filters_narrow_what_is_found(alice_page: Page, team_site: Site) -> None:
    said(alice_page, team_site, "a wombatfilter")
    look_for(alice_page, "wombatfilter")
    said_here = alice_page.locator("#found .found-said")
    expect(said_here).to_have_count(2)
    alice_page.click("#search-filters summary")
    alice_page.select_option("select[name=role]", "assistant")
    expect(said_here).to_have_count(1)
    expect(said_here).to_contain_text("Reply")
    expect(alice_page.locator("[data-active]")).to_have_text("1")
    alice_page.fill("input[name=until]", "2020-01-01")
    expect(alice_page.locator("#found-status")).to_have_text("Nothing was found.")
    alice_page.click("[data-clear]")
    expect(said_here).to_have_count(2)


@pytest.mark.long
def test_who_types_on_gets_the_newest_answer(alice_page: Page, team_site: Site) -> None:
    said(alice_page, team_site, "a numbatrace")
    alice_page.route("**/search/?q=numb", lambda route: None)  # which is never answered
    look_for(alice_page, "numb")
    alice_page.wait_for_event("request", lambda request: "q=numb" in request.url)
    with alice_page.expect_event("requestfailed", lambda request: request.url.endswith("q=numb")):
        alice_page.keyboard.type("atrace")
    expect(alice_page.locator("#found .found")).to_have_count(1)


@pytest.mark.long
def test_each_finds_their_own(browser: Browser, alice_page: Page, bob_page: Page, team_site: Site) -> None:
    said(alice_page, team_site, "my secretbilby")
    look_for(bob_page, "secretbilby")
    expect(bob_page.locator("#found-status")).to_have_text("Nothing was found.")
    look_for(alice_page, "secretbilby")
    expect(alice_page.locator("#found .found")).to_have_count(1)


@pytest.mark.long
def test_on_a_phone_the_search_is_in_the_drawer(browser: Browser, alice_page: Page, team_site: Site) -> None:
    said(alice_page, team_site, "a phonedunnart")
    page = signed_in(browser, team_site, "alice", viewport={"width": 360, "height": 740})
    connected(page)
    look_for(page, "phonedunnart")
    expect(page.locator("#found .found")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("#query")).to_be_visible()  # one Escape clears, and closes nothing
    page.keyboard.press("Escape")
    expect(page.locator("#query")).to_be_hidden()


@pytest.mark.long
def test_without_a_network_it_says_so_and_tries_again(bob_page: Page) -> None:
    look_for(bob_page, "a")
    expect(bob_page.locator("#found-status")).not_to_be_empty()
    bob_page.route("**/search/?q=*", lambda route: route.fulfill(status=500, body="no"))
    bob_page.fill("#query", "wombat")
    expect(bob_page.locator("#found")).to_contain_text("did not reach the site")
    expect(bob_page.locator("#found-status")).not_to_have_text("Nothing was found.")
    bob_page.unroute("**/search/?q=*")
    bob_page.fill("#query", "xyzzyplughs")
    expect(bob_page.locator("#found-status")).to_have_text("Nothing was found.")
    expect(bob_page.locator("#found")).not_to_contain_text("did not reach")
