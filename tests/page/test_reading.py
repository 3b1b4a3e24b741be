"""Asking and reading: a reply streams in; reloading, a second tab or a second person loses and doubles nothing."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.page.people import ECHO, ask, connected, finished, replies, shown

pytestmark = pytest.mark.browser


def test_two_people_ask_and_each_finds_only_their_own_again(alice_page: Page, bob_page: Page) -> None:
    ask(alice_page, ECHO.format(rate=200))
    ask(bob_page, "@echo=true @tokens=0 Bob asks")
    streamed = shown(finished(alice_page))
    assert "<strong>decouples</strong>" in streamed
    finished(bob_page)

    expect(alice_page).to_have_url(re.compile(r"/c/[0-9a-f-]{36}/$"))
    expect(alice_page.locator("#entries [aria-current]")).to_have_count(1)
    expect(alice_page.locator("#entries")).not_to_contain_text("Bob asks")
    alice_page.reload()
    connected(alice_page)
    assert shown(finished(alice_page)) == streamed, "what was streamed is what is saved"

    bob_page.goto(alice_page.url)
    expect(bob_page.locator("h1")).to_have_text("Nothing here")


def test_reloading_in_mid_reply_goes_on_from_there(alice_page: Page) -> None:
    ask(alice_page, ECHO.format(rate=25))
    expect(replies(alice_page).last).to_contain_text("What a queue")
    alice_page.reload()
    expect(replies(alice_page)).to_have_count(1)
    expect(replies(alice_page).last).to_contain_text("What a queue")
    expect(alice_page.locator("[data-stop]")).to_be_visible()
    streamed = shown(finished(alice_page))
    assert streamed.count("What a queue") == 1
    alice_page.reload()
    assert shown(finished(alice_page)) == streamed


def test_a_second_tab_reads_along_and_may_stop_it(alice_page: Page) -> None:
    ask(alice_page, "@rate=20 @tokens=2000")
    expect(replies(alice_page).last).to_contain_text("every word", timeout=20_000)
    second = alice_page.context.new_page()
    second.goto(alice_page.url)
    connected(second)
    expect(replies(second).last).to_contain_text("every word")
    second.click("[data-stop]")
    texts = {shown(finished(page, "stopped")) for page in (alice_page, second)}
    assert len(texts) == 1
    expect(replies(alice_page).last).to_contain_text("Stopped.")
    expect(alice_page.locator("[data-send]")).to_be_visible()


def test_what_one_tab_asks_appears_in_the_other(alice_page: Page) -> None:
    ask(alice_page, "@echo=true @tokens=0 first")
    finished(alice_page)
    second = alice_page.context.new_page()
    second.goto(alice_page.url)
    connected(second)
    ask(second, "@echo=true @tokens=0 second *question*")
    finished(second)
    expect(replies(alice_page)).to_have_count(2)
    assert shown(finished(alice_page)) == shown(finished(second))
    ask(alice_page, "@echo=true @tokens=0 third")
    expect(replies(second)).to_have_count(3)
    expect(second.locator('.message[data-role="user"]')).to_have_count(3)
    assert shown(finished(second)) == shown(finished(alice_page))


def test_reasoning_is_folded_away(alice_page: Page) -> None:
    ask(alice_page, "@reasoning=Let-me-think @tokens=5")
    reply = finished(alice_page)
    expect(reply.locator(".reasoning summary")).to_be_visible()
    expect(reply.locator('[data-part="reasoning"]')).not_to_be_visible()
    reply.locator(".reasoning summary").click()
    expect(reply.locator('[data-part="reasoning"]')).to_have_text("Let-me-think")


def test_a_failed_reply_says_why(alice_page: Page) -> None:
    ask(alice_page, "@fail_after=3 @tokens=20")
    reply = finished(alice_page, "failed")
    expect(reply.locator("[data-state-line]")).to_contain_text("Send the message again")
    ask(alice_page, "@echo=true @tokens=0 again")
    expect(finished(alice_page)).to_contain_text("again")


def test_copying_code_and_a_message(alice_page: Page) -> None:
    alice_page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ask(alice_page, ECHO.format(rate=500))
    reply = finished(alice_page)
    reply.locator(".code-copy").click()
    expect(alice_page.locator("#announcer")).to_contain_text("Copied")
    assert alice_page.evaluate("navigator.clipboard.readText()") == "def claim(row):  # one winner\n    return row"
    reply.locator('[data-copy="message"]').click()
    written = "> Measure first.\\n\\nSo $d = 1"
    alice_page.wait_for_function(f"() => navigator.clipboard.readText().then(text => text.includes('{written}'))")
