"""A network that fails: the page says so, keeps what was typed, and has every word once when it is back."""

import re

import pytest
from playwright.sync_api import Browser, Page, Route, WebSocketRoute, expect

from tests.page.people import ECHO, ask, connected, finished, replies, shown, signed_in
from tests.sites import Site

pytestmark = pytest.mark.browser

TWENTY_SECONDS_LATER = "document.getAnimations().find(one => one.effect.target.matches('.connection-lost')).finish()"


class Cut:
    """Stands between a page and its socket; cuts every connection when told, and lets none through until told."""

    def __init__(self, page: Page) -> None:
        self.tabs: list[WebSocketRoute] = []
        self.is_down = False
        page.route_web_socket("**/ws/", self._arrived)

    def _arrived(self, tab: WebSocketRoute) -> None:
        if self.is_down:
            tab.close(code=1011)
            return
        tab.connect_to_server()
        self.tabs.append(tab)

    def down(self) -> None:
        self.is_down = True
        for tab in self.tabs:
            tab.close(code=1012)
        self.tabs.clear()


@pytest.fixture
def cut(alice_page: Page) -> Cut:
    cut = Cut(alice_page)
    alice_page.reload()
    connected(alice_page)
    return cut


def test_a_cut_in_mid_reply_loses_and_doubles_nothing(alice_page: Page, cut: Cut) -> None:
    ask(alice_page, ECHO.format(rate=25))
    expect(replies(alice_page).last).to_contain_text("What a queue")
    cut.down()
    connected(alice_page, "waiting")
    expect(alice_page.locator(".connection-text")).to_have_text("Reconnecting…")
    cut.is_down = False
    connected(alice_page)
    streamed = shown(finished(alice_page))
    alice_page.reload()
    assert shown(finished(alice_page)) == streamed
    assert streamed.count("What a queue") == 1


def test_a_network_that_was_away_too_briefly_to_cut_anything_leaves_no_warning(alice_page: Page) -> None:
    alice_page.context.set_offline(True)
    connected(alice_page, "offline")
    alice_page.context.set_offline(False)
    connected(alice_page)
    expect(alice_page.locator(".connection-text")).to_have_text("")


def test_a_message_sent_while_cut_off_is_sent_once_when_back(alice_page: Page, cut: Cut) -> None:
    cut.down()
    connected(alice_page, "waiting")
    ask(alice_page, "@echo=true @tokens=0 written in the dark")
    expect(alice_page.locator('.message[data-state="sending"]')).to_have_count(1)
    cut.is_down = False
    connected(alice_page)
    expect(finished(alice_page)).to_contain_text("written in the dark")
    expect(alice_page.locator(".message")).to_have_count(2)
    alice_page.reload()
    expect(alice_page.locator(".message")).to_have_count(2)


def test_an_answer_that_got_lost_does_not_double_the_message(alice_page: Page) -> None:
    """The server saved the message, but the connection ended before its answer arrived."""
    lost: list[str] = []

    def lose_one_answer(tab: WebSocketRoute) -> None:
        server = tab.connect_to_server()

        def pass_on(frame: str | bytes) -> None:
            if '"sent"' in str(frame) and not lost:
                lost.append(str(frame))
                tab.close(code=1012)
            elif not tab_is_closed(frame):
                tab.send(frame)

        def tab_is_closed(_: str | bytes) -> bool:
            return len(lost) == 1 and server is not current[-1]

        current.append(server)
        server.on_message(pass_on)

    current: list[WebSocketRoute] = []
    alice_page.route_web_socket("**/ws/", lose_one_answer)
    alice_page.reload()
    connected(alice_page)
    ask(alice_page, "@echo=true @tokens=0 only once")
    expect(finished(alice_page)).to_contain_text("only once")
    assert lost
    expect(alice_page.locator(".message")).to_have_count(2)
    alice_page.reload()
    expect(alice_page.locator(".message")).to_have_count(2)


def test_a_network_that_blocks_sockets_is_served_over_plain_http(alice_page: Page, cut: Cut) -> None:
    cut.down()
    connected(alice_page, "events")
    ask(alice_page, ECHO.format(rate=100))
    expect(alice_page.locator("[data-stop]")).to_be_visible()
    streamed = shown(finished(alice_page))
    alice_page.reload()
    assert shown(finished(alice_page)) == streamed
    connected(alice_page, "events")
    ask(alice_page, "@rate=20 @tokens=2000")
    expect(replies(alice_page).last).to_contain_text("every word", timeout=20_000)
    alice_page.click("[data-stop]")
    finished(alice_page, "stopped")


def test_being_signed_out_elsewhere_is_said_and_the_draft_stays(alice_page: Page, cut: Cut) -> None:
    alice_page.fill("#prompt", "half a thought")
    alice_page.context.clear_cookies()
    cut.down()
    cut.is_down = False
    connected(alice_page, "signed-out")
    expect(alice_page.locator("[data-sign-in]")).to_be_visible()
    expect(alice_page.locator("#prompt")).to_have_value("half a thought")


def test_a_reader_who_scrolled_up_is_left_alone(alice_page: Page) -> None:
    ask(alice_page, "@rate=100 @tokens=3000")
    thread = alice_page.locator("#thread")
    alice_page.wait_for_function("() => document.getElementById('thread').scrollTop > 400")
    thread.hover()
    alice_page.mouse.wheel(0, -300)
    expect(alice_page.locator("#newest")).to_be_visible()
    top = thread.evaluate("thread => thread.scrollTop")
    height = thread.evaluate("thread => thread.scrollHeight")
    alice_page.wait_for_function("least => document.getElementById('thread').scrollHeight > least", arg=height + 200)
    assert abs(thread.evaluate("thread => thread.scrollTop") - top) <= 1
    alice_page.click("#newest")
    expect(alice_page.locator("#newest")).to_be_hidden()
    alice_page.click("[data-stop]")
    finished(alice_page, "stopped")


def test_what_shrinks_and_grows_before_the_page_has_told_of_it_is_no_reader_who_scrolls(alice_page: Page) -> None:
    """As where a message that was sent becomes shorter, and its reply's failure stands below it a moment later."""
    ask(alice_page, "@echo=true @tokens=0 " + "A line of a long message.\n\n" * 60)
    finished(alice_page)
    left = alice_page.evaluate(
        """async () => {
            const thread = document.getElementById("thread");
            const list = document.getElementById("messages");
            const block = height => Object.assign(document.createElement("div"), { style: `block-size: ${height}px` });
            const frame = () => new Promise(requestAnimationFrame);
            const task = () => new Promise(done => setTimeout(done));
            thread.style.overflowAnchor = "none"; // where the browser does not mend it by itself
            const long = block(200);
            list.append(long);
            await frame();
            await frame();
            const before = thread.scrollTop;
            await frame();
            long.remove();
            await task(); // the frame has been laid out; that it scrolled is told in the next
            if (thread.scrollTop >= before) throw new Error("nothing shrank");
            list.append(block(150));
            await frame();
            await frame();
            return thread.scrollHeight - thread.scrollTop - thread.clientHeight;
        }"""
    )
    assert left < 2
    expect(alice_page.locator("#newest")).to_be_hidden()


class Once:
    """Loses a file of the first page that is loaded, as a network does that changes meanwhile."""

    def __init__(self, page: Page, lost: str) -> None:
        self._pages = 0
        page.route(re.compile("/$"), self._come)
        page.route(f"**/{lost}.*", self._lose)

    def _come(self, route: Route) -> None:
        self._pages += 1
        route.continue_()

    def _lose(self, route: Route) -> None:
        if self._pages == 1:
            route.abort("connectionaborted")
        else:
            route.continue_()


@pytest.mark.parametrize("lost", ["js/pin", "js/draft", "css/message"])
def test_a_page_of_which_something_was_lost_is_loaded_once_more(browser: Browser, team_site: Site, lost: str) -> None:
    page = signed_in(browser, team_site, "bob")
    connected(page)
    Once(page, lost)
    page.goto("/")
    page.wait_for_function("() => performance.getEntriesByType('navigation')[0].type === 'reload'")
    connected(page)
    assert page.evaluate("[...document.styleSheets].every(sheet => sheet.cssRules.length > 0)")


def test_a_page_of_which_nothing_runs_can_be_loaded_again(browser: Browser, team_site: Site) -> None:
    page = signed_in(browser, team_site, "bob")
    page.route(re.compile(r"/js/(whole|main)\."), lambda route: route.abort())
    page.goto("/")
    connected(page, "loading")
    again = page.locator(".connection-lost a")
    expect(again).to_be_hidden()
    page.evaluate(
        "document.getAnimations().find(one => one.effect.target.matches('.connection-lost')).finish()"
    )  # 20 s later
    expect(again).to_be_visible()
    page.unroute_all()
    again.click()
    connected(page)
    expect(page.locator(".connection-lost")).to_be_hidden()


@pytest.mark.parametrize("lost", ["pin", "draft"])
def test_a_page_that_did_not_come_whole_says_so_and_keeps_what_is_typed(
    browser: Browser, team_site: Site, lost: str
) -> None:
    """A module of main.js alone, and one that the field needs as well."""
    page = signed_in(browser, team_site, "bob")
    connected(page)
    page.route(f"**/js/{lost}.*js", lambda route: route.abort())
    page.reload()
    connected(page, "broken")
    expect(page.locator(".connection-text")).to_have_text("This page did not load completely. What you write is kept.")
    page.fill("#prompt", "half a thought")
    page.unroute_all()
    page.click("[data-retry]")
    connected(page)
    expect(page.locator("#prompt")).to_have_value("half a thought")
    expect(page.locator("[data-retry]")).to_be_hidden()
    page.fill("#prompt", "")
