"""No page has a fault that axe finds: each address of the URL table, and the states that the chat page can be in.

Each is looked at twice: in English on a desk and in Chinese on a phone, in the light and in the dark. A page that is
new in the URL table is looked at, too; an argument that is new there has to be given its value in ``where``.
"""

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation
from playwright.sync_api import Browser, Page, Route, expect

from chatsite.bench.browser import launched
from tests.hostile.test_every_door import ALL, ARGUMENT, Door
from tests.page.everything import ROWS
from tests.page.looking import COLOURS, faults
from tests.page.people import ECHO, ask, connected, finished, signed_in
from tests.sites import Site

pytestmark = pytest.mark.browser

DESK = {"viewport": {"width": 1280, "height": 800}, "locale": "en-GB", "reduced_motion": "reduce"}
PHONE = {"viewport": {"width": 360, "height": 740}, "locale": "zh-CN", "reduced_motion": "reduce"}
NOT_PAGES = 40  # doors that answer with something else, at most a few more than there are
TEXT = ECHO.format(rate=1).partition("\n\n")[2]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One for the module: nothing in it needs the database of the tests, from which playwright's loop would keep it."""
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def desk(chromium: Browser, team_site: Site) -> Page:
    return signed_in(chromium, team_site, team_site.admin, **DESK)


@pytest.fixture(scope="module")
def phone(chromium: Browser, team_site: Site) -> Page:
    return signed_in(chromium, team_site, team_site.admin, **PHONE)


@pytest.fixture(scope="module")
def rows(team_site: Site) -> dict[str, str]:
    printed = team_site.manage("shell", "-c", ROWS.format(text=TEXT)).strip().splitlines()[-1]
    return dict(json.loads(printed))


@pytest.fixture(scope="module")
def pages(desk: Page, rows: dict[str, str]) -> dict[str, str]:
    """The address of each door behind which there is a page."""
    found = {}
    for door in ALL:
        answer = desk.request.get(address := where(door, rows))
        if answer.headers.get("content-type", "").startswith("text/html") and "<html" in answer.text():
            found[door.name] = address
    return found


def where(door: Door, rows: dict[str, str]) -> str:
    """The address of a door, for the rows that there are."""
    known = {
        "conversation_id": rows["conversations.conversation"],
        "reply_id": rows["conversations.message"],
        "message_id": rows["conversations.message"],
        "incident_id": rows["moderation.incident"],
        "nomination_id": rows["conversations.nomination"],
        "share_id": rows["conversations.share"],
        "key_id": rows["accounts.apikey"],
        "token": rows["token"],
        "worker": "nobody",
        "name": "scripted",
        "content_type_id": "0",
        "session_id": "0",
        "secret": "not-one",
        "provider_id": "none",
        "app_label": "limits",
        "id": rows["accounts.user"],
    }
    preset = "preset" in door.name
    own = rows.get(door.model) or rows["conversations.preset" if preset else "conversations.savedprompt"]
    known |= dict.fromkeys(("pk", "object_id", "preset_id", "prompt_id"), own)
    if door.name == "admin:app_list":
        return "/admin/limits/"
    if door.name == "account_reset_password_from_key":
        return "/accounts/password/reset/1-not-one/"
    return "/" + ARGUMENT.sub(lambda found: known[found[1]], door.route.replace("(?P<url>.*)$", "nowhere/"))


def looked_at(page: Page) -> list[str]:
    """What is wrong with a page as it is now."""
    page.emulate_media(color_scheme="light")
    in_light = faults(page)
    page.emulate_media(color_scheme="dark")
    settled(page)
    in_dark = [f"dark: {fault}" for fault in faults(page, COLOURS)]
    if in_dark:  # on a busy machine a colour may still have been that of the light
        settled(page)
        in_dark = [f"dark: {fault}" for fault in faults(page, COLOURS)]
    page.emulate_media(color_scheme="light")
    settled(page)
    return in_light + in_dark


def settled(page: Page) -> None:
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.evaluate("Promise.allSettled(document.getAnimations().map((one) => one.finished)).then(() => true)")


def test_the_checker_sees_faults(desk: Page) -> None:
    desk.goto("/accounts/password/reset/")
    desk.evaluate(
        "document.querySelector('h1').insertAdjacentHTML('afterend', '<img src=/static/img/mark.svg><input>')"
    )
    rules = {fault.partition(":")[0] for fault in faults(desk)}
    assert {"image-alt", "label"} <= rules


def test_there_are_pages_at_all(pages: dict[str, str]) -> None:
    assert {"home", "conversation", "account_usage", "shared", "prompts", "offline", "admin:index"} <= pages.keys()
    assert len(pages) > 60
    assert len(ALL) - len(pages) < NOT_PAGES * 2


def in_turn(doors: list[Door]) -> Iterator[Any]:
    """All; in the short form every other one, of the console's one in eight."""
    for number, door in enumerate(doors):
        is_left_out = number % (8 if door.name.startswith("admin:") else 2)
        yield pytest.param(door, id=door.name, marks=[pytest.mark.long] if is_left_out else [])


@pytest.mark.parametrize("door", list(in_turn(ALL)))
def test_a_page_has_no_fault(door: Door, desk: Page, phone: Page, pages: dict[str, str]) -> None:
    if door.name not in pages:
        return
    for page in (desk, phone):
        page.goto(pages[door.name])
        assert looked_at(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways"


@pytest.mark.parametrize("path", ["login/", "signup/", "inactive/", "suspended/", "letter/", "password/reset/"])
def test_a_page_for_strangers_has_no_fault(chromium: Browser, team_site: Site, path: str) -> None:
    for options in (DESK, PHONE):
        context = chromium.new_context(base_url=team_site.url, **options)  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(f"/accounts/{path}")
        assert looked_at(page) == []
        context.close()


def _answered(route: Route, html: str) -> None:
    route.fulfill(body=html, content_type="text/html")


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "429", "500"])
def test_a_page_of_an_error_has_no_fault(desk: Page, phone: Page, name: str) -> None:
    for page, language in ((desk, "en"), (phone, "zh-hans")):
        with translation.override(language):
            html = render_to_string(f"{name}.html", request=RequestFactory().get("/"))
        page.route("**/error", partial(_answered, html=html))
        page.goto("/error")
        expect(page.locator("h1")).to_be_visible()
        assert looked_at(page) == []
        page.unroute("**/error")


# --- The chat page, as one comes to see it ----------------------------------------------------------------------------


def with_messages(page: Page) -> None:
    ask(page, ECHO.format(rate=2000))
    finished(page)


def while_a_reply_streams(page: Page) -> None:
    ask(page, ECHO.format(rate=15))
    expect(page.locator('[data-role="assistant"] [data-part="text"] h4')).to_be_visible()


def with_a_dialog(name: str) -> Callable[[Page], None]:
    def opened(page: Page) -> None:
        page.evaluate("name => { document.querySelector(`[data-dialog=${name}]`).click(); }", name)
        expect(page.locator(f"dialog#{name}")).to_be_visible()

    return opened


def reporting(page: Page) -> None:
    with_messages(page)
    page.locator("[data-report]").last.click()
    expect(page.locator("dialog#report")).to_be_visible()


def with_the_drawer_open(page: Page) -> None:
    if page.locator("[data-sidebar-open]").is_visible():
        page.locator("[data-sidebar-open]").click()
    page.locator(".person summary").click()
    expect(page.locator(".person-menu")).to_be_visible()


def with_the_menu_of_a_conversation(page: Page) -> None:
    with_messages(page)
    page.locator(".bar-menu-more summary").click()
    expect(page.locator(".bar-menu-more .menu")).to_be_visible()


def editing(page: Page) -> None:
    with_messages(page)
    page.locator("[data-edit]").last.click()
    expect(page.locator(".message textarea")).to_be_visible()


def erasing(page: Page) -> None:
    with_messages(page)
    page.locator("[data-erase]").last.click()
    expect(page.locator("#erasing")).to_be_visible()


def asking_for_a_review(page: Page) -> None:
    """As after a message that a rule blocked."""
    page.evaluate(
        """() => {
            const error = document.getElementById("composer-error");
            const review = error.querySelector("[data-appeal]");
            error.querySelector("[data-reason]").textContent = "No.";
            review.dataset.appeal = "1";
            error.hidden = review.hidden = false;
        }"""
    )
    page.click("#composer-error [data-appeal]")
    expect(page.locator("dialog#appeal")).to_be_visible()


def rating(page: Page) -> None:
    with_messages(page)
    page.locator('[data-rate="-1"]').last.click()
    page.locator(".why input").first.check()


def with_details(page: Page) -> None:
    with_messages(page)
    page.locator("[data-about] summary").last.click()
    expect(page.locator(".about-figures").last).to_be_visible()


def marked_for_the_knowledge_base(page: Page) -> None:
    with_messages(page)
    page.locator('[data-rate="1"]').last.click()
    page.locator("[name=marked]").click()
    expect(page.locator("[data-nominated]")).to_be_visible()


def waiting(page: Page) -> None:
    ask(page, "@rate=10 @tokens=2000")
    expect(page.locator("[data-stop]")).to_be_visible()
    ask(page, "And then?")
    expect(page.locator("#waiting [data-take-back]")).to_be_visible()


def waiting_after_a_stop(page: Page) -> None:
    waiting(page)
    page.click("[data-stop]")
    expect(page.locator("[data-send-now]")).to_be_visible()


def sharing(page: Page) -> None:
    with_messages(page)
    page.click("#more summary")
    page.click("[data-share]")
    page.locator("#share [value=people]").check()
    page.fill("#share-person", "bob")
    page.press("#share-person", "Enter")
    expect(page.locator("#share .chosen button")).to_be_visible()


def shared(page: Page) -> None:
    sharing(page)
    page.click("#share [data-confirm]")
    expect(page.locator("#share [data-made]")).to_be_visible()


def setting_parameters(page: Page) -> None:
    page.click("#more summary")
    page.click("#more [data-parameters]")
    page.locator("#parameters details summary").click()
    page.click("#parameters [data-keep]")
    expect(page.locator("#keep-preset")).to_be_visible()


def begun_with_a_preset(page: Page) -> None:
    page.locator("[data-preset]").first.click()
    expect(page.locator("[data-preset][aria-pressed=true]")).to_be_visible()


def choosing_a_prompt(page: Page) -> None:
    page.locator("#prompt").press_sequentially("/")
    expect(page.locator("#prompts-list [data-prompt]").first).to_be_visible()


def filling_in_a_prompt(page: Page) -> None:
    choosing_a_prompt(page)
    page.locator("#prompts-list [data-prompt]", has_text="Axe").first.click()
    expect(page.locator("#prompts-form")).to_be_visible()


def with_the_list(page: Page) -> None:
    if page.locator("[data-sidebar-open]").is_visible():
        page.locator("[data-sidebar-open]").click()
    expect(page.locator("#shelf [data-conversation]").first).to_be_visible()


def searching(page: Page) -> None:
    with_the_list(page)
    page.fill("#query", "queue")
    expect(page.locator("#found mark").first).to_be_visible()
    page.locator("#search-filters summary").click()
    page.select_option("#search-filters [name=role]", "assistant")
    expect(page.locator("#search-filters [data-clear]")).to_be_visible()
    expect(page.locator("#found:not([aria-busy]) mark").first).to_be_visible()


def finding_nothing(page: Page) -> None:
    with_the_list(page)
    page.fill("#query", "xyzzyplugh")
    expect(page.locator("#found .found-words")).to_be_visible()


def with_the_menu_of_the_list(page: Page) -> None:
    with_the_list(page)
    page.locator("#shelf [data-shelf=item]").first.click()
    expect(page.locator("#shelf-menu")).to_be_visible()


def choosing_a_list(page: Page) -> None:
    with_the_list(page)
    page.click("[data-shelf=views]")
    expect(page.locator("#shelf-menu [data-query]").first).to_be_visible()


def selecting(page: Page) -> None:
    with_the_list(page)
    page.click("[data-shelf=select]")
    page.locator("#shelf [data-box]").first.check()
    expect(page.locator(".shelf-bar")).to_be_visible()


def with_a_question_of_the_shelf(name: str) -> Callable[[Page], None]:
    def asked(page: Page) -> None:
        with_the_menu_of_the_list(page)
        page.click(f"#shelf-menu [data-verb={name.removeprefix('shelf-')}]")
        expect(page.locator(f"dialog#{name}")).to_be_visible()

    return asked


def naming_a_folder(page: Page) -> None:
    choosing_a_list(page)
    page.click("#shelf-menu [data-do=folder]")
    expect(page.locator("#shelf-name")).to_be_visible()


def renaming(page: Page) -> None:
    with_the_menu_of_the_list(page)
    page.click("#shelf-menu [data-verb=rename]")
    expect(page.locator(".retitle input")).to_be_focused()


def in_the_trash(page: Page) -> None:
    with_messages(page)
    page.click("#more summary")
    page.click("#more [data-verb=trash]")
    expect(page.locator("#trashed")).to_be_visible()
    expect(page.locator("#shelf-notice [data-undo]")).to_be_visible()


def deleting_for_ever(page: Page) -> None:
    in_the_trash(page)
    page.click("#trashed [data-shelf=delete]")
    expect(page.locator("#shelf-sure")).to_be_visible()


def offline(page: Page) -> None:
    page.evaluate("dispatchEvent(new Event('offline'))")
    expect(page.locator("#connection")).to_have_attribute("data-state", "offline")


def compact_and_large(page: Page) -> None:
    page.evaluate("Object.assign(document.documentElement.dataset, { density: 'compact', text: 'large' })")


STATES: dict[str, Callable[[Page], Any]] = {
    "empty": lambda page: None,
    "with messages": with_messages,
    "while a reply streams": while_a_reply_streams,
    "the dialog of appearance": with_a_dialog("appearance"),
    "the sheet of keys": with_a_dialog("shortcuts"),
    "reporting a reply": reporting,
    "the drawer and the person's menu": with_the_drawer_open,
    "the menu of a conversation": with_the_menu_of_a_conversation,
    "editing a message": editing,
    "offline": offline,
    "compact and large": compact_and_large,
    "search results with filters": searching,
    "the menu of the list": with_the_menu_of_the_list,
    "a message waits": waiting,
}
FURTHER_STATES: dict[str, Callable[[Page], Any]] = {
    "erasing a message": erasing,
    "asking for a review": asking_for_a_review,
    "saying why a reply is bad": rating,
    "details of a reply": with_details,
    "marked for the knowledge base": marked_for_the_knowledge_base,
    "a message waits after a stop": waiting_after_a_stop,
    "sharing": sharing,
    "shared": shared,
    "instructions and parameters": setting_parameters,
    "begun with a preset": begun_with_a_preset,
    "choosing a prompt": choosing_a_prompt,
    "filling in a prompt": filling_in_a_prompt,
    "a search finds nothing": finding_nothing,
    "choosing a list": choosing_a_list,
    "selecting": selecting,
    "moving to a folder": with_a_question_of_the_shelf("shelf-move"),
    "tagging": with_a_question_of_the_shelf("shelf-tag"),
    "naming a folder": naming_a_folder,
    "renaming a conversation": renaming,
    "in the trash": in_the_trash,
    "deleting for ever": deleting_for_ever,
}
ALL_STATES = STATES | FURTHER_STATES


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("state", [*STATES, *(pytest.param(name, marks=pytest.mark.long) for name in FURTHER_STATES)])
def test_the_chat_page_has_no_fault(desk: Page, phone: Page, state: str) -> None:
    for page in (desk, phone):
        page.goto("/")
        connected(page)
        ALL_STATES[state](page)
        settled(page)
        covered = re.compile(r"(dark: )?target-size: <a href=./c/")  # in the list, by the open menu above it
        assert [fault for fault in looked_at(page) if not covered.match(fault)] == []


def test_each_dialog_of_the_page_is_among_the_states() -> None:
    """As far as this file names it; a new one needs a state."""
    templates = (path.read_text() for path in (settings.BASE_DIR / "templates").rglob("*.html"))
    dialogs = {name for text in templates for name in re.findall(r'<dialog[^>]* id="([\w-]+)"', text)}
    assert len(dialogs) > 10
    here = Path(__file__).read_text()
    assert {name for name in dialogs if not re.search(rf"""["#]{name}["\s]""", here)} == set()
