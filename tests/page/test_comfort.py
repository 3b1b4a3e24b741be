"""What makes the page comfortable: the look one chose; paper; sentences for those who listen; fingers; no network."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import sign_in
from tests.page.people import ECHO, Held, ask, connected, finished, signed_in
from tests.page.stage import Stage
from tests.sites import Site

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
CHINESE = """@echo=true @tokens=0 @rate=2000

你好。这是第一句！

```python
secret_code()
```

| 甲 | 乙 |
|---|---|
| 丙 | 丁 |

完了。
"""


@pytest.fixture
def bob(browser: Browser, team_site: Site) -> Iterator[Page]:
    """Bob, whose look is the usual one again afterwards."""
    page = signed_in(browser, team_site, "bob")
    connected(page)
    yield page
    page.goto("/accounts/appearance/")
    for label, usual in [("Theme", "As the device"), ("Density", "Comfortable"), ("Size of text", "Normal")]:
        choice = page.get_by_role("group", name=label).get_by_label(usual)
        if not choice.is_checked():
            with page.expect_response("**/accounts/appearance/"):
                choice.check()
    page.context.close()


def brightness(page: Page) -> int:
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return sum(map(int, re.findall(r"\d+", colour)[:3]))


def open_appearance(page: Page) -> None:
    page.locator(".person summary").click()
    page.locator("[data-dialog=appearance]").click()
    expect(page.locator("#appearance")).to_be_visible()


def check(page: Page, group: str, value: str) -> None:
    with page.expect_response("**/accounts/appearance/"):
        page.get_by_role("group", name=group).get_by_label(value).check()


# --- Appearance -------------------------------------------------------------------------------------------------------


def test_the_look_changes_at_once_and_is_there_on_another_device(bob: Page, browser: Browser, team_site: Site) -> None:
    assert brightness(bob) > 3 * 200
    open_appearance(bob)
    check(bob, "Theme", "Dark")
    assert brightness(bob) < 3 * 80
    expect(bob.locator("meta[name=theme-color]")).to_have_count(1)
    expect(bob.locator("meta[name=theme-color]")).to_have_attribute("content", "#14191b")
    size = bob.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)")
    check(bob, "Size of text", "Large")
    assert bob.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)") > size
    before = bob.locator(".bar").bounding_box()
    check(bob, "Density", "Compact")
    after = bob.locator(".bar").bounding_box()
    assert before is not None
    assert after is not None
    assert after["height"] < before["height"]
    other = signed_in(browser, team_site, "bob", color_scheme="light")
    html = other.locator("html")
    expect(html).to_have_attribute("data-theme", "dark")
    expect(html).to_have_attribute("data-density", "compact")
    assert brightness(other) < 3 * 80
    other.context.close()


def test_of_two_choices_the_last_holds(bob: Page) -> None:
    """However slow the first."""
    asked: list[str] = []
    bob.on("request", lambda request: asked.append(str(request.post_data)) if request.method == "POST" else None)
    open_appearance(bob)
    held = Held(bob, re.compile("/accounts/appearance/$"))
    group = bob.get_by_role("group", name="Theme")
    with bob.expect_request(re.compile("/accounts/appearance/$")):
        group.get_by_label("Dark").check()
    group.get_by_label("Light").check()
    assert asked == ["theme=dark"]
    with bob.expect_response(lambda answer: answer.request.post_data == "theme=light"):
        held.let_go()
    bob.reload()
    expect(bob.locator("html")).to_have_attribute("data-theme", "light")


@pytest.mark.long
def test_no_flash_of_the_other_theme(bob: Page) -> None:
    """The page comes as it will be: no script has to run for it."""
    bob.goto("/accounts/appearance/")
    check(bob, "Theme", "Dark")
    bob.route("**/*.js", lambda route: route.abort())
    bob.goto("/", wait_until="commit")
    expect(bob.locator(".sidebar")).to_be_attached()
    assert brightness(bob) < 3 * 80
    bob.unroute("**/*.js")


@pytest.mark.long
def test_the_sign_in_page_keeps_the_look_after_signing_out(browser: Browser, team_site: Site) -> None:
    page = browser.new_context(base_url=team_site.url).new_page()
    page.context.add_cookies([{"name": "appearance", "value": "theme:dark", "url": team_site.url}])
    page.goto("/accounts/login/")
    assert brightness(page) < 3 * 80
    page.context.close()


@pytest.mark.long
def test_what_was_not_saved_is_said(bob: Page) -> None:
    open_appearance(bob)
    bob.route("**/accounts/appearance/", lambda route: route.abort())
    bob.get_by_role("group", name="Theme").get_by_label("Dark").check()
    expect(bob.locator("#appearance [data-error]")).to_be_visible()
    bob.unroute("**/accounts/appearance/")
    check(bob, "Theme", "Light")
    expect(bob.locator("#appearance [data-error]")).to_be_hidden()


# --- Paper ------------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_on_paper_there_are_words_who_said_them_and_where_links_lead(bob: Page) -> None:
    ask(bob, ECHO.format(rate=2000))
    finished(bob)
    bob.emulate_media(media="print", color_scheme="dark")
    assert bob.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    for away in (".sidebar", ".composer", ".message-foot", ".bar .tool", ".code-copy"):
        expect(bob.locator(away).first).to_be_hidden()
    for there in (".message h2 >> nth=0", ".said", ".code pre", ".table"):
        expect(bob.locator(there).first).to_be_visible()
    assert bob.evaluate("getComputedStyle(document.querySelector('.code pre code')).whiteSpace") == "pre-wrap"
    assert bob.evaluate("getComputedStyle(document.querySelector('.prose a[href^=http]'), '::after').content") != "none"
    assert bob.evaluate("document.getElementById('thread').scrollHeight") == bob.evaluate(
        "document.getElementById('thread').clientHeight"
    ), "nothing is cut off at the end of a screen"
    assert bob.pdf(format="A4").startswith(b"%PDF")
    bob.emulate_media(media="screen", color_scheme="light")


# --- Sentences --------------------------------------------------------------------------------------------------------


def heard(page: Page) -> None:
    """From now on, keep what the live region says."""
    page.evaluate(
        """() => {
            window.heard = [];
            const region = document.getElementById("announcer");
            new MutationObserver(() => region.textContent && window.heard.push(region.textContent))
                .observe(region, { childList: true, characterData: true, subtree: true });
        }"""
    )


def said(page: Page, last: str) -> str:
    """All that was said, once this was."""
    page.wait_for_function("last => window.heard.join('\\n').includes(last)", arg=last)
    return str(page.evaluate("window.heard.join('\\n')"))


def test_a_reply_is_spoken_in_sentences_without_code_and_tables(bob: Page) -> None:
    heard(bob)
    ask(bob, ECHO.format(rate=60))
    finished(bob)
    words = said(bob, "The reply is complete.")
    assert "Code block: python." in words
    assert "Table." in words
    assert "def claim" not in words
    assert "group commit" not in words
    assert "A queue decouples who asks from who answers:" in words
    assert "Measure first." in words
    assert words.count("Peaks are smoothed.") == 1
    assert not re.search(r"[*`|#]", words)


@pytest.mark.long
def test_each_announcement_is_whole(bob: Page) -> None:
    """While a reply is written, nothing is said that ends in the middle of a sentence, but for the reply's own end."""
    heard(bob)
    ask(bob, "@tokens=150 @rate=15 Tell me something long.")
    finished(bob)
    said(bob, "The reply is complete.")
    pieces = bob.evaluate("window.heard")
    assert len(pieces) > 2
    for piece in pieces[:-2]:
        assert re.search(r"[.!?…:。！？；：]$|begins\.$|\n$", piece.strip()), piece


@pytest.mark.long
def test_chinese_is_spoken_in_its_own_sentences(browser: Browser, team_site: Site) -> None:
    page = signed_in(browser, team_site, "alice", locale="zh-CN")
    connected(page)
    heard(page)
    ask(page, CHINESE)
    finished(page)
    words = said(page, "回复完成")
    assert "你好。这是第一句！" in words
    assert "python 代码块。" in words
    assert "表格。" in words
    assert "完了。" in words
    assert "secret_code" not in words
    page.context.close()


# --- Fingers ----------------------------------------------------------------------------------------------------------

SMALL = """() => [...document.querySelectorAll("button, a, summary, input:not([type=hidden]), textarea, select, label")]
    .filter((one) => one.checkVisibility({ visibilityProperty: true }))
    .filter((one) => !one.closest(".visually-hidden, .prose, .skip"))
    .map((one) => [one, one.getBoundingClientRect()])
    .filter(([, { width, height, left }]) => width && left >= 0 && (width < 24 || height < least))
    .map(([one, { width, height }]) => `${one.outerHTML.slice(0, 90)} ${Math.round(width)} x ${Math.round(height)}`)"""


def too_small(page: Page, least: int) -> list[str]:
    found: list[str] = page.evaluate(SMALL.replace("() =>", "(least) =>"), least)
    return found


@pytest.fixture
def phone(browser: Browser, team_site: Site) -> Page:
    page = signed_in(browser, team_site, "alice", **PHONE)
    connected(page)
    return page


@pytest.mark.long
def test_on_a_phone_everything_is_large_enough_for_a_finger(phone: Page) -> None:
    phone.fill("#prompt", ECHO.format(rate=2000))
    phone.locator("[data-send]").tap()
    finished(phone)
    assert too_small(phone, 400), "the premise: what is too small is seen"
    assert too_small(phone, 40) == []
    phone.locator("[data-sidebar-open]").tap()
    phone.locator(".person summary").tap()
    assert too_small(phone, 36) == []


@pytest.mark.long
@pytest.mark.parametrize("size", ["small", "normal", "large"])
def test_no_phone_zooms_into_a_field(phone: Page, size: str) -> None:
    phone.evaluate("size => { document.documentElement.dataset.text = size; }", size)
    assert phone.evaluate("parseFloat(getComputedStyle(document.getElementById('prompt')).fontSize)") >= 16
    mirror = phone.evaluate("getComputedStyle(document.querySelector('.grow'), '::after').fontSize")
    assert mirror == phone.evaluate("getComputedStyle(document.getElementById('prompt')).fontSize")


@pytest.mark.long
def test_with_the_keyboard_over_the_page_it_ends_above_that(phone: Page) -> None:
    phone.evaluate("document.documentElement.style.setProperty('--screen', '400px')")
    box = phone.locator(".composer").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 401
    expect(phone.locator("#prompt")).to_be_in_viewport()


COVER = """async (px) => {
    await import("/static/js/on_screen_keyboard.js");
    Object.defineProperty(visualViewport, "height", { value: innerHeight - px, configurable: true });
    visualViewport.dispatchEvent(new Event("resize"));
    return document.getElementById("room").getBoundingClientRect().height - (innerHeight - px);
}"""


def test_a_keyboard_that_lies_over_the_page_is_measured(stage: Stage) -> None:
    stage.page.set_viewport_size({"width": 360, "height": 740})
    assert stage.page.evaluate(COVER, 300) == 0
    assert stage.page.evaluate(COVER, 60) == 60, "that is no keyboard but a bar of the browser"


# --- Directions -------------------------------------------------------------------------------------------------------

PHYSICAL = re.compile(
    r"(?<![\w-])(?:(?:margin|padding|border|inset)-(?:left|right)|(?:left|right))\s*:"
    r"|(?:text-align|float|clear)\s*:\s*(?:left|right)|border-(?:top|bottom)-(?:left|right)-radius"
)
SHEETS = sorted((Path(settings.BASE_DIR) / "static").rglob("*.css"))


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_style_sheets_know_beginnings_and_ends_not_left_and_right(sheet: Path) -> None:
    assert PHYSICAL.findall(re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.S)) == []


@pytest.mark.long
def test_the_page_turns_round_for_a_language_from_right_to_left(bob: Page) -> None:
    ask(bob, "שלום עולם @tokens=5")
    finished(bob)
    bob.evaluate("document.documentElement.dir = 'rtl'")
    sidebar, room = bob.locator("#sidebar").bounding_box(), bob.locator("#room").bounding_box()
    assert sidebar is not None
    assert room is not None
    assert sidebar["x"] > room["x"]
    assert bob.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert bob.evaluate("getComputedStyle(document.querySelector('.said')).direction") == "rtl"


# --- Motion -----------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_nothing_moves_for_who_wants_it_still(browser: Browser, team_site: Site) -> None:
    page = signed_in(browser, team_site, "bob", reduced_motion="reduce")
    connected(page)
    ask(page, "@tokens=300 @rate=30 Slowly, please.")
    expect(page.locator('[data-role="assistant"] .tail')).to_be_attached()
    moving = "document.getAnimations().filter(({ effect }) => effect.getComputedTiming().duration > 50).length"
    assert page.evaluate(moving) == 0
    page.emulate_media(reduced_motion="no-preference")
    page.wait_for_function(f"{moving} > 0")  # the premise: for others something does
    page.emulate_media(reduced_motion="reduce")
    page.keyboard.press("Escape")
    finished(page, "stopped")
    page.context.close()


# --- No network -------------------------------------------------------------------------------------------------------


@pytest.fixture
def installed(browser: Browser, team_site: Site) -> Iterator[Page]:
    """Bob in a browser in which the worker is at work, with a session that ends with no other test's."""
    page = sign_in(browser, team_site, "bob")
    connected(page)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_function("() => navigator.serviceWorker.ready.then(({ active }) => active.state === 'activated')")
    yield page
    page.context.set_offline(False)
    page.context.close()


def kept(context: BrowserContext, page: Page) -> list[str]:
    """Every address that any cache of the worker holds."""
    found: list[str] = page.evaluate(
        """async () => {
            const urls = [];
            for (const name of await caches.keys())
                for (const { url } of await (await caches.open(name)).keys()) urls.push(new URL(url).pathname);
            return urls.sort();
        }"""
    )
    return found


def test_without_a_network_there_is_a_page_that_says_so_and_tries_again(installed: Page) -> None:
    installed.context.set_offline(True)
    installed.goto("/c/00000000-0000-0000-0000-000000000000/")
    expect(installed.get_by_role("heading", name="The site cannot be reached")).to_be_visible()
    expect(installed.get_by_text("无法连接到本站")).to_be_hidden()
    assert installed.evaluate("getComputedStyle(document.querySelector('.card')).display") == "grid", (
        "it has its styles"
    )
    installed.get_by_role("button", name="Try again").click()
    expect(installed.get_by_role("heading", name="The site cannot be reached")).to_be_visible()
    installed.context.set_offline(False)
    expect(installed.get_by_role("heading", name="The site cannot be reached")).to_be_hidden()


@pytest.mark.long
def test_without_a_network_in_the_readers_language_and_theme(installed: Page, team_site: Site) -> None:
    installed.context.add_cookies(
        [
            {"name": "django_language", "value": "zh-hans", "url": team_site.url},
            {"name": "appearance", "value": "theme:dark", "url": team_site.url},
        ]
    )
    installed.context.set_offline(True)
    installed.goto("/")
    expect(installed.get_by_role("heading", name="无法连接到本站")).to_be_visible()
    expect(installed.get_by_role("heading", name="The site cannot be reached")).to_be_hidden()
    assert brightness(installed) < 3 * 80


def test_the_worker_keeps_only_that_page_and_its_parts(installed: Page) -> None:
    ask(installed, "@tokens=3 @rate=2000 A secret of mine")
    finished(installed)
    installed.goto("/accounts/usage/")
    installed.goto("/")
    connected(installed)
    addresses = kept(installed.context, installed)
    assert addresses[-1].startswith("/static/")
    assert [one for one in addresses if not one.startswith("/static/")] == ["/offline/"]
    assert len(addresses) == 6


@pytest.mark.long
def test_the_page_works_with_the_worker_as_without(installed: Page) -> None:
    installed.reload()
    connected(installed)
    assert installed.evaluate("Boolean(navigator.serviceWorker.controller)")
    ask(installed, "@tokens=20 @rate=200 With the worker")
    finished(installed)
    entry = installed.evaluate(
        "performance.getEntriesByType('resource').filter(({ name }) => name.includes('/static/'))"
        ".map(({ deliveryType, transferSize, workerStart }) => workerStart)"
    )
    assert len(entry) > 10


@pytest.mark.long
def test_signing_out_leaves_nothing_in_the_browser(installed: Page) -> None:
    installed.locator("#prompt").fill("A draft that nobody else should read")
    installed.evaluate("sessionStorage.setItem('probe', 'x'), localStorage.setItem('probe', 'x')")
    assert kept(installed.context, installed)
    installed.locator(".person summary").click()
    installed.locator(".person-menu").get_by_role("button", name="Sign out").click()
    installed.wait_for_url("**/accounts/login/**")
    assert kept(installed.context, installed) == []
    assert installed.evaluate("sessionStorage.length + localStorage.length") == 0
    assert installed.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)") == 0
    installed.go_back()
    expect(installed.get_by_label("Password")).to_be_visible()
