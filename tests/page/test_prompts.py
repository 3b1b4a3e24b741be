"""Saved prompts in the composer: a list on a slash, by keyboard, mouse and touch, and what a prompt asks for."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.page.people import Held, connected, signed_in
from tests.page.stage import Stage
from tests.sites import Site

pytestmark = pytest.mark.browser

MAKE = """
from accounts.models import User
from conversations.models import Draft, SavedPrompt
SavedPrompt.objects.all().delete()
Draft.objects.all().delete()
alice, admin = (User.objects.get(username=name) for name in ("alice", "admin"))
for owner, team, name, text in (
    (alice, False, "Explain", "Explain {{topic}}, {{topic}}; {{what:else}} $& {{}}"),
    (alice, False, "Letter", "Write {{n:number}} {{tone:formal|friendly}} letters:\\n{{text:long}}"),
    (alice, False, "Plain", "No question asked."),
    (admin, True, "Bug report", "Write a bug report."),
):
    SavedPrompt.objects.create(owner=owner, is_team=team, name=name, text=text)
"""


@pytest.fixture
def kept(team_site: Site) -> Site:
    team_site.manage("shell", "-c", MAKE)
    return team_site


@pytest.fixture
def page(kept: Site, alice_page: Page) -> Page:
    alice_page.reload()
    connected(alice_page)
    return alice_page


def field(page: Page) -> Locator:
    return page.locator("#prompt")


def options(page: Page) -> Locator:
    return page.locator("#prompts-list [role=option]:visible")


def slash(page: Page, more: str = "") -> None:
    field(page).press_sequentially(f"/{more}")
    expect(page.locator("#prompts")).to_be_visible()


def chosen(page: Page) -> str:
    """The option that Enter takes, as a screen reader is told."""
    active = field(page).get_attribute("aria-activedescendant")
    option = page.locator(f"#{active}")
    expect(option).to_have_attribute("aria-selected", "true")
    return option.inner_text().splitlines()[0].strip()


def test_a_slash_opens_a_list_that_narrows(page: Page) -> None:
    slash(page)
    expect(options(page)).to_have_count(5)
    expect(field(page)).to_have_attribute("role", "combobox")
    expect(field(page)).to_have_attribute("aria-expanded", "true")
    assert chosen(page) == "Bug report team"
    field(page).press_sequentially("lett")
    expect(options(page)).to_have_count(2)
    assert chosen(page) == "Letter"
    field(page).press("ControlOrMeta+a")
    field(page).press_sequentially("/bug write")
    expect(options(page)).to_have_count(2)
    field(page).press_sequentially("zzz")
    expect(page.locator("#prompts")).to_be_hidden()
    expect(field(page)).not_to_have_attribute("role", "combobox")
    field(page).fill("Just /text")
    expect(page.locator("#prompts")).to_be_hidden()


def test_keys_choose(page: Page) -> None:
    slash(page)
    for key, name in (("ArrowDown", "Explain"), ("ArrowUp", "Bug report team"), ("ArrowUp", "Manage prompts…")):
        field(page).press(key)
        assert chosen(page) == name
    field(page).press("Home")
    for _ in range(3):
        field(page).press("ArrowDown")
    assert chosen(page) == "Plain"
    field(page).press("Enter")
    expect(field(page)).to_have_value("No question asked.")
    expect(page.locator("#prompts")).to_be_hidden()
    expect(page.locator(".message")).to_have_count(0)
    expect(field(page)).to_be_focused()


def chosen_and_held(page: Page) -> Held:
    """A prompt was chosen, and its text is on its way."""
    held = Held(page, re.compile("/prompts/[^/]+/text/$"))
    slash(page, "question")
    with page.expect_request(re.compile("/prompts/[^/]+/text/$")):
        field(page).press("Enter")
    return held


def test_what_is_typed_before_a_chosen_prompt_is_here_stays(page: Page) -> None:
    held = chosen_and_held(page)
    field(page).press("Enter")
    field(page).press_sequentially(" And more")
    expect(field(page)).to_have_value("/question And more")
    held.let_go()
    expect(field(page)).to_have_value("No question asked. And more")
    expect(page.locator(".message")).to_have_count(0)
    field(page).press("End")
    field(page).press("Enter")
    expect(page.locator(".message")).not_to_have_count(0)


@pytest.mark.long
def test_who_wrote_something_else_before_a_chosen_prompt_is_here_keeps_it(page: Page) -> None:
    held = chosen_and_held(page)
    field(page).fill("Something else")
    held.let_go()
    expect(field(page)).to_have_value("No question asked.\n\nSomething else")


@pytest.mark.long
def test_escape_leaves_the_text_alone_until_another_begins(page: Page) -> None:
    slash(page, "e")
    field(page).press("Escape")
    expect(page.locator("#prompts")).to_be_hidden()
    field(page).press_sequentially("tc/passwd")
    expect(page.locator("#prompts")).to_be_hidden()
    expect(field(page)).to_have_value("/etc/passwd")
    field(page).fill("")
    slash(page)


@pytest.mark.long
def test_a_mouse_chooses_and_a_click_elsewhere_closes(page: Page) -> None:
    slash(page)
    page.locator(".welcome h2").click()
    expect(page.locator("#prompts")).to_be_hidden()
    field(page).fill("")
    slash(page)
    options(page).filter(has_text="No question asked.").click()
    expect(field(page)).to_have_value("No question asked.")
    field(page).fill("")
    slash(page)
    options(page).last.click()
    page.wait_for_url("**/prompts/")
    expect(page.locator("h1")).to_have_text("Prompts and presets")


@pytest.mark.long
def test_a_finger_chooses(browser: Browser, kept: Site) -> None:
    page = signed_in(browser, kept, "alice", viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    connected(page)
    field(page).tap()
    slash(page)
    options(page).filter(has_text="No question asked.").tap()
    expect(field(page)).to_have_value("No question asked.")


def test_what_a_prompt_asks_for_is_asked_once_and_put_in(page: Page) -> None:
    slash(page, "explain")
    field(page).press("Enter")
    dialog = page.locator("#prompts-form")
    expect(dialog.locator("input")).to_have_count(1)
    expect(dialog.locator("input")).to_be_focused()
    dialog.locator("[data-confirm]").click()
    expect(dialog).to_be_visible()
    dialog.locator("input").fill("$1 & {{n:number}}")
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(field(page)).to_have_value("Explain $1 & {{n:number}}, $1 & {{n:number}}; {{what:else}} $& {{}}")


@pytest.mark.long
def test_each_kind_has_its_field(page: Page) -> None:
    slash(page, "letter")
    field(page).press("Tab")
    dialog = page.locator("#prompts-form")
    dialog.get_by_label("n", exact=True).fill("3")
    dialog.get_by_label("tone").select_option("friendly")
    dialog.get_by_label("text").fill("One\nTwo")
    dialog.locator("[data-confirm]").click()
    expect(field(page)).to_have_value("Write 3 friendly letters:\nOne\nTwo")


@pytest.mark.long
def test_who_changes_their_mind_has_what_they_typed(page: Page) -> None:
    slash(page, "letter")
    field(page).press("Enter")
    page.keyboard.press("Escape")
    expect(page.locator("#prompts-form")).to_be_hidden()
    expect(field(page)).to_have_value("/letter")


@pytest.mark.long
def test_bob_sees_only_the_teams(bob_page: Page, kept: Site) -> None:
    bob_page.reload()
    connected(bob_page)
    slash(bob_page)
    expect(options(bob_page)).to_have_count(2)


VARIABLES: list[tuple[str, list[dict[str, Any]]]] = [
    ("{{topic}}", [{"name": "topic", "kind": "text", "isPlain": True}]),
    ("{{ my topic }}", [{"name": "my topic", "kind": "text", "isPlain": True}]),
    ("{{主题}}", [{"name": "主题", "kind": "text", "isPlain": True}]),
    ("{{a:b|c d}}", [{"name": "a", "kind": "choice", "choices": ["b", "c d"]}]),
    ("{{a}} {{a:long}} {{a:number}}", [{"name": "a", "kind": "long"}]),
    ("{{n:number}}{{t:text}}", [{"name": "n", "kind": "number"}, {"name": "t", "kind": "text"}]),
    ("{{}} {{ }} {{a:}} {{a:b}} {{a:|}} {{a:b|}} {a} {{a", []),
    ("{{<b>}} {{a.b}} {{" + "x" * 41 + "}}", []),
]


def test_what_is_a_variable(stage: Stage) -> None:
    script = """async (text) => (await import("/static/js/variables.js")).variables(text)"""
    for text, found in VARIABLES:
        assert stage.page.evaluate(script, text) == found, text
