"""Marking a reply for the knowledge base at the page, and what a reviewer makes of it in the console."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.page.people import ask, connected, finished, signed_in
from tests.sites import Site

pytestmark = pytest.mark.browser

SAY = "@echo=true @tokens=0 "


def test_a_good_reply_is_marked_reviewed_and_told_of(alice_page: Page, browser: Browser, team_site: Site) -> None:
    ask(alice_page, f"{SAY}The capital is Lyon.")
    reply = finished(alice_page)
    reply.locator('[data-rate="1"]').click()
    form = reply.locator("form[data-knowledge]")
    expect(form).to_contain_text("Reviewers will see this question and reply, with your name")
    form.get_by_role("button", name="Mark it").click()
    expect(reply.locator("[data-nominated]")).to_have_text("Marked for the knowledge base: waits for review")
    form.get_by_role("button", name="Close").click()
    expect(form).to_have_count(0)

    console = signed_in(browser, team_site, team_site.admin)
    console.goto("/admin/knowledge/")
    console.get_by_role("link", name="The capital is Lyon.").first.click()
    console.get_by_label("What the knowledge base is given").fill("The capital is Paris.")
    console.get_by_role("button", name="Approve").click()
    expect(console.get_by_text("Nothing waits for review.")).to_be_visible()
    console.get_by_role("link", name="Approved").click()
    console.get_by_role("link", name="The capital is Lyon.").first.click()
    expect(console.locator("#changes + .differences ins")).to_have_text("Paris")

    alice_page.reload()
    connected(alice_page)
    expect(finished(alice_page).locator("[data-nominated]")).to_have_text("In the knowledge base")
    finished(alice_page).locator("[data-facts]").click()
    details = finished(alice_page).locator("[data-figures] form")
    details.get_by_role("button", name="Take the mark back").click()
    expect(finished(alice_page).locator("[data-nominated]")).to_have_count(0)
    expect(details.get_by_role("button", name="Mark it")).to_be_visible()


@pytest.mark.long
def test_a_mark_that_does_not_arrive_is_said(bob_page: Page) -> None:
    ask(bob_page, f"{SAY}nobody hears it")
    reply = finished(bob_page)
    reply.locator('[data-rate="1"]').click()
    form = reply.locator("form[data-knowledge]")
    expect(form).to_be_visible()
    bob_page.route(re.compile("/knowledge/"), lambda route: route.fulfill(status=503))
    form.get_by_role("button", name="Mark it").click()
    expect(form.get_by_role("alert")).to_have_text("That did not reach the site. Try again.")
    expect(reply.locator("[data-nominated]")).to_have_count(0)
    bob_page.unroute_all()
    form.get_by_role("button", name="Mark it").click()
    expect(reply.locator("[data-nominated]")).to_be_visible()
