"""A conversation is saved as a file from its menu, in the bar and in the sidebar, and the page stays where it is."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Download, Page, expect

from tests.page.people import Held, all_asked, ask, connected, finished

pytestmark = pytest.mark.browser

SAY = "@echo=true @tokens=0 "


def open_dialog(page: Page) -> None:
    page.locator(".bar-menu-more > summary").click()
    page.locator("[data-shelf-menu] [data-verb=export]").click()
    expect(page.locator("#export")).to_be_visible()


def test_what_is_no_file_is_said_in_the_dialog(alice_page: Page) -> None:
    page = alice_page
    ask(page, f"{SAY}A very long answer")
    finished(page)
    open_dialog(page)
    page.route("**/export/file/?*format=pdf*check=1", lambda route: route.fulfill(body="Too much. Take a part of it."))
    page.locator("#export [name=format]").select_option("pdf")
    page.locator("#export [data-confirm]").click()
    expect(page.locator("#export [data-error]")).to_have_text("Too much. Take a part of it.")
    expect(page.locator("#export")).to_be_visible()
    page.locator("#export [name=format]").select_option("markdown")
    assert "A very long answer" in content(saved(page))


def test_a_dialog_that_comes_late_does_not_take_the_place_of_the_one_that_is_open(alice_page: Page) -> None:
    page = alice_page
    ids = []
    for text in ("One", "Other"):
        page.goto("/")
        connected(page)
        ask(page, SAY + text)
        finished(page)
        ids.append(page.url.split("/")[-2])
    address = {one: re.compile(f"/c/{one}/export/") for one in ids}
    held = {one: Held(page, address[one]) for one in ids}
    for one in ids:
        page.locator(f'#shelf [data-conversation="{one}"]').hover()
        page.locator(f'#shelf [data-conversation="{one}"] [data-shelf=item]').click()
        with page.expect_request(address[one]):
            page.click("#shelf-menu [data-verb=export]")
    held[ids[0]].let_go()
    page.locator("#export [name=format]").select_option("json")
    with page.expect_response(address[ids[1]]):
        held[ids[1]].let_go()
    all_asked(page)
    expect(page.locator("#export [name=format]")).to_have_value("json")


def saved(page: Page) -> Download:
    with page.expect_download() as download:
        page.locator("#export [data-confirm]").click()
    expect(page.locator("#export")).to_be_hidden()
    return download.value


def content(download: Download) -> str:
    return Path(download.path()).read_text()


def test_alice_saves_what_she_sees(alice_page: Page) -> None:
    page = alice_page
    ask(page, f"{SAY}The first answer")
    finished(page)
    ask(page, f"{SAY}Another answer 你好")
    finished(page)
    address = page.url
    open_dialog(page)
    markdown = saved(page)
    assert markdown.suggested_filename.endswith(".md")
    assert "The first answer" in content(markdown)
    assert "Another answer 你好" in content(markdown)

    open_dialog(page)
    page.locator("#export [name=format]").select_option("json")
    page.locator("#export [name=last]").select_option(index=1)
    said = json.loads(content(saved(page)))
    assert [one["position"] for one in said["messages"]] == [0, 1]

    open_dialog(page)
    page.locator("#export [name=last]").select_option(index=0)
    page.locator("#export [name=first]").select_option(index=2)
    expect(page.locator("#export [name=last]")).to_have_value("2")  # never before the first
    page.keyboard.press("Escape")
    expect(page.locator("#export")).to_be_hidden()
    assert page.url == address
