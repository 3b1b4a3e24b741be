"""Instructions, parameters and presets at the page: set before a conversation begins or in it, seen, kept."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import sign_in
from tests.page.people import Held, Line, ask, connected, finished, replies, signed_in
from tests.sites import Site, running

pytestmark = pytest.mark.browser

SAVED = """
from conversations.models import Conversation
one = Conversation.objects.order_by("-created_at")[0]
print([one.instructions, one.temperature, one.max_tokens, one.effort, one.messages.replies().last().options])
"""
PRESET = """
from accounts.models import User
from conversations.models import Preset
Preset.objects.all().delete()
for name, team in (("alice", False), ("admin", True)):
    owner = User.objects.get(username=name)
    Preset.objects.create(owner=owner, is_team=team, name="Of " + name, instructions="As " + name, effort="low")
"""
CHANGES = re.compile("/c/[^/]+/parameters/$")
SAY = "@echo=true @tokens=0 "


def saved(site: Site) -> str:
    return site.manage("shell", "-c", SAVED).strip().splitlines()[-1]


def opened(page: Page) -> Locator:
    """The dialog."""
    page.click("#more summary")
    page.click("#more [data-parameters]")
    dialog = page.locator("#parameters")
    expect(dialog).to_be_visible()
    return dialog


@pytest.fixture
def presets(team_site: Site) -> Site:
    team_site.manage("shell", "-c", PRESET)
    return team_site


def test_what_is_set_before_the_first_message_goes_with_it(alice_page: Page, team_site: Site) -> None:
    page = alice_page
    expect(page.locator("#instructed")).to_be_hidden()
    dialog = opened(page)
    dialog.locator("[name=instructions]").fill("Answer like a pirate.")
    dialog.locator("[name=effort][value=low]").check()
    dialog.locator("summary").click()
    dialog.locator("[name=temperature]").fill("0.5")
    expect(dialog.locator("[data-slider]").first).to_have_value("0.5")
    dialog.locator("[data-confirm]").click()
    expect(dialog).to_be_hidden()
    expect(page.locator("#instructed")).to_be_visible()
    expect(page.locator("[data-effort]")).to_have_value("low")
    page.reload()
    connected(page)
    expect(page.locator("#instructed")).to_be_visible()
    ask(page, f"{SAY}one")
    finished(page)
    kept = "{'instructions': 'Answer like a pirate.', 'temperature': 0.5, 'effort': 'low'}"
    assert saved(team_site).endswith(f"['Answer like a pirate.', 0.5, None, 'low', {kept}]")
    page.reload()
    expect(page.locator("#instructed")).to_be_visible()
    page.goto("/")
    connected(page)
    expect(page.locator("#instructed")).to_be_hidden()
    expect(page.locator("[data-effort]")).to_have_value("")


def test_they_are_changed_in_a_conversation(alice_page: Page, team_site: Site) -> None:
    page = alice_page
    ask(page, f"{SAY}one")
    finished(page)
    page.locator("[data-effort]").select_option("high")
    dialog = opened(page)
    expect(dialog.locator("[name=effort]:checked")).to_have_value("high")
    dialog.locator("[name=instructions]").fill("Be brief.")
    dialog.locator("summary").click()
    dialog.locator("[name=max_tokens]").fill("999999")
    dialog.locator("[data-confirm]").click()
    expect(dialog.locator("[data-error]")).to_contain_text("Tokens in a reply, at most")
    expect(dialog.locator("[name=instructions]")).to_have_value("Be brief.")
    dialog.locator("[name=max_tokens]").fill("40")
    dialog.locator("[data-confirm]").click()
    expect(dialog).to_be_hidden()
    ask(page, f"{SAY}two")
    expect(page.locator('.message[data-role="assistant"]')).to_have_count(2)
    finished(page)
    assert saved(team_site).startswith("['Be brief.', None, 40, 'high'")
    page.click("#instructed")
    expect(page.locator("#parameters [name=instructions]")).to_have_value("Be brief.")
    page.locator("#parameters [name=instructions]").fill("")
    page.locator("#parameters [data-confirm]").click()
    expect(page.locator("#instructed")).to_be_hidden()


def test_what_was_changed_is_there_when_it_is_looked_at(alice_page: Page) -> None:
    page = alice_page
    ask(page, f"{SAY}one")
    finished(page)
    held = Held(page, CHANGES)
    looked: list[str] = []
    page.on("request", lambda request: looked.append(request.url) if "/parameters/?" in request.url else None)
    with page.expect_request(CHANGES):
        page.locator("[data-effort]").select_option("high")
    page.click("#more summary")
    page.click("#more [data-parameters]")
    expect(page.locator("#more")).not_to_have_attribute("open", "")
    assert not looked
    held.let_go()
    expect(page.locator("#parameters [name=effort]:checked")).to_have_value("high")


def test_what_was_changed_holds_for_what_is_sent_at_once(alice_page: Page, presets: Site) -> None:
    page = alice_page
    page.reload()
    connected(page)
    held = Held(page, re.compile("/presets/"))
    with page.expect_request(re.compile("/presets/")):
        page.click("text=Of alice")
    ask(page, f"{SAY}one")
    expect(replies(page)).to_have_count(0)
    held.let_go()
    finished(page)
    assert saved(presets).startswith("['As alice', None, None, 'low'")
    held = Held(page, CHANGES)
    with page.expect_request(CHANGES):
        page.locator("[data-effort]").select_option("high")
    ask(page, f"{SAY}two")
    held.let_go()
    expect(replies(page)).to_have_count(2)
    finished(page)
    assert "'effort': 'high'" in saved(presets)


def on_its_way(page: Page) -> Line:
    """What holds the message that begins a conversation."""
    line = Line(page)
    line.hold()
    ask(page, f"{SAY}one")
    expect(page.locator('.message[data-state="sending"]')).to_have_count(1)
    return line


def test_what_is_changed_while_the_first_message_is_on_its_way_is_the_conversations(
    alice_page: Page, team_site: Site
) -> None:
    page, line = alice_page, on_its_way(alice_page)
    effort = page.locator("[data-effort]")
    effort.select_option("high")
    expect(effort).to_have_attribute("data-effort", "high")
    with page.expect_response(CHANGES):
        line.let_go()
    finished(page)
    assert saved(team_site).startswith("['', None, None, 'high'")
    expect(effort).to_have_value("high")
    page.goto("/")
    connected(page)
    expect(effort).to_have_value("")


def test_what_is_set_in_a_dialog_while_the_first_message_is_on_its_way_is_the_conversations(
    alice_page: Page, team_site: Site
) -> None:
    page, line = alice_page, on_its_way(alice_page)
    dialog = opened(page)
    dialog.locator("[name=instructions]").fill("Be brief.")
    line.let_go()
    finished(page)
    dialog.locator("[data-confirm]").click()
    expect(dialog).to_be_hidden()
    assert saved(team_site).startswith("['Be brief.'")


def test_an_effort_that_was_not_taken_is_not_shown(bob_page: Page) -> None:
    page = bob_page
    ask(page, f"{SAY}one")
    finished(page)
    effort = page.locator("[data-effort]")
    effort.select_option("low")
    expect(effort).to_have_attribute("data-effort", "low")
    page.route(CHANGES, lambda route: route.abort())
    effort.select_option("high")
    expect(page.locator("#composer-error")).to_contain_text("did not reach")
    expect(effort).to_have_value("low")
    page.unroute_all()
    effort.select_option("high")
    expect(effort).to_have_attribute("data-effort", "high")
    expect(page.locator("#composer-error")).to_be_hidden()


@pytest.mark.long
def test_what_does_not_arrive_is_said_and_kept(bob_page: Page) -> None:
    dialog = opened(bob_page)
    dialog.locator("[data-cancel]").click()
    ask(bob_page, f"{SAY}one")
    finished(bob_page)
    dialog = opened(bob_page)
    dialog.locator("[name=instructions]").fill("Kept.")
    bob_page.route("**/parameters/", lambda route: route.abort())
    dialog.locator("[data-confirm]").click()
    expect(dialog.locator("[data-error]")).to_contain_text("did not reach")
    expect(dialog.locator("[name=instructions]")).to_have_value("Kept.")
    bob_page.unroute("**/parameters/")
    dialog.locator("[data-confirm]").click()
    expect(dialog).to_be_hidden()
    expect(bob_page.locator("#instructed")).to_be_visible()


def test_a_conversation_begins_with_a_preset(alice_page: Page, bob_page: Page, presets: Site) -> None:
    for page, names in ((alice_page, ["Of admin", "Of alice"]), (bob_page, ["Of admin"])):
        page.reload()
        connected(page)
        assert page.locator("[data-preset]").all_text_contents() == names
    page = alice_page
    page.click("text=Of alice")
    expect(page.locator("text=Of alice")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#prompt")).to_be_focused()
    expect(page.locator("#instructed")).to_be_visible()
    expect(page.locator("[data-effort]")).to_have_value("low")
    ask(page, f"{SAY}one")
    finished(page)
    assert saved(presets).startswith("['As alice', None, None, 'low'")


@pytest.mark.long
def test_what_is_set_is_kept_as_a_preset(bob_page: Page, presets: Site) -> None:
    dialog = opened(bob_page)
    dialog.locator("[name=preset]").select_option(label="Of admin · team")
    expect(dialog.locator("[name=instructions]")).to_have_value("As admin")
    dialog.locator("[name=instructions]").fill("As I like it")
    dialog.locator("[data-keep]").click()
    name = dialog.locator("#keep-preset [name=name]")
    expect(name).to_be_focused()
    name.fill("Mine")
    dialog.locator("#keep-preset button").click()
    expect(dialog.locator("[data-said]")).to_have_text("Saved as a preset.")
    dialog.locator("[data-keep]").click()
    name.fill("MINE")
    dialog.locator("#keep-preset button").click()
    expect(dialog.locator("[data-error]")).to_contain_text("You have “MINE” already.")
    dialog.locator("[data-cancel]").click()
    bob_page.reload()
    expect(bob_page.locator("[data-preset]")).to_have_text(["Mine", "Of admin"])


# --- Titles by the model ----------------------------------------------------------------------------------------------

CATALOG = """
[[model]]
name = "titled"
label = "Titled"
engine = "scripted"
context_window = 8192
slots = 4
titles = true

[model.options]
text = "**Baking bread at home**"
rate = 200
"""


@pytest.fixture
def titled_site(tmp_path: Path) -> Iterator[Site]:
    catalog = tmp_path / "catalog.toml"
    catalog.write_text(CATALOG)
    with running(CHATSITE_CATALOG=str(catalog), CHATSITE_MODEL="titled") as site:
        yield site


@pytest.mark.long
def test_a_title_by_the_model_comes_to_every_tab_in_its_place(browser: Browser, titled_site: Site) -> None:
    first = sign_in(browser, titled_site)
    second = signed_in(browser, titled_site, titled_site.admin)
    for page in (first, second):
        connected(page)
    ask(first, "How do I bake bread?")
    entry = second.locator("#shelf [data-conversation] a").first
    expect(first.locator("#title")).to_have_text("Baking bread at home")
    expect(first).to_have_title(re.compile("Baking bread at home"))
    expect(entry).to_have_text("Baking bread at home")
    first.reload()
    expect(first.locator("#title")).to_have_text("Baking bread at home")
