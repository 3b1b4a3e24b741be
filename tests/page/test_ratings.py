"""What a person thinks of a reply and what it took; and how long it reasoned."""

import re

import pytest
from playwright.sync_api import Page, Request, expect

from tests.page.people import Held, all_asked, ask, connected, finished, replies
from tests.sites import Site

pytestmark = pytest.mark.browser

RATINGS = re.compile("/rating/")
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
    with alice_page.expect_response(RATINGS):
        reply.locator('[data-rate="1"]').click()
    pressed(alice_page, 1)
    with alice_page.expect_response(RATINGS):
        reply.locator('[data-rate="-1"]').click()
    pressed(alice_page, 1, yes=False)
    expect(alice_page.locator(".why")).to_be_visible()
    alice_page.reload()
    connected(alice_page)
    pressed(alice_page, -1)
    with alice_page.expect_response(RATINGS):
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


def rated(request: Request) -> int | None:
    """The value that a request to rate has; None where it is another."""
    said = request.post_data_json if RATINGS.search(request.url) else None
    return said["value"] if said else None


def test_what_was_pressed_last_is_kept(alice_page: Page) -> None:
    ask(alice_page, f"{SAY}quickly")
    reply = finished(alice_page)
    values: list[int | None] = []
    alice_page.on("request", lambda request: values.append(rated(request)))
    held = Held(alice_page, RATINGS)
    with alice_page.expect_request(RATINGS):
        reply.locator('[data-rate="1"]').click()
    reply.locator('[data-rate="-1"]').click()
    all_asked(alice_page)
    assert [value for value in values if value] == [1], "the other one could overtake it"
    held.let_go()
    expect(alice_page.locator(".why")).to_be_visible()
    alice_page.reload()
    pressed(alice_page, -1)


def test_who_finds_a_reply_good_twice_is_asked_once(alice_page: Page) -> None:
    ask(alice_page, f"{SAY}well again")
    up = finished(alice_page).locator('[data-rate="1"]')
    values: list[int] = []
    alice_page.on("response", lambda one: values.append(one.status) if RATINGS.search(one.url) else None)
    forms: list[str] = []
    alice_page.on("request", lambda one: forms.append(one.url) if "/knowledge/" in one.url else None)
    held = Held(alice_page, RATINGS)
    for _ in range(3):
        up.click()
    with alice_page.expect_response(lambda one: bool(RATINGS.search(one.url)) and len(values) == 3):
        held.let_go()
    expect(finished(alice_page).locator("form[data-knowledge]").first).to_be_visible()
    all_asked(alice_page)
    assert len(forms) == 1


def test_why_is_saved_while_the_thumb_is_pressed_again(alice_page: Page) -> None:
    ask(alice_page, f"{SAY}badly, or not")
    down = finished(alice_page).locator('[data-rate="-1"]')
    down.click()
    form = alice_page.locator(".why")
    form.get_by_label("Wrong").check()
    held = Held(alice_page, RATINGS)
    with alice_page.expect_request(RATINGS):
        form.get_by_role("button", name="Save").click()
    down.click()
    expect(form).to_have_count(0)
    with alice_page.expect_response(lambda answer: rated(answer.request) == 0):
        held.let_go()
    alice_page.reload()
    pressed(alice_page, -1, yes=False)


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
