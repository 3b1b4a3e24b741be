"""Rules as a person meets them in the page: what is blocked says so and is kept, what is masked is shown as saved."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.page.people import ask, connected, finished, replies
from tests.sites import Site

pytestmark = pytest.mark.browser

SAY = "@echo=true @tokens=0 @rate=200 "
BEGIN = """
from moderation.models import Incident, Rule
def rule(action, words, **more):
    fields = dict(kind="words", scope="both", message="", dry_run=False)
    Rule.objects.create(name=action, action=action, words=words, **{**fields, **more})
"""
FORGET = """
from conversations.models import Message
reply = Message.objects.get(pk="{reply}")
reply.remembered_from = reply.position - 1
reply.save()
"""

Run = Callable[[str], str]


@pytest.fixture
def run(team_site: Site) -> Iterator[Run]:
    """Runs lines about rules in the site; rules and incidents are gone after the test."""

    def lines(text: str) -> str:
        return team_site.manage("shell", "-c", BEGIN + text)

    yield lines
    lines("Rule.objects.all().delete(); Incident.objects.all().delete()")


def test_a_blocked_message_is_kept_and_a_review_can_be_asked_for(alice_page: Page, bob_page: Page, run: Run) -> None:
    run("rule('block', 'zugzwang', scope='prompt', message='No chess here.')")
    ask(alice_page, f"{SAY}about Zugzwang")
    error = alice_page.locator("#composer-error")
    expect(error).to_contain_text("No chess here.")
    expect(alice_page.locator("#prompt")).to_have_value(f"{SAY}about Zugzwang")
    expect(alice_page.locator(".message")).to_have_count(0)
    error.locator("[data-appeal]").click()
    alice_page.locator("#appeal textarea").fill("It is a fine word.")
    alice_page.locator("#appeal [data-confirm]").click()
    expect(error).to_contain_text("Thank you. Somebody will look at it.")
    assert "It is a fine word." in run("print(Incident.objects.exclude(appeal='').latest('appealed_at').appeal)")
    alice_page.fill("#prompt", f"{SAY}about draughts")
    expect(error).to_be_hidden()
    alice_page.press("#prompt", "Enter")
    expect(finished(alice_page)).to_contain_text("about draughts")
    ask(bob_page, f"{SAY}about zugZWANG")
    expect(bob_page.locator("#composer-error")).to_contain_text("No chess here.")


@pytest.mark.long
def test_a_masked_message_is_shown_as_it_was_saved(alice_page: Page, run: Run) -> None:
    run("rule('mask', 'zugzwang', scope='prompt')")
    ask(alice_page, f"{SAY}about zugzwang, please")
    finished(alice_page)
    said = alice_page.locator(".said")
    expect(said).to_contain_text(", please")
    expect(said).not_to_contain_text("zugzwang")
    shown = said.text_content()
    alice_page.reload()
    connected(alice_page)
    expect(said).to_have_text(shown or "")


def test_a_blocked_reply_ends_politely_with_what_was_released(alice_page: Page, run: Run) -> None:
    run("rule('block', 'zugzwang', scope='reply')")
    ask(alice_page, f"{SAY}first this and then zugzwang and more")
    blocked = finished(alice_page, "blocked")
    expect(blocked).to_contain_text("first this and then")
    expect(blocked).not_to_contain_text("zug")
    expect(blocked.locator("[data-state-line]")).to_contain_text("rule of this site")
    blocked.locator("[data-appeal]").click()
    alice_page.locator("#appeal textarea").fill("It was in my own question.")
    alice_page.locator("#appeal [data-confirm]").click()
    expect(blocked).to_contain_text("Thank you.")
    assert "in my own question" in run("print(Incident.objects.exclude(appeal='').latest('appealed_at').appeal)")
    expect(alice_page.locator("[data-send]")).to_be_visible()


@pytest.mark.long
def test_the_line_of_the_models_memory_comes_with_the_page(alice_page: Page, team_site: Site) -> None:
    for number, text in enumerate(("one", "two"), 1):
        ask(alice_page, f"{SAY}{text}")
        expect(replies(alice_page)).to_have_count(number)
        finished(alice_page)
    reply = replies(alice_page).last.get_attribute("data-message")
    team_site.manage("shell", "-c", FORGET.format(reply=reply))
    alice_page.reload()
    connected(alice_page)
    line = alice_page.locator("#forgotten")
    expect(line).to_have_count(1)
    assert "two" in line.evaluate("line => line.nextElementSibling.textContent")
    assert "one" in line.evaluate("line => line.previousElementSibling.textContent")
