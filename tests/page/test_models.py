"""Two models at the page: picking one, whose reply it is, another by the other, one that is withdrawn or forbidden."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.page.conftest import MAKE, PEOPLE
from tests.page.looking import faults
from tests.page.people import ask, connected, finished, replies, signed_in
from tests.sites import PASSWORD, Site, running

pytestmark = [pytest.mark.browser, pytest.mark.long]

CATALOG = """
[[model]]
name = "large"
label = "Large model"
description = "Careful, and reads much."
engine = "scripted"
context_window = 16384
slots = 4
reasoning = true
options = { text = "I am the large one.", rate = 500 }

[[model]]
name = "small"
label = "Small model"
engine = "scripted"
context_window = 1024
slots = 4
options = { text = "I am the small one.", rate = 500 }
"""
POLICY = """
from accounts.models import User
from limits.models import Policy
Policy.objects.all().delete()
Policy.objects.create(user=User.objects.get(username="bob"), models={models})
"""
CHOSEN = """
from conversations.models import Conversation
one = Conversation.objects.order_by("-created_at")[0]
print([one.model, [reply.model for reply in one.messages.replies()]])
"""
WITHDRAWN = """
from conversations.models import Conversation
Conversation.objects.filter(owner__username="alice").update(model="gone")
"""


@pytest.fixture(scope="module")
def two_models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    catalog: Path = tmp_path_factory.mktemp("models") / "catalog.toml"
    catalog.write_text(CATALOG)
    with running(400, CHATSITE_CATALOG=str(catalog), CHATSITE_MODEL="large,small") as site:
        if "4 replies at once (starting)" in site.log:
            site.wait("Small model is ready", 60)
        site.manage("shell", "-c", MAKE.format(names=PEOPLE, password=PASSWORD))
        yield site


@pytest.fixture(scope="module")
def team_site(two_models: Site) -> Site:
    """Where Alice and Bob are in this module."""
    return two_models


def opened(page: Page) -> Locator:
    page.click("#model")
    listbox = page.get_by_role("listbox", name="Models")
    expect(listbox).to_be_visible()
    return listbox


def pick(page: Page, label: str) -> None:
    opened(page).get_by_role("option", name=re.compile(label)).click()
    expect(page.locator("#model")).to_contain_text(label)


def chosen(site: Site) -> str:
    return site.manage("shell", "-c", CHOSEN).strip().splitlines()[-1]


def test_a_conversation_begins_with_the_one_that_is_picked(alice_page: Page, two_models: Site) -> None:
    page = alice_page
    expect(page.locator("#model")).to_have_text(re.compile("Model:.*Large model"))
    expect(page.locator(".effort")).to_be_visible()
    listbox = opened(page)
    options = listbox.get_by_role("option")
    expect(options).to_have_count(2)
    expect(options.first).to_contain_text("Careful, and reads much.")
    expect(options.first).to_contain_text("ready")
    expect(options.first).to_contain_text("16,384 tokens")
    expect(options.first).to_have_attribute("aria-selected", "true")
    options.last.click()
    expect(listbox).to_be_hidden()
    expect(page.locator("#model")).to_be_focused()
    expect(page.locator("#model")).to_contain_text("Small model")
    expect(page.locator(".effort")).to_be_hidden()
    page.reload()  # kept for this tab until it begins
    connected(page)
    expect(page.locator("#model")).to_contain_text("Small model")
    ask(page, "Who are you?")
    expect(finished(page)).to_contain_text("I am the small one.")
    assert chosen(two_models) == "['small', ['small']]"
    page.reload()
    expect(page.locator("#model")).to_contain_text("Small model")
    page.goto("/")
    expect(page.locator("#model")).to_contain_text("Large model")


def test_another_answers_from_the_next_on_and_each_reply_says_whose_it_is(alice_page: Page, two_models: Site) -> None:
    page = alice_page
    ask(page, "Who are you?")
    expect(finished(page)).to_contain_text("I am the large one.")
    expect(page.locator(".message-by")).to_be_hidden()
    pick(page, "Small model")
    ask(page, "And now?")
    expect(replies(page)).to_have_count(2)
    expect(finished(page)).to_contain_text("I am the small one.")
    for _ in range(2):
        expect(page.locator(".message-by")).to_have_text(["Large model", "Small model"])
        expect(page.locator(".message-by").first).to_be_visible()
        page.reload()
        connected(page)
    pick(page, "Large model")
    expect(page.locator(".effort")).to_be_visible()
    assert chosen(two_models).startswith("[''")


def test_a_reply_is_written_again_by_another(alice_page: Page, two_models: Site) -> None:
    page = alice_page
    ask(page, "Who are you?")
    reply = finished(page)
    reply.hover()
    reply.get_by_role("button", name="Write it again with another model").click()
    listbox = page.get_by_role("listbox", name="Models")
    expect(listbox.get_by_role("option", selected=True)).to_contain_text("Large model")
    listbox.get_by_role("option", name=re.compile("Small")).click()
    expect(replies(page).last).to_contain_text("I am the small one.")
    finished(page)
    expect(page.locator(".siblings")).to_contain_text("2")
    expect(page.locator("#model")).to_contain_text("Large model")
    assert chosen(two_models) == "['', ['large', 'small']]"


def test_keys_alone_do_it(alice_page: Page) -> None:
    page = alice_page
    page.locator("#model").focus()
    page.keyboard.press("Enter")
    listbox = page.get_by_role("listbox", name="Models")
    expect(listbox).to_be_focused()
    expect(page.locator("#model")).to_have_attribute("aria-expanded", "true")
    expect(listbox).to_have_attribute("aria-activedescendant", "model-1")
    for pressed, active in (("ArrowDown", 2), ("ArrowDown", 1), ("End", 2), ("Home", 1), ("ArrowUp", 2)):
        page.keyboard.press(pressed)
        expect(listbox).to_have_attribute("aria-activedescendant", f"model-{active}")
    page.keyboard.press("Escape")
    expect(listbox).to_be_hidden()
    expect(page.locator("#model")).to_be_focused()
    expect(page.locator("#model")).to_have_attribute("aria-expanded", "false")
    expect(page.locator("#model")).to_contain_text("Large model")
    page.keyboard.press("Enter")
    expect(listbox).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#model")).to_contain_text("Small model")
    expect(page.locator("#model")).to_be_focused()
    page.keyboard.press("Enter")
    expect(listbox).to_be_focused()
    page.mouse.click(5, 300)
    expect(listbox).to_be_hidden()


def test_a_preset_brings_its_model(alice_page: Page, two_models: Site) -> None:
    page = alice_page
    pick(page, "Small model")
    page.click("#more summary")
    page.click("#more [data-parameters]")
    dialog = page.locator("#parameters")
    expect(dialog.locator("[name=effort]")).to_have_count(0)  # the picked one does not think
    dialog.locator("[data-keep]").click()
    dialog.locator("#keep-preset [name=name]").fill("Quick")
    dialog.locator("#keep-preset button").click()
    expect(dialog.locator("[data-said]")).to_have_text("Saved as a preset.")
    dialog.locator("[data-cancel]").click()
    page.evaluate("sessionStorage.clear()")
    page.reload()
    connected(page)
    expect(page.locator("#model")).to_contain_text("Large model")
    page.click("text=Quick")
    expect(page.locator("#model")).to_contain_text("Small model")
    page.goto("/prompts/")
    page.get_by_role("link", name="Edit “Quick”").click()
    expect(page.get_by_label("Model")).to_have_value("small")


def test_who_may_use_one_sees_nothing_of_it(browser: Browser, two_models: Site) -> None:
    two_models.manage("shell", "-c", POLICY.format(models=["small"]))
    page = signed_in(browser, two_models, "bob")
    connected(page)
    expect(page.locator("#model")).to_have_count(0)
    ask(page, "Who are you?")
    expect(finished(page)).to_contain_text("I am the small one.")
    expect(page.get_by_role("button", name="Write it again with another model")).to_have_count(0)
    url = page.url
    two_models.manage("shell", "-c", POLICY.format(models=["large", "small"]))
    page.goto(url)
    expect(page.locator("#model")).to_contain_text("Large model")


def test_a_withdrawn_model_is_said_until_another_has_answered(alice_page: Page, two_models: Site) -> None:
    page = alice_page
    pick(page, "Small model")
    ask(page, "Who are you?")
    finished(page)
    two_models.manage("shell", "-c", WITHDRAWN)
    page.reload()
    connected(page)
    hint = page.get_by_text("gone, the model of this conversation, is not available now. Large model answers.")
    expect(hint).to_be_visible()
    ask(page, "And now?")
    expect(replies(page)).to_have_count(2)
    expect(finished(page)).to_contain_text("I am the large one.")
    page.reload()
    connected(page)
    expect(hint).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_it_is_at_the_bottom_and_readable(browser: Browser, two_models: Site, scheme: str) -> None:
    page = signed_in(
        browser, two_models, "alice", viewport={"width": 360, "height": 640}, has_touch=True, color_scheme=scheme
    )
    connected(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    listbox = opened(page)
    box = listbox.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    assert box["y"] + box["height"] <= 640
    boxes = [option.bounding_box() for option in listbox.get_by_role("option").all()]
    assert all(one and one["height"] >= 44 for one in boxes)
    assert faults(page) == []


def test_in_chinese(browser: Browser, two_models: Site) -> None:
    page = signed_in(browser, two_models, "alice", locale="zh-CN")
    connected(page)
    page.click("#model")
    listbox = page.get_by_role("listbox", name="模型")
    expect(listbox.get_by_role("option").first).to_contain_text("就绪")
    expect(listbox.get_by_role("option").first).to_contain_text("最多可读 16,384 词元")
