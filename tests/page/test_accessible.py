"""No page has a fault that axe finds: each address of the URL table, and the states that the chat page can be in.

Each is looked at twice: in English on a desk and in Chinese on a phone, in the light and in the dark. A page that is
new in the URL table is looked at, too; an argument that is new there has to be given its value in ``where``.
"""

import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation
from playwright.sync_api import Browser, Page, Route, expect

from tests.hostile.test_every_door import ALL, ARGUMENT, Door
from tests.page import states
from tests.page.everything import ROWS
from tests.page.looking import COLOURS, faults
from tests.page.people import ECHO, connected, signed_in
from tests.sites import Site

pytestmark = pytest.mark.browser

DESK = {"viewport": {"width": 1280, "height": 800}, "locale": "en-GB", "reduced_motion": "reduce"}
PHONE = {"viewport": {"width": 360, "height": 740}, "locale": "zh-CN", "reduced_motion": "reduce"}
NOT_PAGES = 40  # doors that answer with something else, at most a few more than there are
TEXT = ECHO.format(rate=1).partition("\n\n")[2]


def long(value: str) -> Any:
    """A parameter of the long form only."""
    return pytest.param(value, marks=pytest.mark.long)


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
        "import_id": rows["exports.import"],
        "export_id": rows["exports.exportjob"],
        "schedule_id": "0",
        "copy_id": rows["exports.import"],  # a file, and no page
        "receipt_id": rows["audit.receipt"],
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
    assert len(ALL) - len(pages) < NOT_PAGES * 3


def in_turn(doors: list[Door]) -> Iterator[Any]:
    """All; in the short form one in four, of the console's one in 24."""
    for number, door in enumerate(doors):
        is_left_out = number % (24 if door.name.startswith("admin:") else 4)
        yield pytest.param(door, id=door.name, marks=[pytest.mark.long] if is_left_out else [])


@pytest.mark.parametrize("door", list(in_turn(ALL)))
def test_a_page_has_no_fault(door: Door, desk: Page, phone: Page, pages: dict[str, str]) -> None:
    if door.name not in pages:
        return
    for page in (desk, phone):
        page.goto(pages[door.name])
        assert looked_at(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways"


@pytest.mark.parametrize(
    "path",
    [
        *("login/", "signup/"),
        *(long(path) for path in ("inactive/", "suspended/", "letter/", "password/reset/")),
    ],
)
def test_a_page_for_strangers_has_no_fault(chromium: Browser, team_site: Site, path: str) -> None:
    for options in (DESK, PHONE):
        context = chromium.new_context(base_url=team_site.url, **options)  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(f"/accounts/{path}")
        assert looked_at(page) == []
        context.close()


def _answered(route: Route, html: str) -> None:
    route.fulfill(body=html, content_type="text/html")


@pytest.mark.parametrize("name", ["404", *(long(name) for name in ("400", "403", "403_csrf", "429", "500"))])
def test_a_page_of_an_error_has_no_fault(desk: Page, phone: Page, name: str) -> None:
    for page, language in ((desk, "en"), (phone, "zh-hans")):
        with translation.override(language):
            html = render_to_string(f"{name}.html", request=RequestFactory().get("/"))
        page.route("**/error", partial(_answered, html=html))
        page.goto("/error")
        expect(page.locator("h1")).to_be_visible()
        assert looked_at(page) == []
        page.unroute("**/error")


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("state", [*states.STATES, *(long(name) for name in states.FURTHER_STATES)])
def test_the_chat_page_has_no_fault(desk: Page, phone: Page, state: str) -> None:
    for page in (desk, phone):
        page.goto("/")
        connected(page)
        states.ALL_STATES[state](page)
        settled(page)
        covered = re.compile(r"(dark: )?target-size: <a href=./c/")  # in the list, by the open menu above it
        assert [fault for fault in looked_at(page) if not covered.match(fault)] == []


def test_each_dialog_of_the_page_is_among_the_states() -> None:
    """As far as the states name it; a new one needs a state."""
    templates = (path.read_text() for path in (settings.BASE_DIR / "templates").rglob("*.html"))
    dialogs = {name for text in templates for name in re.findall(r'<dialog[^>]* id="([\w-]+)"', text)}
    assert len(dialogs) > 10
    here = Path(states.__file__).read_text()
    assert {name for name in dialogs if not re.search(rf"""["#]{name}["\s]""", here)} == set()
