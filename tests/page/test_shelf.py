"""Keeping conversations in order at the page: by mouse and by keyboard, in two tabs, on a phone."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.page.people import Held, all_asked, ask, connected, finished, signed_in
from tests.sites import Site

pytestmark = pytest.mark.browser

SAY = "@echo=true @tokens=0 "
MAKE = """
from datetime import timedelta
from uuid import uuid4
from django.utils import timezone
from accounts.models import User
from conversations.models import Conversation, Folder, Tag
Conversation.objects.filter(owner__username="{who}").delete()
Folder.objects.filter(owner__username="{who}").delete()
Tag.objects.filter(owner__username="{who}").delete()
owner = User.objects.get(username="{who}")
Conversation.objects.bulk_create(
    Conversation(owner=owner, client_id=uuid4(), title=f"Number {{n}}", updated_at=timezone.now() - timedelta(days=n))
    for n in range({many})
)
"""

AWAY = """
from django.utils import timezone
from conversations.models import Conversation
Conversation.objects.filter(owner__username="alice").update(trashed_at=timezone.now())
"""

LISTS = re.compile(r"/conversations/\?")
ARCHIVE = """id => {
    const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
    const headers = {"Content-Type": "application/json", "X-CSRFToken": token};
    return fetch("/conversations/archive/", {method: "POST", headers, body: JSON.stringify({conversations: [id]})});
}"""


@pytest.fixture
def shelf_of(team_site: Site) -> Callable[[str, int], None]:
    """Gives a person so many conversations, a day between each, and takes all others."""

    def make(who: str, many: int) -> None:
        team_site.manage("shell", "-c", MAKE.format(who=who, many=many))

    return make


def here(page: Page) -> Page:
    page.goto("/")
    connected(page)
    return page


def titles(page: Page, where: str = "#entries") -> list[str]:
    return [text.strip() for text in page.locator(f"{where} [data-conversation] a").all_text_contents()]


def item(page: Page, title: str) -> Locator:
    return page.locator("#shelf [data-conversation]", has=page.get_by_role("link", name=title, exact=True))


def choose(page: Page, title: str, verb: str) -> None:
    item(page, title).hover()
    item(page, title).locator("[data-shelf=item]").click()
    page.click(f"#shelf-menu [data-verb={verb}]")


def archive_elsewhere(page: Page, title: str) -> None:
    """As if in another tab: this one is told, and asks for its list anew."""
    with page.expect_request(LISTS):
        page.evaluate(ARCHIVE, item(page, title).get_attribute("data-conversation"))


def look(page: Page, view: str) -> None:
    page.click("[data-shelf=views]")
    page.click(f"#shelf-menu [data-query='{view}']")
    expect(page.locator("#shelf")).to_have_attribute("data-query", view)


def told(page: Page) -> Locator:
    return page.locator("#shelf-notice:popover-open")


@pytest.mark.long
def test_days_are_those_of_the_reader(browser: Browser, team_site: Site, shelf_of: Any) -> None:
    shelf_of("alice", 40)
    page = signed_in(browser, team_site, "alice", timezone_id="Pacific/Auckland")
    page.clock.install()
    here(page)
    days = page.locator("#entries .day").all_text_contents()
    assert [day.lower() for day in days[:3]] == ["today", "yesterday", "previous 7 days"]
    assert len(days) >= 4, "and months"
    first = page.locator("#entries [data-conversation]").first.get_attribute("data-updated")
    day_there = page.evaluate("iso => new Date(iso).toDateString() === new Date().toDateString()", first)
    assert day_there
    expect(page.locator("#entries .day").nth(1)).to_have_text(re.compile("yesterday", re.I))


def test_pin_archive_trash_and_undo(alice_page: Page, shelf_of: Any) -> None:
    shelf_of("alice", 5)
    page = here(alice_page)
    choose(page, "Number 3", "pin")
    expect(page.locator("[data-list=pinned] [data-conversation]")).to_have_count(1)
    expect(page.locator("#entries [data-conversation]")).to_have_count(4)
    choose(page, "Number 3", "unpin")
    expect(page.locator("#entries [data-conversation]")).to_have_count(5)
    assert titles(page) == [f"Number {n}" for n in range(5)], "by its date again"
    choose(page, "Number 1", "archive")
    expect(item(page, "Number 1")).to_have_count(0)
    look(page, "?view=archive")
    expect(item(page, "Number 1")).to_be_visible()
    choose(page, "Number 1", "unarchive")
    expect(page.locator("#entries-none")).to_have_text("Nothing is in the archive.")
    look(page, "")
    choose(page, "Number 2", "trash")
    expect(told(page)).to_contain_text("Moved to the trash.")
    expect(item(page, "Number 2")).to_have_count(0)
    told(page).locator("[data-undo]").click()
    expect(item(page, "Number 2")).to_be_visible()
    assert titles(page) == [f"Number {n}" for n in range(5)]


def test_a_title_is_changed_in_the_bar_and_in_the_list_and_other_tabs_know(
    bob_page: Page, browser: Browser, team_site: Site, shelf_of: Any
) -> None:
    shelf_of("bob", 3)
    page = here(bob_page)
    item(page, "Number 1").locator("a").click()
    connected(page)
    other = signed_in(browser, team_site, "bob")
    other.goto(page.url)
    connected(other)
    page.click("#title")
    expect(page.locator(".bar .retitle input")).to_be_focused()
    page.keyboard.type("  Plans for <b>spring</b> ")
    page.keyboard.press("Enter")
    for one in (page, other):
        expect(one.locator("#title")).to_have_text("Plans for <b>spring</b>")
        expect(item(one, "Plans for <b>spring</b>")).to_be_visible()
        expect(one).to_have_title(re.compile("^Plans for <b>spring</b> · "))
    assert titles(page)[1].startswith("Plans"), "it stays where it is"
    choose(page, "Number 2", "rename")
    page.keyboard.type("x" * 30)
    page.keyboard.press("Escape")
    expect(item(page, "Number 2").locator("a")).to_be_focused()
    choose(page, "Number 2", "rename")
    page.fill(".entries .retitle input", " ")
    page.keyboard.press("Enter")
    expect(page.locator(".entries .retitle [data-error]")).to_have_text("A title needs a letter.")
    expect(page.locator(".entries .retitle input")).to_be_focused()
    page.fill(".entries .retitle input", "Two")
    page.keyboard.press("Enter")
    expect(item(page, "Two")).to_be_visible()


@pytest.mark.long
def test_folders_hold_conversations_and_stay_open(bob_page: Page, shelf_of: Any) -> None:
    shelf_of("bob", 4)
    page = here(bob_page)
    choose(page, "Number 1", "move")
    page.fill("#shelf-move input[name=name]", "Work")
    page.keyboard.press("Enter")
    folder = page.locator(".folder")
    expect(folder.locator("summary")).to_have_text("Work")
    expect(page.locator("#entries [data-conversation]")).to_have_count(3)
    folder.locator("summary").click()
    expect(folder.locator("[data-conversation]")).to_have_count(1)
    page.reload()
    connected(page)
    expect(folder.locator("[data-conversation]")).to_have_count(1)
    page.click("[data-shelf=views]")
    page.click("#shelf-menu [data-do=folder]")
    page.fill("#shelf-name input", "work")
    page.keyboard.press("Enter")
    expect(page.locator("#shelf-name [data-error]")).to_have_text("You have a folder of this name.")
    expect(page.locator("#shelf-name input")).to_have_value("work")
    page.keyboard.press("Escape")
    folder.hover()
    folder.locator("[data-shelf=folder]").click()
    page.click("#shelf-menu [data-do=rename]")
    page.fill("#shelf-name input", "Play")
    page.keyboard.press("Enter")
    expect(folder.locator("summary")).to_have_text("Play")
    folder.locator("[data-shelf=folder]").click()
    page.click("#shelf-menu [data-do=delete]")
    page.click("#shelf-sure .danger")
    expect(folder).to_have_count(0)
    expect(page.locator("#entries [data-conversation]")).to_have_count(4)


@pytest.mark.long
def test_tags_list_what_has_them(alice_page: Page, shelf_of: Any) -> None:
    shelf_of("alice", 3)
    page = here(alice_page)
    for title in ("Number 0", "Number 2"):
        choose(page, title, "tag")
        if title == "Number 0":
            page.fill("#shelf-tag input[name=name]", "later")
        else:
            page.check("#shelf-tag label:has-text('later') input")
        page.click("#shelf-tag .button")
        expect(page.locator("#shelf-tag")).to_be_hidden()
    page.click("[data-shelf=views]")
    page.click("#shelf-menu .tag")
    expect(page.locator("[data-view]")).to_have_text("later")
    expect(page.locator("#entries [data-conversation]")).to_have_count(2)
    choose(page, "Number 0", "tag")
    page.uncheck("#shelf-tag label:has-text('later') input")
    page.click("#shelf-tag .button")
    expect(page.locator("#entries [data-conversation]")).to_have_count(1)
    page.click("[data-shelf=views]")
    page.click("#shelf-menu [data-do=delete]")
    page.click("#shelf-sure .danger")
    expect(page.locator("[data-view]")).to_have_text("Conversations")
    expect(page.locator("#entries [data-conversation]")).to_have_count(3)


@pytest.mark.long
def test_several_at_once_by_mouse_and_by_keyboard(alice_page: Page, shelf_of: Any) -> None:
    shelf_of("alice", 8)
    page = here(alice_page)
    page.click("[data-shelf=select]")
    boxes = page.locator("#entries [data-box]")
    expect(boxes).to_have_count(8)
    expect(boxes.first).to_be_focused()
    item(page, "Number 1").locator("a").click()
    item(page, "Number 4").locator("a").click(modifiers=["Shift"])
    expect(page.locator(".shelf-bar [data-count]")).to_have_text("4 selected")
    assert page.url.endswith("/"), "a link selects, it does not lead away"
    page.click(".shelf-bar [data-verb=archive]")
    expect(page.locator("#entries [data-conversation]")).to_have_count(4)
    expect(page.locator(".shelf-bar")).to_have_count(0)
    page.focus("[data-shelf=select]")
    page.keyboard.press("Enter")
    expect(boxes.first).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(boxes.nth(2)).to_be_focused()
    expect(page.locator(".shelf-bar [data-count]")).to_have_text("2 selected")
    page.keyboard.press("Delete")
    expect(page.locator("#entries [data-conversation]")).to_have_count(2)
    expect(page.locator(".shelf-bar")).to_have_count(0)
    page.click("[data-shelf=select]")
    expect(boxes.first).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    expect(page.locator(".shelf-bar [data-count]")).to_have_text("2 selected")
    page.keyboard.press("Escape")
    expect(page.locator(".shelf-bar")).to_have_count(0)
    look(page, "?view=trash")
    expect(page.locator("#entries [data-conversation]")).to_have_count(2)
    page.click("[data-shelf=select]")
    page.check("[data-all]")
    page.click(".shelf-bar [data-verb=delete]")
    expect(page.locator("#shelf-sure")).to_contain_text("Delete 2 conversations?")
    page.click("#shelf-sure [data-cancel]")
    expect(page.locator(".shelf-bar [data-count]")).to_have_text("2 selected")
    page.click(".shelf-bar [data-verb=delete]")
    page.click("#shelf-sure .danger")
    expect(page.locator("#entries-none")).to_have_text("The trash is empty.")


@pytest.mark.long
def test_a_menu_is_used_by_keyboard(alice_page: Page, shelf_of: Any) -> None:
    shelf_of("alice", 2)
    page = here(alice_page)
    opener = item(page, "Number 0").locator("[data-shelf=item]")
    opener.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#shelf-menu [data-verb=pin]")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.locator("#shelf-menu [data-verb=trash]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#shelf-menu")).to_be_hidden()
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#shelf-menu [data-verb=pin]")).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect(item(page, "Number 0")).to_have_count(0)
    expect(item(page, "Number 1").locator("a")).to_be_focused()


@pytest.mark.long
def test_the_trash_in_two_tabs_while_a_reply_is_written(
    alice_page: Page, browser: Browser, team_site: Site, shelf_of: Any
) -> None:
    shelf_of("alice", 0)
    page = here(alice_page)
    ask(page, "@tokens=900 @rate=5 A long story")
    expect(page.locator("[data-part=text]").last).not_to_be_empty()
    other = signed_in(browser, team_site, "alice")
    other.goto(page.url)
    connected(other)
    other.fill("#prompt", "Not lost")
    page.click("#more summary")
    page.click("#more [data-verb=trash]")
    for one in (page, other):
        finished(one, "stopped")
        expect(one.locator("#trashed")).to_be_visible()
        expect(one.locator("#prompt")).to_be_hidden()
    other.reload()
    connected(other)
    expect(other.locator("#trashed")).to_contain_text("This conversation is in the trash.")
    other.click("#trashed [data-shelf=restore]")
    for one in (page, other):
        expect(one.locator("#trashed")).to_be_hidden()
        expect(one.locator("#prompt")).to_be_visible()
    expect(other.locator("#prompt")).to_have_value("Not lost")
    page.click("#more summary")
    page.click("#more [data-verb=trash]")
    page.click("#trashed [data-shelf=delete]")
    page.click("#shelf-sure .danger")
    page.wait_for_url("**/?view=trash")
    expect(other.locator("#trashed")).to_contain_text("This conversation was deleted.")


@pytest.mark.long
def test_what_is_sent_to_the_trash_is_given_back(alice_page: Page, team_site: Site, shelf_of: Any) -> None:
    shelf_of("alice", 0)
    page = here(alice_page)
    ask(page, SAY + "Hello")
    finished(page)
    team_site.manage("shell", "-c", AWAY)
    ask(page, "Kept")
    expect(page.locator("#composer-error")).to_contain_text("in the trash")
    expect(page.locator("#prompt")).to_have_value("Kept")
    expect(page.locator("#trashed [data-shelf=restore]")).to_be_visible()


@pytest.mark.long
def test_older_ones_come_to_the_list_and_stay(alice_page: Page, shelf_of: Any) -> None:
    shelf_of("alice", 120)
    page = here(alice_page)
    expect(page.locator("#entries [data-conversation]")).to_have_count(50)
    page.click("[data-older]")
    expect(page.locator("#entries [data-conversation]")).to_have_count(100)
    choose(page, "Number 80", "trash")
    expect(page.locator("#entries [data-conversation]")).to_have_count(99)
    page.click("[data-older]")
    expect(page.locator("#entries [data-conversation]")).to_have_count(119)
    expect(page.locator("[data-older]")).to_have_count(0)
    assert len(set(titles(page))) == 119


@pytest.mark.long
def test_on_a_phone(browser: Browser, team_site: Site, shelf_of: Any) -> None:
    shelf_of("bob", 3)
    page = signed_in(browser, team_site, "bob", viewport={"width": 360, "height": 700}, has_touch=True, is_mobile=True)
    here(page)
    page.tap("[data-sidebar-open]")
    item(page, "Number 1").locator("[data-shelf=item]").tap()
    page.tap("#shelf-menu [data-verb=move]")
    page.fill("#shelf-move input[name=name]", "Work")
    page.tap("#shelf-move .button")
    expect(page.locator(".folder")).to_be_visible()
    page.tap("[data-shelf=select]")
    page.tap("[data-all]")
    page.tap(".shelf-bar [data-verb=archive]")
    expect(page.locator("#entries [data-conversation]")).to_have_count(0)
    expect(page.locator("body")).to_have_class(re.compile("sidebar-open"))
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.long
def test_nothing_of_it_is_loaded_before_it_is_asked_for(alice_page: Page) -> None:
    names = alice_page.evaluate("performance.getEntriesByType('resource').map(one => one.name)")
    assert not [name for name in names if "shelf" in name]


@pytest.mark.long
def test_what_did_not_reach_the_site_is_said(bob_page: Page, shelf_of: Any) -> None:
    shelf_of("bob", 2)
    page = here(bob_page)
    page.route("**/conversations/trash/", lambda route: route.abort())
    choose(page, "Number 1", "trash")
    expect(told(page)).to_have_text(re.compile("That did not reach the site"))
    expect(item(page, "Number 1")).to_be_visible()


# --- What overtakes each other ----------------------------------------------------------------------------------------


def test_a_view_that_was_chosen_is_shown_though_another_tab_changed_the_list(bob_page: Page, shelf_of: Any) -> None:
    shelf_of("bob", 3)
    page = here(bob_page)
    held = Held(page, re.compile(r"/conversations/\?view=archive"))
    page.click("[data-shelf=views]")
    with page.expect_request(LISTS):
        page.click("#shelf-menu [data-query='?view=archive']")
    archive_elsewhere(page, "Number 1")
    all_asked(page)
    held.let_go()
    expect(page.locator("#shelf")).to_have_attribute("data-query", "?view=archive")
    expect(item(page, "Number 1")).to_be_visible()


def test_what_began_while_a_list_was_on_its_way_stays_in_it(bob_page: Page, shelf_of: Any) -> None:
    shelf_of("bob", 2)
    page = here(bob_page)
    held = Held(page, LISTS)
    archive_elsewhere(page, "Number 1")
    as_it_was = page.request.get("/conversations/?").text()
    ask(page, f"{SAY}A new one")
    finished(page)
    held.let_go(as_it_was)
    expect(item(page, "Number 1")).to_have_count(0)
    assert len(titles(page)) == 2


def test_a_title_that_is_written_outlives_a_new_list(bob_page: Page, shelf_of: Any) -> None:
    shelf_of("bob", 3)
    page = here(bob_page)
    choose(page, "Number 2", "rename")
    field = page.locator(".entries .retitle input")
    field.fill("Two")
    with page.expect_response(LISTS):
        archive_elsewhere(page, "Number 1")
    all_asked(page)
    expect(field).to_have_value("Two")
    page.keyboard.press("Enter")
    expect(item(page, "Number 1")).to_have_count(0)
    assert titles(page) == ["Number 0", "Two"]


def test_a_menu_is_of_its_conversation_though_the_list_came_anew(bob_page: Page, shelf_of: Any) -> None:
    shelf_of("bob", 3)
    page = here(bob_page)
    item(page, "Number 2").hover()
    item(page, "Number 2").locator("[data-shelf=item]").click()
    expect(page.locator("#shelf-menu [data-verb=rename]")).to_be_visible()
    archive_elsewhere(page, "Number 1")
    expect(item(page, "Number 1")).to_have_count(0)
    page.click("#shelf-menu [data-verb=rename]")
    expect(page.locator(".entries .retitle input")).to_have_value("Number 2")


def test_what_was_chosen_before_does_not_end_what_is_chosen_now(bob_page: Page, shelf_of: Any) -> None:
    shelf_of("bob", 3)
    page = here(bob_page)
    address = re.compile("/conversations/archive/")
    held = Held(page, address)
    page.click("[data-shelf=select]")
    item(page, "Number 1").locator("[data-box]").check()
    with page.expect_request(address):
        page.click(".shelf-bar [data-verb=archive]")
    page.click("[data-shelf=select]")
    expect(page.locator(".shelf-bar")).to_have_count(0)
    page.click("[data-shelf=select]")
    expect(page.locator(".shelf-bar")).to_be_visible()
    held.let_go()
    expect(item(page, "Number 1")).to_have_count(0)
    expect(page.locator("#entries [data-box]")).to_have_count(2)
    page.click("[data-shelf=select]")
    expect(page.locator(".shelf-bar")).to_have_count(0)
