"""Everything by keyboard: the keys, the sheet that says them, where the focus goes, and how to switch them off."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.page.people import ask, connected, finished, replies, signed_in
from tests.sites import Site

pytestmark = pytest.mark.browser

CODE = "@echo=true @tokens=0 @rate=2000\n\nHere it is:\n\n```python\nprint('the code')\n```\n\nThat was all."
SLOW = "@tokens=400 @rate=20 Take your time."
# The line around the field one writes in, once it has its colour.
EDGE = """async () => {
    const field = document.querySelector(".composer-field");
    await Promise.allSettled(field.getAnimations().map((one) => one.finished));
    return getComputedStyle(field).borderColor;
}"""
ACTIVE = "document.activeElement.id || document.activeElement.className || document.activeElement.tagName"


@pytest.fixture
def page(browser: Browser, team_site: Site) -> Iterator[Page]:
    """Alice at an empty conversation, whose browser lets her page use the clipboard."""
    page = signed_in(browser, team_site, "alice")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    connected(page)
    page.fill("#prompt", "")  # a draft of another test
    yield page
    page.context.close()


def leave_field(page: Page) -> None:
    """The focus is nowhere: what is pressed is for the page."""
    page.evaluate("document.activeElement.blur()")


def clipboard(page: Page) -> str:
    return str(page.evaluate("navigator.clipboard.readText()"))


def choose(page: Page, label: str, value: str) -> None:
    """In the dialog of appearance, as the person's menu opens it."""
    page.locator(".person summary").click()
    page.locator("[data-dialog=appearance]").click()
    dialog = page.locator("#appearance")
    expect(dialog).to_be_visible()
    with page.expect_response("**/accounts/appearance/"):
        dialog.get_by_role("group", name=label).get_by_label(value).check()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


@pytest.mark.parametrize("keys", ["?", "Control+/"])
def test_the_sheet_opens_says_every_key_and_gives_the_focus_back(page: Page, keys: str) -> None:
    if keys == "?":
        leave_field(page)
    before = page.evaluate(ACTIVE)
    page.keyboard.press(keys)
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet).to_be_visible()
    for what in ("New conversation", "Search", "Stop", "Copy the last code", "Edit the last message"):
        expect(sheet.get_by_text(what, exact=True)).to_be_visible()
    assert page.evaluate("document.activeElement.closest('dialog')?.id") == "shortcuts"
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    assert page.evaluate(ACTIVE) == before


@pytest.mark.long
def test_the_sheet_is_loaded_once_and_when_it_is_asked_for(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for _ in range(2):
        page.keyboard.press("Control+/")
        expect(page.locator("#shortcuts")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("#shortcuts")).to_be_hidden()
    assert sum(url.endswith("/shortcuts/") for url in asked) == 1
    assert page.locator("dialog#shortcuts").count() == 1


@pytest.mark.long
def test_on_a_mac_keys_have_a_macs_signs(browser: Browser, team_site: Site) -> None:
    page = signed_in(browser, team_site, "alice")
    page.add_init_script("Object.defineProperty(navigator, 'platform', { get: () => 'MacIntel' })")
    page.reload()
    connected(page)
    page.keyboard.press("Meta+/")
    sheet = page.locator("#shortcuts")
    expect(sheet).to_be_visible()
    expect(sheet.locator("kbd", has_text="⌘").first).to_be_visible()
    expect(sheet.locator("kbd", has_text="Ctrl")).to_have_count(0)
    page.context.close()


@pytest.mark.long
def test_what_one_types_is_text(page: Page) -> None:
    page.locator("#prompt").focus()
    page.keyboard.type("? / re e")
    expect(page.locator("#prompt")).to_have_value("? / re e")
    expect(page.locator("dialog[open]")).to_have_count(0)


@pytest.mark.long
@pytest.mark.parametrize("keys", ["/", "Shift+Escape"])
def test_a_key_leads_to_the_field(page: Page, keys: str) -> None:
    leave_field(page)
    page.keyboard.press(keys)
    expect(page.locator("#prompt")).to_be_focused()
    expect(page.locator("#prompt")).to_have_value("")


@pytest.mark.long
def test_copying_the_last_reply_and_the_last_code(page: Page) -> None:
    ask(page, CODE)
    finished(page)
    page.keyboard.press("Control+Shift+;")
    expect(page.locator("#announcer")).to_contain_text("Copied")
    assert clipboard(page).strip() == "print('the code')"
    page.evaluate("document.getElementById('announcer').textContent = ''")
    page.keyboard.press("Control+Shift+C")
    expect(page.locator("#announcer")).to_contain_text("Copied")
    assert "That was all." in clipboard(page)


@pytest.mark.long
def test_a_key_with_nothing_to_do_says_so(page: Page) -> None:
    page.keyboard.press("Control+Shift+C")
    expect(page.locator("#announcer")).to_contain_text("There is nothing for that key here.")


def test_escape_closes_what_is_open_and_only_then_stops_the_reply(page: Page) -> None:
    ask(page, SLOW)
    expect(page.locator("[data-stop]")).to_be_visible()
    page.keyboard.press("Control+/")
    expect(page.locator("#shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#shortcuts")).to_be_hidden()
    page.locator(".person summary").click()
    page.keyboard.press("Escape")
    expect(page.locator("details.person[open]")).to_have_count(0)
    expect(page.locator("[data-stop]")).to_be_visible()
    assert replies(page).last.get_attribute("data-state") in ("queued", "writing")
    page.keyboard.press("Escape")
    finished(page, "stopped")


@pytest.mark.long
def test_another_reply_by_key(page: Page) -> None:
    ask(page, "@tokens=3 @rate=2000 Say it again.")
    first = finished(page).get_attribute("data-message")
    leave_field(page)
    page.keyboard.press("r")
    expect(replies(page).last).not_to_have_attribute("data-message", first or "")
    finished(page)


@pytest.mark.long
def test_arrow_up_in_an_empty_field_edits_ones_last_message(page: Page) -> None:
    ask(page, "@tokens=3 @rate=2000 What I meant.")
    finished(page)
    page.locator("#prompt").focus()
    page.keyboard.press("ArrowUp")
    field = page.locator(".message[data-role=user] textarea")
    expect(field).to_be_focused()
    expect(field).to_have_value("@tokens=3 @rate=2000 What I meant.")
    page.keyboard.press("Escape")
    page.locator("#prompt").fill("not empty")
    page.keyboard.press("ArrowUp")
    expect(field).to_have_count(0)


@pytest.mark.long
def test_from_conversation_to_conversation(page: Page) -> None:
    urls = []
    for name in ("older", "newer"):
        ask(page, f"@tokens=1 @rate=2000 The {name} one")
        finished(page)
        urls.append(page.url)
        page.keyboard.press("Control+Shift+O")
        page.wait_for_url(lambda url: url.rstrip("/").count("/") == 2)
        connected(page)
    page.keyboard.press("Alt+ArrowDown")
    page.wait_for_url(urls[1])
    connected(page)
    page.keyboard.press("Alt+ArrowDown")
    page.wait_for_url(urls[0])
    connected(page)
    page.keyboard.press("Alt+ArrowUp")
    page.wait_for_url(urls[1])


@pytest.mark.long
def test_the_list_can_be_put_away_and_stays_so_on_another_device(page: Page, browser: Browser, team_site: Site) -> None:
    expect(page.locator("#sidebar")).to_be_visible()
    with page.expect_response("**/accounts/appearance/"):
        page.keyboard.press("Control+Shift+S")
    expect(page.locator("#sidebar")).to_be_hidden()
    other = signed_in(browser, team_site, "alice")
    expect(other.locator("#sidebar")).to_be_hidden()
    with other.expect_response("**/accounts/appearance/"):
        other.locator("[data-sidebar-open]").click()
    expect(other.locator("#sidebar")).to_be_visible()
    other.context.close()


@pytest.mark.long
def test_to_the_newest_message(page: Page) -> None:
    ask(page, "@tokens=900 @rate=5000 A long one")
    finished(page)
    page.locator("#thread").hover()
    page.mouse.wheel(0, -4000)
    expect(page.locator("#newest")).to_be_visible()
    leave_field(page)
    page.keyboard.press("End")
    expect(page.locator("#newest")).to_be_hidden()


@pytest.mark.long
def test_switched_off_no_key_does_anything_but_escape(page: Page) -> None:
    choose(page, "Keyboard shortcuts", "Off")
    try:
        leave_field(page)
        for keys in ("?", "Control+/", "/", "Control+Shift+S"):
            page.keyboard.press(keys)
        expect(page.locator("#prompt")).not_to_be_focused()
        expect(page.locator("#sidebar")).to_be_visible()
        expect(page.locator("dialog[open]")).to_have_count(0)
        page.reload()
        connected(page)
        ask(page, SLOW)
        expect(page.locator("[data-stop]")).to_be_visible()
        page.keyboard.press("Escape")
        finished(page, "stopped")
    finally:
        choose(page, "Keyboard shortcuts", "On")
    page.keyboard.press("Control+/")
    expect(page.locator("#shortcuts")).to_be_visible()


@pytest.mark.long
def test_tab_goes_in_the_order_one_sees_and_always_shows_where(page: Page) -> None:
    page.goto("/")
    connected(page)
    leave_field(page)
    seen: list[str] = []
    edge = page.evaluate(EDGE)
    for _ in range(60):
        page.keyboard.press("Tab")
        where = page.evaluate(
            """() => {
                const one = document.activeElement;
                if (one === document.body) return null;
                const { outlineStyle, outlineWidth } = getComputedStyle(one);
                const isOutlined = outlineStyle !== 'none' && parseFloat(outlineWidth) > 0;
                return [one.id || one.className || one.tagName, isOutlined];
            }"""
        )
        if where is None:
            break
        name, is_outlined = where
        assert is_outlined or (name == "prompt" and page.evaluate(EDGE) != edge), name
        seen.append(name)
    assert seen[0] == "skip"
    assert seen.index("prompt") > seen.index("button new"), seen


@pytest.mark.long
def test_the_skip_link_leads_past_the_list(page: Page) -> None:
    leave_field(page)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#prompt")).to_be_focused()
