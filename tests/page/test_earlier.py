"""A long conversation: its end comes first, older messages as the reader nears them, and the page does not move."""

import pytest
from playwright.sync_api import Page, expect

from tests.page.people import ask, connected, finished, replies
from tests.sites import Site

pytestmark = pytest.mark.browser

MESSAGES = 500
MAKE = """
from itertools import pairwise
from uuid import uuid4
from accounts.models import User
from conversations.models import Conversation, Message
alice = User.objects.get(username="alice")
talk = Conversation.objects.create(owner=alice, client_id=uuid4(), title="Long", length={n})
rows = [
    Message(conversation=talk, position=i, role=role, text=f"Number {{i}}\\n\\n" + "words " * (i % 7 * 20))
    for i, role in enumerate(("user", "assistant") * ({n} // 2))
]
for before, row in pairwise(rows):
    row.parent = before
Message.objects.bulk_create(rows)
print(talk.url)
"""
NUMBERS = r"all => all.map(one => /Number (\d+)/.exec(one.textContent)[1])"
WHERE = r"""number => [...document.querySelectorAll(".message")]
    .find(one => /Number (\d+)/.exec(one.textContent)[1] === number).getBoundingClientRect().top"""
# Scrolls up; the first article in sight, where it is, and how many there are by then.
SCROLLED = r"""async () => {
    document.getElementById("thread").scrollTo(0, 400);
    await new Promise(requestAnimationFrame);
    const all = [...document.querySelectorAll(".message")];
    const first = all.find(one => one.getBoundingClientRect().bottom > 150);
    return [/Number (\d+)/.exec(first.textContent)[1], first.getBoundingClientRect().top, all.length];
}"""


@pytest.fixture
def long_page(alice_page: Page, team_site: Site) -> Page:
    address = team_site.manage("shell", "-c", MAKE.format(n=MESSAGES)).split()[-1]
    alice_page.goto(address)
    connected(alice_page)
    return alice_page


def test_older_messages_come_as_the_reader_nears_them(long_page: Page) -> None:
    articles = long_page.locator(".message")
    expect(articles).to_have_count(30)
    expect(articles.last).to_be_in_viewport()
    thread = long_page.locator("#thread")
    thread.evaluate("thread => thread.scrollTo(0, 300)")
    expect(articles).to_have_count(60)
    for shown in (90, 120):
        thread.evaluate("thread => thread.scrollTo(0, 300)")
        expect(articles).to_have_count(shown)
    texts = articles.evaluate_all(NUMBERS)
    assert texts == [str(number) for number in range(MESSAGES - 120, MESSAGES)]


def test_the_last_message_is_the_last_of_all_and_not_of_those_that_came_at_once(long_page: Page) -> None:
    articles = long_page.locator(".message")
    long_page.locator("#thread").evaluate("thread => thread.scrollTo(0, 300)")
    expect(articles).to_have_count(60)
    feet = articles.locator(".message-foot")
    expect(feet.last).to_have_css("opacity", "1")
    expect(feet.nth(29)).to_have_css("opacity", "0")
    reply = articles.filter(has_text=f"Number {MESSAGES - 35}")
    reply.hover()
    reply.locator("[data-erase]").click()
    long_page.locator("#erasing").get_by_role("button", name="Delete").click()
    expect(articles.last).to_contain_text(f"Number {MESSAGES - 36}")
    articles.last.hover()
    articles.last.locator("[data-again]").click()
    expect(finished(long_page)).to_be_in_viewport()
    expect(articles.last.locator(".message-foot")).to_have_css("opacity", "1")


@pytest.mark.long
def test_the_page_does_not_move_when_they_come(long_page: Page) -> None:
    articles = long_page.locator(".message")
    expect(articles).to_have_count(30)
    number, before, count = long_page.evaluate(SCROLLED)
    assert count == 30, "they came too soon for this test"
    expect(articles).to_have_count(60)
    long_page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert abs(long_page.evaluate(WHERE, number) - before) <= 2


@pytest.mark.long
def test_one_goes_on_talking_at_the_end_of_it(long_page: Page) -> None:
    ask(long_page, "@echo=true @tokens=0 still here")
    expect(finished(long_page)).to_contain_text("still here")
    expect(replies(long_page).last).to_be_in_viewport()
    long_page.reload()
    expect(long_page.locator(".message")).to_have_count(30)
    expect(replies(long_page).last).to_contain_text("still here")
