"""What is typed and not sent, on two devices of one person: it follows them, and no word of either is lost."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, WebSocketRoute, expect

from tests.page.people import Held, ask, connected, finished, signed_in
from tests.sites import Site

pytestmark = pytest.mark.browser

SAY = "@echo=true @tokens=0 "
IS_SAVED = """text => Object.values(sessionStorage).some(one => {
    const kept = JSON.parse(one);
    return kept.saved && kept.text === text;
})"""


@pytest.fixture
def phone(browser: Browser, team_site: Site, alice_page: Page) -> Iterator[Page]:
    """Alice's other device; both are at the same conversation, in which one reply was written."""
    alice_page.evaluate("sessionStorage.clear()")
    ask(alice_page, f"{SAY}begun")
    finished(alice_page)
    page = signed_in(browser, team_site, "alice", viewport={"width": 360, "height": 740}, has_touch=True)
    page.goto(alice_page.url)
    connected(page)
    yield page
    page.context.close()


def field(page: Page, text: str) -> None:
    expect(page.locator("#prompt")).to_have_value(text)


def test_what_is_typed_here_appears_there(alice_page: Page, phone: Page) -> None:
    alice_page.fill("#prompt", "from the laptop")
    field(phone, "from the laptop")
    phone.fill("#prompt", "from the laptop, and the phone")
    field(alice_page, "from the laptop, and the phone")
    alice_page.fill("#prompt", "")
    field(phone, "")


def test_a_device_that_comes_later_finds_it(browser: Browser, team_site: Site, alice_page: Page, phone: Page) -> None:
    alice_page.fill("#prompt", "left lying here")
    field(phone, "left lying here")
    late = signed_in(browser, team_site, "alice")
    late.goto(alice_page.url)
    field(late, "left lying here")
    expect(late.locator("#other-draft")).to_be_hidden()


def test_a_page_that_was_made_before_the_draft_was_saved_does_not_undo_it(browser: Browser, team_site: Site) -> None:
    page = signed_in(browser, team_site, "bob", service_workers="block")  # which asks for pages unseen
    connected(page)
    ask(page, f"{SAY}begun")
    finished(page)
    page.fill("#prompt", "first")
    page.wait_for_function(IS_SAVED, arg="first")
    made = page.request.get(page.url)
    page.fill("#prompt", "first, and second")
    page.wait_for_function(IS_SAVED, arg="first, and second")
    page.route(page.url, lambda route: route.fulfill(response=made))
    page.reload()
    expect(page.locator("#connection")).not_to_have_attribute("data-state", "loading")
    field(page, "first, and second")
    expect(page.locator("#other-draft")).to_be_hidden()


@pytest.mark.long
def test_a_page_that_is_closed_at_once_has_told_the_server(
    browser: Browser, team_site: Site, alice_page: Page, phone: Page
) -> None:
    phone.fill("#prompt", "typed and gone")
    phone.close()
    field(alice_page, "typed and gone")


@pytest.mark.long
def test_a_sent_message_is_gone_from_the_field_everywhere(alice_page: Page, phone: Page) -> None:
    alice_page.fill("#prompt", f"{SAY}sent from the laptop")
    field(phone, f"{SAY}sent from the laptop")
    alice_page.press("#prompt", "Enter")
    finished(alice_page)
    field(phone, "")
    expect(phone.locator(".said")).to_have_count(2)
    phone.reload()
    connected(phone)
    field(phone, "")


@pytest.fixture
def offer(alice_page: Page, phone: Page) -> Locator:
    """Both typed without knowing of each other: what the phone, which came later, is offered."""
    deaf(phone)
    alice_page.fill("#prompt", "of the laptop")
    alice_page.reload()
    field(alice_page, "of the laptop")
    phone.fill("#prompt", "of the phone")
    offer = phone.locator("#other-draft")
    expect(offer).to_contain_text("of the laptop")
    field(phone, "of the phone")
    return offer


def test_what_both_typed_without_knowing_is_offered_and_neither_is_lost(
    alice_page: Page, phone: Page, offer: Locator
) -> None:
    phone.locator("[data-use]").click()
    field(phone, "of the laptop")
    expect(offer).to_be_hidden()
    expect(phone.locator("#prompt")).to_be_focused()
    phone.fill("#prompt", "of the laptop, seen on the phone")
    field(alice_page, "of the laptop, seen on the phone")


@pytest.mark.long
def test_the_other_text_may_be_discarded(alice_page: Page, phone: Page, offer: Locator) -> None:
    phone.locator("[data-discard]").click()
    expect(offer).to_be_hidden()
    field(phone, "of the phone")
    field(alice_page, "of the phone")


@pytest.mark.long
def test_an_offer_outlives_a_reload(phone: Page, offer: Locator) -> None:
    phone.reload()
    field(phone, "of the phone")
    expect(offer).to_contain_text("of the laptop")


@pytest.mark.long
def test_what_is_typed_without_a_network_is_kept_and_told_later(alice_page: Page, phone: Page) -> None:
    phone.context.set_offline(True)
    expect(phone.locator("#connection")).to_have_attribute("data-state", "offline")
    phone.fill("#prompt", "typed in a tunnel")
    phone.context.set_offline(False)
    connected(phone)
    field(alice_page, "typed in a tunnel")


@pytest.mark.long
def test_two_tabs_at_a_new_conversation_do_not_take_each_others_words(alice_page: Page) -> None:
    second = alice_page.context.new_page()
    second.goto("/")
    connected(second)
    alice_page.fill("#prompt", "first question")
    field(second, "first question")
    second.fill("#prompt", "second question")
    expect(alice_page.locator("#other-draft")).to_contain_text("second question")
    field(alice_page, "first question")
    ask(alice_page, f"{SAY}first question")
    finished(alice_page)
    field(second, "second question")
    second.fill("#prompt", "")
    second.reload()
    connected(second)
    field(second, "")


@pytest.mark.long
def test_a_draft_is_kept_where_the_network_breaks_sockets(browser: Browser, team_site: Site, alice_page: Page) -> None:
    blocked = signed_in(browser, team_site, "alice")
    blocked.route_web_socket("**/ws/", lambda tab: tab.close())
    ask(alice_page, f"{SAY}begun")
    finished(alice_page)
    blocked.goto(alice_page.url)
    connected(blocked, "events")
    blocked.fill("#prompt", "by request")
    field(alice_page, "by request")


def test_a_message_waits_for_the_draft_before_it_where_the_network_breaks_sockets(
    browser: Browser, team_site: Site
) -> None:
    page = signed_in(browser, team_site, "bob")
    page.route_web_socket("**/ws/", lambda tab: tab.close())
    page.goto("/")
    connected(page, "events")
    posted: list[str] = []
    page.on("request", lambda request: posted.append(request.url.removeprefix(team_site.url)))
    held = Held(page, re.compile("/drafts/$"))
    with page.expect_request("**/drafts/"):
        page.fill("#prompt", f"{SAY}begun")
    page.press("#prompt", "Enter")
    expect(page.locator(".message")).to_have_count(1)
    assert "/messages/" not in posted
    held.let_go()
    finished(page)
    page.goto("/")
    field(page, "")


def deaf(page: Page) -> None:
    """This device does not hear what happens on others."""

    def pass_on(tab: WebSocketRoute) -> None:
        server = tab.connect_to_server()
        server.on_message(
            lambda frame: None if '"drafted"' in str(frame) or '"changed"' in str(frame) else tab.send(frame)
        )

    page.route_web_socket(re.compile("/ws/"), pass_on)
    page.reload()
    connected(page)
