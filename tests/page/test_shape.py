"""The page itself: light, strict about what it runs, quick with a long conversation, in the reader's language."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from conversations.news import SHOWN
from tests.page.people import connected, signed_in
from tests.sites import Site

pytestmark = pytest.mark.browser

LARGEST_LOAD = 60_000  # bytes over the network, headers included
MANY = 500
LONG_TALK = """
from uuid import uuid4
from accounts.models import User
from conversations.models import Conversation, Message
talk = Conversation.objects.create(
    owner=User.objects.get(username="bob"), client_id=uuid4(), title="A long talk", length={many}
)
ids = [uuid4() for n in range({many})]
Message.objects.bulk_create(
    Message(pk=ids[n], parent_id=ids[n - 1] if n else None, conversation=talk, position=n,
            role="assistant" if n % 2 else "user", client_id=None if n % 2 else uuid4(),
            text=f"Message {{n}}\\n\\n" + "Some *words* and `code`, and more of them. " * 12)
    for n in range({many})
)
print(talk.get_absolute_url())
"""


NONE_YET = """
from conversations.models import Conversation
Conversation.objects.filter(owner__username="bob").delete()
"""


def test_the_first_load_is_light(browser: Browser, team_site: Site) -> None:
    team_site.manage("shell", "-c", NONE_YET)
    page = signed_in(browser, team_site, "bob")
    cookies = page.context.cookies()
    fresh = browser.new_context(base_url=team_site.url)
    fresh.add_cookies(cookies)  # type: ignore[arg-type]
    page = fresh.new_page()
    network = fresh.new_cdp_session(page)
    sizes: list[float] = []
    network.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    network.send("Network.enable")
    page.goto("/")
    connected(page)
    assert len(sizes) > 10, "the load was seen"
    assert sum(sizes) < LARGEST_LOAD, f"{sum(sizes):.0f} bytes in {len(sizes)} requests"


def test_a_file_carries_no_more_than_it_needs(alice_page: Page) -> None:
    path = alice_page.locator('link[rel="stylesheet"]').first.get_attribute("href")
    headers = alice_page.request.get(str(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "immutable" in headers["cache-control"]
    assert not headers.keys() & {
        "referrer-policy",
        "cross-origin-opener-policy",
        "content-security-policy",
        "set-cookie",
    }


def test_nothing_inline_and_nothing_from_elsewhere(alice_page: Page, team_site: Site) -> None:
    response = alice_page.goto("/")
    assert response is not None
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    markup = response.text()
    assert not re.search(r"\sstyle=|\son\w+=|<style", markup)
    assert not re.search(r"<script(?![^>]*(\ssrc=|application/json))", markup)
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", markup)


def test_a_long_conversation_is_quick_and_begins_at_its_end(browser: Browser, team_site: Site) -> None:
    url = team_site.manage("shell", "-c", LONG_TALK.format(many=MANY)).strip().splitlines()[-1]
    page = signed_in(browser, team_site, "bob")
    page.goto(url)
    connected(page)
    expect(page.locator(".message")).to_have_count(SHOWN)
    expect(page.locator(".message").last).to_be_in_viewport()
    began = page.evaluate("performance.now()")
    page.locator("#prompt").press("x")
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.evaluate("performance.now()") - began < 1500


def test_the_page_speaks_the_readers_language(browser: Browser, team_site: Site) -> None:
    page = signed_in(browser, team_site, "bob", locale="zh-CN")
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    expect(page.locator("#prompt")).to_have_attribute("placeholder", "写一条消息")
    page.click(".person summary")
    page.click("[name=language][value=en]")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#prompt")).to_have_attribute("placeholder", "Write a message")


@pytest.mark.parametrize("address", ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/nowhere/"])
def test_pages_for_strangers_are_ours(browser: Browser, team_site: Site, address: str) -> None:
    page = browser.new_context(base_url=team_site.url, viewport={"width": 360, "height": 640}).new_page()
    page.goto(address)
    expect(page.locator(".card h1")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_everything_has_a_name_for_screen_readers(alice_page: Page) -> None:
    nameless = alice_page.evaluate(
        """() => [...document.querySelectorAll("button, a, textarea, input:not([type=hidden])")]
            .filter(one => ![one.ariaLabel, one.textContent, one.labels?.[0]?.textContent].some(name => name?.trim()))
            .map(one => one.outerHTML)"""
    )
    assert nameless == []
