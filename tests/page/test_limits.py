"""Limits in the page: what can be known is said before sending, calmly, and no typed word is lost."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.page.people import ask, connected, finished, replies
from tests.sites import Site

pytestmark = pytest.mark.browser

SAY = "@echo=true @tokens=0 "
BEGIN = """
from datetime import timedelta
from django.utils import timezone
from accounts.models import User
from limits import restraints
from limits.models import Policy, Restraint, Usage, Window
from tests.limits.stories import policy, used
alice = User.objects.get(username="alice")
"""
CLEAN = "[row.objects.all().delete() for row in (Policy, Restraint, Usage, Window)]"
TIME = re.compile(r"\d{1,2}:\d\d")

Rule = Callable[[str], None]


@pytest.fixture
def rule(team_site: Site) -> Iterator[Rule]:
    """Runs a line for Alice's limits, of which there are none before; they are gone after the test."""
    before = [CLEAN]

    def run(line: str) -> None:
        team_site.manage("shell", "-c", "\n".join([BEGIN, *before, line]))
        before.clear()

    yield run
    run(CLEAN)


def arrive(page: Page) -> None:
    """Come to the page anew, when the limits are as they are."""
    page.reload()
    connected(page)


def test_a_long_message_gets_a_gentle_hint(alice_page: Page) -> None:
    hint = alice_page.locator("[data-words]")
    usual = hint.text_content()
    alice_page.fill("#prompt", "x" * 499)
    expect(hint).to_have_text(usual or "")
    alice_page.fill("#prompt", "x" * 500)
    expect(hint).to_have_text("Short messages are answered fastest")
    expect(alice_page.locator("[data-send]")).to_be_enabled()
    alice_page.fill("#prompt", "x")
    expect(hint).to_have_text(usual or "")


def test_a_policy_is_the_pages_limit(alice_page: Page, bob_page: Page, rule: Rule) -> None:
    rule("policy(alice, prompt_chars=1000, prompt_tokens=50)")
    arrive(alice_page)
    count, send = alice_page.locator("[data-count]"), alice_page.locator("[data-send]")
    alice_page.fill("#prompt", "x" * 1001)
    expect(count).to_have_text("1 character too many; 1,000 are allowed.")
    expect(send).to_be_disabled()
    alice_page.fill("#prompt", "x" * 950)
    expect(count).to_have_text(re.compile(r"^~\d+ tokens; about 50 fit$"))
    expect(send).to_be_enabled()  # an estimate stops nobody
    bob_page.fill("#prompt", "x" * 1001)
    expect(bob_page.locator("[data-count]")).to_be_hidden()


def test_what_is_left_is_said_when_it_is_little_and_in_the_menu(alice_page: Page, bob_page: Page, rule: Rule) -> None:
    rule("policy(alice, tokens_per_day=10_000, tokens_per_month=90_000); used(alice, 7_000)")
    arrive(alice_page)
    words, menu = alice_page.locator("[data-words]"), alice_page.locator(".person-menu")
    expect(words).not_to_contain_text("left")
    alice_page.click(".person summary")
    expect(menu).to_contain_text("3,000 of 10,000 tokens left")
    expect(menu).to_contain_text("83,000 of 90,000 tokens left")
    expect(menu.locator("[data-resets]").first).to_contain_text(TIME)
    rule("used(alice, 1_500)")
    arrive(alice_page)
    expect(words).to_have_text("1,500 tokens left today")
    bob_page.click(".person summary")
    expect(bob_page.locator("[data-meter]").first).to_be_hidden()
    expect(bob_page.locator(".person-menu")).to_contain_text("Your usage")


def test_who_has_nothing_left_is_told_before_sending_and_goes_on_once_there_is_more(
    alice_page: Page, rule: Rule
) -> None:
    rule("policy(alice, tokens_per_day=10_000); used(alice, 10_000)")
    arrive(alice_page)
    standing, send = alice_page.locator("#standing"), alice_page.locator("[data-send]")
    expect(standing).to_contain_text("Today's tokens are used up.")
    expect(standing).to_contain_text(TIME)
    ask(alice_page, f"{SAY}kept")
    expect(send).to_be_disabled()
    expect(alice_page.locator("#prompt")).to_have_value(f"{SAY}kept")
    expect(replies(alice_page)).to_have_count(0)
    rule("Policy.objects.update(tokens_per_day=90_000)")
    alice_page.press("#prompt", "Enter")  # the page asks whether that still holds
    expect(standing).to_be_hidden()
    alice_page.press("#prompt", "Enter")
    expect(finished(alice_page)).to_contain_text("kept")


def test_each_reply_makes_what_is_left_less(alice_page: Page, rule: Rule) -> None:
    rule("policy(alice, tokens_per_day=10_000, output_tokens=500); used(alice, 9_000)")
    arrive(alice_page)
    words = alice_page.locator("[data-words]")
    expect(words).to_have_text("1,000 tokens left today")
    ask(alice_page, f"{SAY}one two three")
    finished(alice_page)
    expect(words).to_have_text(re.compile(r"^9\d\d tokens left today$"))


def test_a_restraint_is_said_plainly(alice_page: Page, bob_page: Page, rule: Rule) -> None:
    # As it is for a moment: who is suspended through the console is signed out, too.
    until = "until=timezone.now() + timedelta(days=3)"
    rule(f"Restraint.objects.create(user=alice, kind='suspend', {until}, reason='a secret reason')")
    arrive(alice_page)
    standing = alice_page.locator("#standing")
    expect(standing).to_contain_text("your account is suspended")
    expect(standing).to_contain_text(TIME)
    expect(alice_page.locator("body")).not_to_contain_text("secret")
    alice_page.fill("#prompt", "x")
    expect(alice_page.locator("[data-send]")).to_be_disabled()
    rule("restraints.lift(alice); restraints.slow(alice, None, '')")
    arrive(alice_page)
    expect(standing).to_have_text("Your messages are slowed down at present.")
    expect(alice_page.locator("[data-send]")).to_be_enabled()
    expect(bob_page.locator("#standing")).to_be_hidden()


def test_the_usage_page_is_ones_own_and_fits_a_phone(alice_page: Page, bob_page: Page, rule: Rule) -> None:
    rule("policy(alice, tokens_per_day=10_000); used(alice, 1_234)")
    for page, figure in ((alice_page, "1,234"), (bob_page, "0")):
        page.set_viewport_size({"width": 360, "height": 740})
        page.goto("/accounts/usage/")
        expect(page.locator(".figure").first).to_contain_text(figure)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
    expect(alice_page.locator("time")).to_have_text(TIME)
    with alice_page.expect_download() as download:
        alice_page.click("text=Download as CSV")
    assert download.value.suggested_filename.endswith(".csv")
