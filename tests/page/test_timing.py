"""The page measures how long a reply took from the press of the key, and tells it once."""

import json
import re

import orjson
import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.page.people import ask, connected, finished, replies
from tests.sites import Site
from tests.waiting import until

pytestmark = pytest.mark.browser

KEPT = """
import json
from conversations.models import Timing
print(json.dumps(list(Timing.objects.filter(reply__in={replies}).values_list("first_ms", "complete_ms"))))
"""
SLOW = "@ttft=0.4 @tokens=20 @rate=50 "  # the first text after 400 ms, the last after 780
HIDE = """() => {
  Object.defineProperty(document, "hidden", { value: true, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
  Object.defineProperty(document, "hidden", { value: false, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def watched(page: Page) -> list[dict[str, object]]:
    """What the page says over its socket from now on."""
    said: list[dict[str, object]] = []

    def arrived(tab: WebSocketRoute) -> None:
        server = tab.connect_to_server()

        def pass_on(text: str | bytes) -> None:
            said.append(orjson.loads(text))
            server.send(text)

        tab.on_message(pass_on)

    page.route_web_socket(re.compile("/ws/"), arrived)
    page.reload()
    connected(page)
    return said


def timings(said: list[dict[str, object]]) -> list[dict[str, object]]:
    return [frame for frame in said if frame["type"] == "timing"]


def was_told(page: Page, said: list[dict[str, object]]) -> bool:
    """Whether the site was told a time. Frames come in only while the page is attended to."""
    page.wait_for_timeout(20)
    return bool(timings(said))


def newest(page: Page) -> str:
    return str(replies(page).last.get_attribute("data-message"))


def test_a_reply_that_was_sent_here_is_timed_once_and_kept(alice_page: Page, team_site: Site) -> None:
    said = watched(alice_page)
    ask(alice_page, f"{SLOW}How long?")
    finished(alice_page)
    reply = newest(alice_page)
    until(lambda: was_told(alice_page, said), what="the timing")
    alice_page.reload()
    connected(alice_page)
    (told,) = timings(said)
    assert told["reply"] == reply
    first, complete = int(str(told["first_ms"])), int(str(told["complete_ms"]))
    assert 400 <= first < complete
    assert complete >= 780
    kept = until(lambda: json.loads(team_site.manage("shell", "-c", KEPT.format(replies=[reply])).splitlines()[-1]))
    assert kept == [[first, complete]]


def test_what_the_reader_did_not_wait_for_is_not_timed(alice_page: Page) -> None:
    said = watched(alice_page)
    ask(alice_page, f"{SLOW}In a hidden tab")
    expect(replies(alice_page)).to_have_count(1)
    alice_page.evaluate(HIDE)
    finished(alice_page)
    ask(alice_page, "@tokens=4000 @rate=20 Stopped")
    expect(replies(alice_page)).to_have_count(2)
    expect(replies(alice_page).last.locator('[data-part="text"]')).not_to_be_empty()
    alice_page.locator("[data-stop]").click()
    finished(alice_page, "stopped")
    ask(alice_page, f"{SLOW}Timed")
    expect(replies(alice_page)).to_have_count(3)
    finished(alice_page)
    until(lambda: was_told(alice_page, said), what="the timing")
    assert [frame["reply"] for frame in timings(said)] == [newest(alice_page)]


@pytest.mark.long
def test_another_tab_that_reads_along_tells_nothing(alice_page: Page) -> None:
    ask(alice_page, "@tokens=5 A conversation")
    finished(alice_page)
    other = alice_page.context.new_page()
    other.goto(alice_page.url)
    connected(other)
    said = watched(other)
    ask(alice_page, f"{SLOW}Read in two tabs")
    expect(replies(other)).to_have_count(2)
    finished(other)
    other.reload()
    connected(other)
    assert len(said) > 1
    assert timings(said) == []


@pytest.mark.long
def test_over_plain_http_it_is_told_too(alice_page: Page) -> None:
    alice_page.route_web_socket(re.compile("/ws/"), lambda tab: tab.close())
    alice_page.reload()
    connected(alice_page, "events")
    with alice_page.expect_request("**/timing/") as told:
        ask(alice_page, f"{SLOW}Without a socket")
    said = told.value.post_data_json or {}
    assert 400 <= said["first_ms"] <= said["complete_ms"]
    finished(alice_page)
