"""The field one writes in: what Enter does, what an input method does, and that no typed word is lost."""

import re

import pytest
from playwright.sync_api import Browser, Page, Route, WebSocketRoute, expect

from tests.page.people import ask, connected, finished, replies, signed_in
from tests.sites import Site

pytestmark = pytest.mark.browser

ENTER = (
    "field => field.dispatchEvent(new KeyboardEvent('keydown', {{key: 'Enter', cancelable: true, bubbles: true, {0}}}))"
)


def test_enter_sends_and_shift_enter_breaks_the_line(alice_page: Page) -> None:
    prompt = alice_page.locator("#prompt")
    expect(prompt).to_be_focused()
    alice_page.keyboard.type("@echo=true @tokens=0 one")
    height = prompt.bounding_box()
    alice_page.keyboard.press("Shift+Enter")
    alice_page.keyboard.type("two")
    expect(prompt).to_have_value("@echo=true @tokens=0 one\ntwo")
    grown = prompt.bounding_box()
    assert height is not None
    assert grown is not None
    assert grown["height"] > height["height"]
    alice_page.keyboard.press("Enter")
    expect(prompt).to_have_value("")
    expect(finished(alice_page)).to_contain_text("two")


def test_what_is_sent_before_the_rest_of_the_page_is_here_is_sent_then(alice_page: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    alice_page.route("**/js/main.*", hold)
    alice_page.goto("/", wait_until="commit")
    prompt = alice_page.locator("#prompt")
    expect(prompt).to_be_focused()
    alice_page.keyboard.type("@echo=true @tokens=0 early")
    alice_page.keyboard.press("Enter")
    alice_page.keyboard.type("and more")
    alice_page.keyboard.press("Enter")
    expect(alice_page.locator("[data-send]")).to_be_disabled()
    expect(alice_page.locator(".message")).to_have_count(0)
    held[0].continue_()
    expect(finished(alice_page)).to_contain_text("early")
    expect(alice_page.locator(".message")).to_have_count(2)
    expect(prompt).to_have_value("and more")


@pytest.mark.parametrize("confirmed", ["isComposing: true", "keyCode: 229"])
def test_the_enter_that_confirms_chinese_input_does_not_send(alice_page: Page, confirmed: str) -> None:
    prompt = alice_page.locator("#prompt")
    prompt.fill("@echo=true @tokens=0 你好")
    prompt.evaluate(ENTER.format(confirmed))
    expect(prompt).to_have_value("@echo=true @tokens=0 你好")
    expect(replies(alice_page)).to_have_count(0)
    prompt.evaluate(ENTER.format("keyCode: 13"))
    expect(finished(alice_page)).to_contain_text("你好")


def test_white_space_alone_cannot_be_sent(alice_page: Page) -> None:
    alice_page.fill("#prompt", " \n ")
    expect(alice_page.locator("[data-send]")).to_be_disabled()


def test_too_long_a_text_says_by_how_much_and_stays(alice_page: Page) -> None:
    alice_page.fill("#prompt", "x" * 200_000)
    expect(alice_page.locator("[data-count]")).to_have_text("168,000 characters too many; 32,000 are allowed.")
    expect(alice_page.locator("[data-send]")).to_be_disabled()
    alice_page.fill("#prompt", "x" * 31_990)
    expect(alice_page.locator("[data-count]")).to_have_text(re.compile(r"^~[78],\d{3} tokens · 10 left$"))


def test_a_draft_survives_reloading_and_belongs_to_its_conversation(alice_page: Page) -> None:
    alice_page.fill("#prompt", "not sent yet")
    alice_page.reload()
    connected(alice_page)
    expect(alice_page.locator("#prompt")).to_have_value("not sent yet")
    ask(alice_page, "@echo=true @tokens=0 sent")
    finished(alice_page)
    alice_page.fill("#prompt", "a second thought")
    alice_page.reload()
    expect(alice_page.locator("#prompt")).to_have_value("a second thought")
    alice_page.goto("/")
    expect(alice_page.locator("#prompt")).to_have_value("")


def test_a_refused_message_comes_back_with_the_reason(alice_page: Page) -> None:
    ask(alice_page, "@echo=true @tokens=0 one")
    finished(alice_page)
    second = alice_page.context.new_page()
    second.route_web_socket("**/ws/", without_hints)
    second.goto(alice_page.url)
    connected(second)
    ask(alice_page, "@rate=10 @tokens=2000")
    expect(replies(alice_page)).to_have_count(2)
    ask(second, "meanwhile")
    expect(second.locator("#composer-error")).to_be_visible()
    expect(second.locator("#prompt")).to_have_value("meanwhile")
    expect(second.locator(".said", has_text="meanwhile")).to_have_count(0)
    alice_page.click("[data-stop]")
    finished(alice_page, "stopped")


def without_hints(tab: WebSocketRoute) -> None:
    """This tab does not hear what happens in others."""
    server = tab.connect_to_server()
    server.on_message(lambda frame: None if '"changed"' in str(frame) else tab.send(frame))


def test_an_example_fills_the_field(alice_page: Page) -> None:
    alice_page.click("[data-idea] >> nth=0")
    expect(alice_page.locator("#prompt")).to_be_focused()
    expect(alice_page.locator("#prompt")).to_have_value("Explain this error, and how to find its cause: ")


def test_on_a_phone_enter_breaks_the_line_and_the_list_slides_in(browser: Browser, team_site: Site) -> None:
    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    page = signed_in(browser, team_site, "bob", **phone)
    connected(page)
    page.locator("#prompt").fill("")  # of what another test left
    page.locator("#prompt").press("a")
    page.locator("#prompt").press("Enter")
    expect(page.locator("#prompt")).to_have_value("a\n")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.click("[data-sidebar-open]")
    expect(page.locator("#sidebar .new")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#sidebar .new")).not_to_be_visible()
    expect(page.locator("[data-sidebar-open]")).to_be_focused()
