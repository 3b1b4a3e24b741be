"""Versions of messages on the page: written again, edited, continued, looked at, erased; and in two tabs at once."""

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.page.people import ask, connected, finished, replies, signed_in
from tests.sites import Site

pytestmark = pytest.mark.browser


def questions(page: Page) -> Locator:
    return page.locator('.message[data-role="user"]')


def press(message: Locator, what: str) -> None:
    message.hover()
    message.locator(f".message-foot [{what}]").click()


def place(message: Locator) -> Locator:
    """Which version it is, as its foot says."""
    return message.locator("[data-place]")


def edit(page: Page, message: Locator, text: str) -> None:
    press(message, "data-edit")
    field = page.locator(".editing textarea")
    expect(field).to_be_focused()
    field.fill(text)
    field.press("Enter")


def test_a_reply_is_written_again_and_both_versions_can_be_looked_at(alice_page: Page) -> None:
    ask(alice_page, "@tokens=5")
    first = finished(alice_page)
    old = first.get_attribute("data-message")
    press(first, "data-again")
    expect(place(replies(alice_page))).to_have_text("2/2")
    expect(replies(alice_page)).to_have_count(1)
    new = finished(alice_page).get_attribute("data-message")
    assert new != old
    press(replies(alice_page), 'data-choose="-1"')
    expect(replies(alice_page)).to_have_attribute("data-message", str(old))
    expect(place(replies(alice_page))).to_have_text("1/2")
    expect(alice_page.locator(".siblings [data-choose]:enabled")).to_be_focused()
    alice_page.reload()
    connected(alice_page)
    expect(place(replies(alice_page))).to_have_text("1/2")
    alice_page.keyboard.press("Tab")
    replies(alice_page).locator('[data-choose="1"]').press("Enter")
    expect(replies(alice_page)).to_have_attribute("data-message", str(new))


def test_an_edited_message_begins_a_branch_and_what_followed_stays_in_the_other(alice_page: Page) -> None:
    ask(alice_page, "@echo=true @tokens=0 one")
    finished(alice_page)
    ask(alice_page, "@echo=true @tokens=0 two")
    expect(finished(alice_page)).to_contain_text("two")
    edit(alice_page, questions(alice_page).first, "@echo=true @tokens=0 three")
    expect(questions(alice_page)).to_have_count(1)
    expect(finished(alice_page)).to_contain_text("three")
    expect(place(questions(alice_page).first)).to_have_text("2/2")
    ask(alice_page, "@echo=true @tokens=0 four")
    expect(replies(alice_page)).to_have_count(2)
    finished(alice_page)
    press(questions(alice_page).first, 'data-choose="-1"')
    expect(questions(alice_page).locator(".said")).to_have_text(
        ["@echo=true @tokens=0 one", "@echo=true @tokens=0 two"]
    )
    press(questions(alice_page).first, 'data-choose="1"')
    expect(questions(alice_page).last.locator(".said")).to_have_text("@echo=true @tokens=0 four")


@pytest.mark.long
def test_escape_leaves_a_message_as_it_was(alice_page: Page) -> None:
    ask(alice_page, "@echo=true @tokens=0 one")
    finished(alice_page)
    press(questions(alice_page), "data-edit")
    alice_page.locator(".editing textarea").fill("something else")
    alice_page.keyboard.press("Escape")
    expect(alice_page.locator(".editing")).to_have_count(0)
    expect(questions(alice_page).locator(".said")).to_have_text("@echo=true @tokens=0 one")
    expect(questions(alice_page).locator("[data-edit]")).to_be_focused()


@pytest.mark.long
def test_an_edit_that_is_refused_keeps_its_text(alice_page: Page) -> None:
    ask(alice_page, "@echo=true @tokens=0 one")
    finished(alice_page)
    press(questions(alice_page), "data-edit")
    field = alice_page.locator(".editing textarea")
    field.fill("x" * 40_000)
    alice_page.locator(".editing [data-confirm]").click()
    expect(alice_page.locator(".editing [data-reason]")).to_contain_text("32000 are allowed")
    expect(field).to_be_editable()
    assert len(field.input_value()) == 40_000
    field.fill("@echo=true @tokens=0 shorter")
    field.press("Enter")
    expect(finished(alice_page)).to_contain_text("shorter")


def test_a_stopped_reply_goes_on_where_it_was(alice_page: Page) -> None:
    ask(alice_page, "@rate=20 @tokens=200")
    expect(replies(alice_page).locator('[data-part="text"]')).to_contain_text(re.compile(r"\w+ \w+ \w+"))
    expect(replies(alice_page).locator("[data-continue]")).to_be_hidden()
    alice_page.click("[data-stop]")
    stopped = finished(alice_page, "stopped")
    said = stopped.locator('[data-part="text"]').inner_text()
    press(stopped, "data-continue")
    expect(place(replies(alice_page))).to_have_text("2/2")
    assert replies(alice_page).locator('[data-part="text"]').inner_text().startswith(said)
    whole = finished(alice_page)
    assert whole.locator('[data-part="text"]').inner_text().startswith(said)
    expect(whole.locator("[data-facts]")).to_contain_text("200")
    expect(whole.locator("[data-continue]")).to_be_hidden()
    alice_page.reload()
    assert finished(alice_page).locator('[data-part="text"]').inner_text().startswith(said)


@pytest.mark.long
def test_a_reply_that_failed_offers_to_try_again(alice_page: Page) -> None:
    ask(alice_page, "@tokens=9 @fail_after=3")
    failed = finished(alice_page, "failed")
    retry = failed.locator(".message-retry [data-again]")
    expect(retry).to_be_visible()
    retry.click()
    expect(place(replies(alice_page))).to_have_text("2/2")
    finished(alice_page, "failed")


@pytest.mark.long
def test_erasing_asks_first_and_shows_the_other_version(alice_page: Page) -> None:
    ask(alice_page, "@tokens=5")
    press(finished(alice_page), "data-again")
    expect(place(replies(alice_page))).to_have_text("2/2")
    press(finished(alice_page), "data-erase")
    dialog = alice_page.locator("#erasing")
    expect(dialog).to_be_visible()
    alice_page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()
    expect(place(replies(alice_page))).to_have_text("2/2")
    press(replies(alice_page), "data-erase")
    dialog.get_by_role("button", name="Delete").click()
    expect(replies(alice_page).locator(".siblings")).to_have_count(0)
    expect(replies(alice_page)).to_have_count(1)
    press(replies(alice_page), "data-erase")
    dialog.get_by_role("button", name="Delete").click()
    expect(replies(alice_page)).to_have_count(0)
    press(questions(alice_page), "data-again")
    expect(finished(alice_page)).to_be_visible()


@pytest.mark.long
def test_another_tab_stays_on_its_branch_and_goes_on_there(alice_page: Page) -> None:
    ask(alice_page, "@echo=true @tokens=0 one")
    old = finished(alice_page).get_attribute("data-message")
    other = alice_page.context.new_page()
    other.goto(alice_page.url)
    connected(other)
    press(replies(alice_page), "data-again")
    expect(place(replies(alice_page))).to_have_text("2/2")
    finished(alice_page)
    expect(place(replies(other))).to_have_text("1/2")
    expect(replies(other)).to_have_attribute("data-message", str(old))
    ask(other, "@echo=true @tokens=0 there")
    expect(finished(other)).to_contain_text("there")
    expect(questions(alice_page)).to_have_count(1)
    ask(alice_page, "@echo=true @tokens=0 here")
    expect(finished(alice_page)).to_contain_text("here")
    expect(questions(other).last).to_contain_text("there")
    press(replies(alice_page).first, 'data-choose="-1"')
    expect(questions(alice_page).last).to_contain_text("there")


@pytest.mark.long
def test_what_one_tab_erases_goes_from_the_other(alice_page: Page) -> None:
    ask(alice_page, "@echo=true @tokens=0 one")
    finished(alice_page)
    ask(alice_page, "@echo=true @tokens=0 two")
    expect(replies(alice_page)).to_have_count(2)
    finished(alice_page)
    other = alice_page.context.new_page()
    other.goto(alice_page.url)
    connected(other)
    expect(replies(other)).to_have_count(2)
    press(questions(alice_page).last, "data-erase")
    alice_page.locator("#erasing").get_by_role("button", name="Delete").click()
    expect(replies(alice_page)).to_have_count(1)
    expect(replies(other)).to_have_count(1)
    ask(other, "@echo=true @tokens=0 three")
    expect(finished(other)).to_contain_text("three")
    expect(questions(alice_page).last).to_contain_text("three")


@pytest.mark.long
def test_where_sockets_are_blocked_every_verb_works_too(browser: Browser, team_site: Site) -> None:
    page = signed_in(browser, team_site, "bob")
    page.route_web_socket("**/ws/", lambda tab: tab.close())
    page.goto("/")
    connected(page, "events")
    ask(page, "@echo=true @tokens=0 one")
    press(finished(page), "data-again")
    expect(place(replies(page))).to_have_text("2/2")
    press(finished(page), 'data-choose="-1"')
    expect(place(replies(page))).to_have_text("1/2")
    edit(page, questions(page).last, "@rate=20 @tokens=200")
    expect(place(questions(page))).to_have_text("2/2")
    expect(replies(page).locator('[data-part="text"]')).to_contain_text(re.compile(r"\w+ \w+ \w+"))
    page.click("[data-stop]")
    press(finished(page, "stopped"), "data-continue")
    finished(page)
    expect(place(replies(page))).to_have_text("2/2")
    press(questions(page), "data-erase")
    page.locator("#erasing").get_by_role("button", name="Delete").click()
    expect(questions(page).locator(".siblings")).to_have_count(0)
    expect(questions(page).locator(".said")).to_have_text("@echo=true @tokens=0 one")
