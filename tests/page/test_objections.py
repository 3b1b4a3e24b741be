"""What a person can say about a reply or a block: a report, a request for a review, without leaving the page."""

import re
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.page.people import Held, ask, connected, finished, replies
from tests.sites import Site

pytestmark = pytest.mark.browser

Frame = dict[str, Any]

SAY = "@echo=true @tokens=0 "
THANKS = "Thank you. Somebody will look at it."
WITHHOLD = """
from conversations.models import Message
from conversations.services import Sent
from tests.conversations.talk import withhold
reply = Message.objects.get(pk="{reply}")
withhold(Sent(reply.conversation, reply.parent_id, reply.pk, first=True), "As far as it came")
"""
INCIDENTS = """
from moderation.models import Incident
print([(one.user_name, one.reason, one.said, one.appeal) for one in Incident.objects.filter(message="{reply}")])
"""


def identity(page: Page) -> str:
    return str(replies(page).last.get_attribute("data-message"))


def answered(page: Page, text: str) -> str:
    """Ask, and wait for the answer; the reply's id."""
    before = replies(page).count()
    ask(page, SAY + text)
    expect(replies(page)).to_have_count(before + 1)
    finished(page)
    return identity(page)


def test_a_reply_is_reported_without_leaving_the_page(alice_page: Page, bob_page: Page, team_site: Site) -> None:
    reply = answered(alice_page, "one")
    answered(bob_page, "two")
    tool, dialog = alice_page.locator(".message [data-report]"), alice_page.locator("#report")
    tool.focus()
    alice_page.keyboard.press("Enter")
    expect(dialog).to_be_visible()
    alice_page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(tool).to_be_focused()
    for note in ("It never was so.", "Said again."):
        tool.click()
        dialog.locator("text=Wrong or made up").click()
        dialog.locator("textarea").fill(note)
        dialog.locator("[data-confirm]").click()
        expect(dialog).to_be_hidden()
        expect(replies(alice_page).last).to_contain_text(THANKS)
    assert (
        team_site.manage("shell", "-c", INCIDENTS.format(reply=reply))
        .strip()
        .endswith("[('alice', 'wrong', 'It never was so.', '')]")
    )
    expect(replies(bob_page).last).not_to_contain_text(THANKS)


def test_a_late_answer_is_of_the_reply_it_was_said_of(bob_page: Page) -> None:
    page = bob_page
    answered(page, "one")
    answered(page, "two")
    dialog = page.locator("#report")
    held = Held(page, re.compile("/report/"))
    page.locator(".message [data-report]").first.click()
    dialog.locator("text=Something else").click()
    dialog.locator("textarea").fill("The first")
    with page.expect_request(re.compile("/report/")):
        dialog.locator("[data-confirm]").click()
    page.keyboard.press("Escape")
    page.locator(".message [data-report]").last.click()
    dialog.locator("text=Something else").click()
    dialog.locator("textarea").fill("The second")
    with page.expect_response(re.compile("/report/")):
        held.let_go()
    expect(replies(page).filter(has_text=THANKS)).to_have_count(1)
    expect(replies(page).first).to_contain_text(THANKS)
    expect(dialog).to_be_visible()
    expect(dialog.locator("textarea")).to_have_value("The second")
    dialog.locator("[data-confirm]").click()
    expect(dialog).to_be_hidden()
    expect(replies(page).last).to_contain_text(THANKS)


def test_a_report_needs_a_reason_and_says_when_it_did_not_arrive(bob_page: Page) -> None:
    answered(bob_page, "one")
    dialog = bob_page.locator("#report")
    bob_page.locator(".message [data-report]").click()
    dialog.locator("[data-confirm]").click()
    expect(dialog).to_be_visible()
    dialog.locator("text=Something else").click()
    dialog.locator("textarea").fill("kept")
    bob_page.route("**/report/", lambda route: route.abort())
    dialog.locator("[data-confirm]").click()
    expect(dialog.locator("[data-error]")).to_be_visible()
    expect(dialog.locator("textarea")).to_have_value("kept")
    bob_page.unroute("**/report/")
    dialog.locator("[data-confirm]").click()
    expect(dialog).to_be_hidden()


def test_a_blocked_reply_shows_what_was_released_and_can_be_appealed(alice_page: Page, team_site: Site) -> None:
    reply = answered(alice_page, "one")
    expect(alice_page.locator(".message [data-appeal]")).to_be_hidden()
    team_site.manage("shell", "-c", WITHHOLD.format(reply=reply))
    alice_page.reload()
    connected(alice_page)
    blocked = finished(alice_page, "blocked")
    expect(blocked).to_contain_text("As far as it came")
    blocked.locator("[data-appeal]").click()
    dialog = alice_page.locator("#appeal")
    dialog.locator("textarea").fill("   ")
    dialog.locator("[data-confirm]").click()
    expect(dialog).to_be_visible()
    dialog.locator("textarea").fill("It was a quotation.")
    dialog.locator("[data-confirm]").click()
    expect(dialog).to_be_hidden()
    expect(blocked).to_contain_text(THANKS)
    assert "'It was a quotation.'" in team_site.manage("shell", "-c", INCIDENTS.format(reply=reply))


def test_a_reply_that_is_blocked_while_it_is_read_can_be_appealed_at_once(alice_page: Page) -> None:
    end_with(alice_page, type="blocked", detail="Withheld.")
    ask(alice_page, f"{SAY}one")
    blocked = finished(alice_page, "blocked")
    expect(blocked.locator("[data-state-line]")).to_have_text("Withheld.")
    expect(blocked.locator("[data-appeal]")).to_be_visible()


def test_the_models_memory_begins_below_a_quiet_line(alice_page: Page) -> None:
    answered(alice_page, "one")
    oldest = alice_page.locator(".message").last.get_attribute("data-message")
    tell_before_text(alice_page, {"type": "context", "remembered_from": oldest})
    line = alice_page.locator("#forgotten")
    answered(alice_page, "two")
    expect(line).to_have_text("The model no longer remembers what is above")
    assert line.evaluate("line => line.nextElementSibling.dataset.message") == oldest
    tell_before_text(alice_page, {"type": "context", "remembered_from": None})
    answered(alice_page, "three")
    expect(line).to_have_count(0)


def end_with(page: Page, **end: Any) -> None:
    """From now on the server's word of a reply's end is another."""
    change(page, lambda frame: [{**frame, **end}] if frame["type"] == "done" else [frame])


def tell_before_text(page: Page, more: dict[str, Any]) -> None:
    """From now on this is told of a reply when it starts."""
    change(page, lambda frame: [frame, {**more, "reply": frame["reply"]}] if frame["type"] == "started" else [frame])


def change(page: Page, how: Callable[[Frame], list[Frame]]) -> None:
    """What comes over the socket passes ``how``, which gives the frames that the page gets instead."""

    def arrived(tab: WebSocketRoute) -> None:
        server = tab.connect_to_server()

        def pass_on(text: str | bytes) -> None:
            for frame in how(orjson.loads(text)):
                tab.send(orjson.dumps(frame).decode())

        server.on_message(pass_on)

    page.unroute_all()
    page.route_web_socket(re.compile("/ws/"), arrived)
    page.reload()
    connected(page)
