"""What a person thinks of a reply and what it took; and how long it reasoned."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.page.people import ask, connected, finished, replies
from tests.sites import Site

pytestmark = pytest.mark.browser

SAY = "@echo=true @tokens=0 "
RATING = """
from conversations.models import Rating
print([(one.value, one.reasons, one.note) for one in Rating.objects.filter(reply="{}")])
"""


def pressed(page: Page, value: int, *, yes: bool = True) -> None:
    thumb = finished(page).locator(f'[data-rate="{value}"]')
    expect(thumb).to_have_attribute("aria-pressed", "true" if yes else "false")


def test_a_rating_is_shown_again_and_can_be_taken_away(alice_page: Page) -> None:
    ask(alice_page, f"{SAY}well")
    reply = finished(alice_page)
    with alice_page.expect_response(re.compile("/rating/")):
        reply.locator('[data-rate="1"]').click()
    pressed(alice_page, 1)
    with alice_page.expect_response(re.compile("/rating/")):
        reply.locator('[data-rate="-1"]').click()
    pressed(alice_page, 1, yes=False)
    expect(alice_page.locator(".why")).to_be_visible()
    alice_page.reload()
    connected(alice_page)
    pressed(alice_page, -1)
    with alice_page.expect_response(re.compile("/rating/")):
        finished(alice_page).locator('[data-rate="-1"]').click()
    alice_page.reload()
    pressed(alice_page, -1, yes=False)


def test_a_bad_rating_may_say_why(alice_page: Page, team_site: Site) -> None:
    ask(alice_page, f"{SAY}badly")
    reply = finished(alice_page)
    reply.locator('[data-rate="-1"]').click()
    form = alice_page.locator(".why")
    expect(form.locator("input").first).to_be_focused()
    form.get_by_label("Wrong").check()
    form.get_by_label("Too long").check()
    form.locator("textarea").fill("It never was in Paris.")
    form.get_by_role("button", name="Save").click()
    expect(form).to_have_count(0)
    expect(reply).to_contain_text("Thank you.")
    kept = team_site.manage("shell", "-c", RATING.format(reply.get_attribute("data-message")))
    assert "(-1, ['wrong', 'long'], 'It never was in Paris.')" in kept


@pytest.mark.long
def test_a_rating_that_does_not_arrive_is_not_shown_as_given(bob_page: Page) -> None:
    ask(bob_page, f"{SAY}nobody hears it")
    reply = finished(bob_page)
    bob_page.route("**/rating/", lambda route: route.fulfill(status=503))
    reply.locator('[data-rate="1"]').click()
    expect(reply).to_contain_text("That did not reach the site. Try again.")
    pressed(bob_page, 1, yes=False)
    bob_page.unroute_all()


@pytest.mark.long
def test_details_are_behind_the_line_below_a_reply(alice_page: Page) -> None:
    ask(alice_page, "@tokens=40 @rate=200")
    reply = finished(alice_page)
    reply.locator("[data-facts]").click()
    figures = reply.locator("[data-figures]")
    for words in ("Model", "Tokens written40", "First word after", "tokens/s", "Took", "When"):
        expect(figures).to_contain_text(words)
    alice_page.reload()
    connected(alice_page)
    finished(alice_page).locator("[data-facts]").press("Enter")
    expect(finished(alice_page).locator("[data-figures]")).to_contain_text("Tokens written40")


@pytest.mark.long
def test_reasoning_counts_its_seconds_and_says_them_afterwards(alice_page: Page) -> None:
    ask(alice_page, f"@reasoning={'hm-' * 240} @tokens=5 @rate=8")
    summary = replies(alice_page).last.locator(".reasoning summary")
    expect(summary).to_have_text(re.compile(r"^Thinking… [1-9]\d* s$"), timeout=15_000)
    expect(replies(alice_page).last.locator("[data-state-line]")).to_be_hidden()
    alice_page.reload()
    expect(summary).to_have_text(re.compile(r"^Thinking… [2-9]\d* s$"), timeout=15_000)
    finished(alice_page)
    expect(summary).to_have_text(re.compile(r"^Thought for \d+ s$"))
    words = summary.inner_text()
    alice_page.reload()
    connected(alice_page)
    expect(summary).to_have_text(words)


@pytest.mark.long
def test_a_reply_that_does_not_reason_says_nothing_of_it(alice_page: Page) -> None:
    ask(alice_page, f"{SAY}at once")
    expect(finished(alice_page).locator(".reasoning")).to_be_hidden()
