"""Messages typed while a reply runs: they wait where one sees them, on every device, and go when it has ended."""

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Locator, Page, WebSocketRoute, expect

from tests.page.people import Line, ask, connected, finished, replies, signed_in
from tests.sites import Site
from tests.waiting import until

pytestmark = pytest.mark.browser

SAY = "@echo=true @tokens=0 "
SLOWLY = "@rate=10 @tokens=2000"
SOME_TIME = "@rate=12 @tokens=120"
LEFT = """
from conversations.models import Conversation, Draft
talk = Conversation.objects.get(pk="{talk}")
Draft.objects.update_or_create(owner=talk.owner, conversation=talk, defaults={{"waiting": {waiting}, "revision": 7}})
"""


@pytest.fixture
def writing(alice_page: Page) -> Iterator[Page]:
    """Alice reads a reply that is still written, and goes on for minutes unless it is stopped."""
    ask(alice_page, SLOWLY)
    expect(replies(alice_page).last).to_have_attribute("data-state", "writing")
    yield alice_page
    if alice_page.locator("[data-stop]").is_visible():
        alice_page.click("[data-stop]")
        finished(alice_page, "stopped")


@pytest.fixture
def phone(browser: Browser, team_site: Site, writing: Page) -> Iterator[Page]:
    """Alice's other device, at the same conversation."""
    page = signed_in(browser, team_site, "alice", viewport={"width": 360, "height": 740}, has_touch=True)
    page.goto(writing.url)
    connected(page)
    yield page
    page.context.close()


def waiting(page: Page) -> Locator:
    return page.locator("#waiting li [data-text]")


def said(page: Page) -> Locator:
    return page.locator('.message[data-role="user"] .said')


def test_enter_lets_it_wait_and_it_goes_when_the_reply_has_ended(alice_page: Page) -> None:
    ask(alice_page, SOME_TIME)
    expect(replies(alice_page).last).to_have_attribute("data-state", "writing")
    expect(alice_page.locator("[data-stop]")).to_be_visible()
    expect(alice_page.locator("[data-send]")).to_have_attribute("aria-label", "Send when the reply has ended")
    ask(alice_page, f"{SAY}one")
    ask(alice_page, f"{SAY}two")
    expect(waiting(alice_page)).to_have_text([f"{SAY}one", f"{SAY}two"])
    expect(alice_page.locator("#prompt")).to_have_value("")
    expect(replies(alice_page)).to_have_count(3, timeout=30_000)
    finished(alice_page)
    expect(alice_page.locator("#waiting")).to_be_hidden()
    expect(said(alice_page)).to_have_text([re.compile("@rate"), f"{SAY}one", f"{SAY}two"])
    expect(alice_page.locator("[data-send]")).to_have_attribute("aria-label", "Send")


def test_what_waits_outlives_a_reload_and_is_seen_on_the_other_device(writing: Page, phone: Page) -> None:
    ask(writing, f"{SAY}later")
    expect(waiting(phone)).to_have_text([f"{SAY}later"])
    writing.reload()
    connected(writing)
    expect(waiting(writing)).to_have_text([f"{SAY}later"])
    phone.locator("[data-take-back]").click()
    expect(phone.locator("#prompt")).to_have_value(f"{SAY}later")
    expect(writing.locator("#waiting")).to_be_hidden()


def test_what_was_left_to_wait_long_ago_is_not_sent_unasked(alice_page: Page, team_site: Site) -> None:
    ask(alice_page, "@tokens=5")
    finished(alice_page)
    left = [{"client_id": str(uuid4()), "text": f"{SAY}{word}", "at": 1_700_000_000} for word in ("one", "two")]
    talk = alice_page.url.rstrip("/").rpartition("/")[2]
    team_site.manage("shell", "-c", LEFT.format(talk=talk, waiting=left))
    alice_page.reload()
    connected(alice_page)
    expect(alice_page.locator("#waiting")).to_contain_text("This was written a while ago")
    expect(alice_page.locator("#waiting").get_by_text("did not come to its end")).to_be_hidden()
    expect(waiting(alice_page)).to_have_text([f"{SAY}one", f"{SAY}two"])
    expect(replies(alice_page)).to_have_count(1)
    alice_page.click("[data-send-now]")
    expect(replies(alice_page)).to_have_count(3)
    expect(finished(alice_page)).to_contain_text("two")
    expect(alice_page.locator("#waiting")).to_be_hidden()


@pytest.mark.long
def test_after_a_stop_the_person_decides(writing: Page, phone: Page) -> None:
    ask(writing, f"{SAY}one")
    expect(waiting(phone)).to_have_count(1)
    writing.click("[data-stop]")
    finished(writing, "stopped")
    for page in (writing, phone):
        expect(page.locator("[data-send-now]")).to_be_visible()
        expect(waiting(page)).to_have_count(1)
    phone.locator("[data-send-now]").click()
    for page in (phone, writing):
        expect(replies(page)).to_have_count(2)
        expect(finished(page)).to_contain_text("one")
        expect(page.locator("#waiting")).to_be_hidden()
        expect(said(page)).to_have_count(2)


@pytest.mark.long
def test_two_open_pages_send_what_waits_once(alice_page: Page) -> None:
    ask(alice_page, SOME_TIME)
    expect(replies(alice_page).last).to_have_attribute("data-state", "writing")
    second = alice_page.context.new_page()
    second.goto(alice_page.url)
    connected(second)
    ask(second, f"{SAY}once")
    expect(waiting(alice_page)).to_have_count(1)
    for page in (alice_page, second):
        expect(replies(page)).to_have_count(2, timeout=30_000)
        expect(finished(page)).to_contain_text("once")
        expect(page.locator("#waiting")).to_be_hidden()
        expect(page.locator('.message[data-role="user"]')).to_have_count(2)


@pytest.mark.long
def test_one_taken_back_is_edited_and_keeps_its_place(writing: Page) -> None:
    for number in ("one", "two", "three"):
        ask(writing, number)
    expect(waiting(writing)).to_have_text(["one", "two", "three"])
    writing.fill("#prompt", "half a thought")
    writing.locator("[data-take-back] >> nth=1").click()
    expect(writing.locator("#prompt")).to_have_value("two\n\nhalf a thought")
    ask(writing, "two, better")
    expect(waiting(writing)).to_have_text(["one", "two, better", "three"])


def test_one_taken_back_before_it_was_confirmed_comes_back_once_and_keeps_its_place(writing: Page) -> None:
    line = Line(writing)
    line.hold()
    for number in ("one", "two", "three"):
        ask(writing, number)
    expect(waiting(writing)).to_have_text(["one", "two", "three"])
    writing.locator("[data-take-back] >> nth=1").click()
    expect(writing.locator("#prompt")).to_have_value("two")
    ask(writing, "two, better")
    line.let_go()
    writing.click("[data-stop]")
    finished(writing, "stopped")
    expect(writing.locator("#prompt")).to_have_value("")
    expect(waiting(writing)).to_have_text(["one", "two, better", "three"])


def test_one_taken_back_comes_back_though_the_answer_was_lost(writing: Page) -> None:
    passed: list[str] = []
    lost: list[str] = []
    writing.route_web_socket(re.compile("/ws/"), lambda tab: without_one_answer(tab, passed, lost))
    writing.reload()
    connected(writing)
    ask(writing, f"{SAY}one")
    until(lambda: writing.title() and any(f"{SAY}one" in frame for frame in passed), what="the server to have it")
    writing.locator("[data-take-back]").click()
    expect(writing.locator("#prompt")).to_have_value(f"{SAY}one")
    expect(writing.locator("#waiting")).to_be_hidden()
    assert lost


def without_one_answer(tab: WebSocketRoute, passed: list[str], lost: list[str]) -> None:
    """The server let a message wait no more, but the connection ended before its answer arrived."""
    server = tab.connect_to_server()
    is_cut = False

    def pass_on(frame: str | bytes) -> None:
        nonlocal is_cut
        if '"taken"' in str(frame) and not lost:
            lost.append(str(frame))
            is_cut = True
            tab.close(code=1012)
        elif not is_cut:
            passed.append(str(frame))
            tab.send(frame)

    server.on_message(pass_on)


@pytest.mark.long
def test_ten_may_wait_and_the_next_comes_back_with_the_reason(writing: Page) -> None:
    for number in range(10):
        ask(writing, f"number {number}")
    expect(waiting(writing)).to_have_count(10)
    ask(writing, "one too many")
    expect(writing.locator("#composer-error")).to_contain_text("10 messages wait already")
    expect(writing.locator("#prompt")).to_have_value("one too many")


@pytest.mark.long
def test_a_refused_one_comes_back_and_the_rest_waits(writing: Page) -> None:
    writing.route_web_socket(re.compile("/ws/"), emptied)
    writing.reload()
    connected(writing)
    ask(writing, "refuse this")
    ask(writing, f"{SAY}nor this")
    expect(waiting(writing)).to_have_count(2)
    writing.click("[data-stop]")
    finished(writing, "stopped")
    writing.locator("[data-send-now]").click()
    expect(writing.locator("#composer-error")).to_contain_text("Write something first.", timeout=30_000)
    expect(writing.locator("#prompt")).to_have_value("refuse this")
    expect(waiting(writing)).to_have_text([f"{SAY}nor this"])
    writing.fill("#prompt", "")
    writing.locator("[data-send-now]").click()
    expect(replies(writing)).to_have_count(2)
    expect(finished(writing)).to_contain_text("nor this")


def emptied(tab: WebSocketRoute) -> None:
    """On its way, one message that waited loses its text, so that it is refused."""
    server = tab.connect_to_server()
    sent = '"type":"send"'
    tab.on_message(lambda frame: server.send(str(frame).replace("refuse this", " ") if sent in str(frame) else frame))


@pytest.mark.long
def test_what_was_to_wait_without_a_network_waits_when_it_is_back(writing: Page, phone: Page) -> None:
    with phone.expect_request_finished(lambda request: "/waiting_bubbles." in request.url):
        phone.locator("#prompt").press_sequentially("from a tun")
    phone.context.set_offline(True)
    expect(phone.locator("#connection")).to_have_attribute("data-state", "offline")
    phone.locator("#prompt").press_sequentially("nel")
    phone.locator("[data-send]").click()
    expect(waiting(phone)).to_have_text(["from a tunnel"])
    phone.context.set_offline(False)
    connected(phone)
    expect(waiting(writing)).to_have_text(["from a tunnel"])
