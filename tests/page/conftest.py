"""Alice and Bob at the page of one running site."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.page.people import complaints, connected, signed_in
from tests.sites import PASSWORD, Site

PEOPLE = ("alice", "bob")
MAKE = """
from accounts.models import User
for name in {names}:
    if not User.objects.filter(username=name).exists():
        User.objects.create_user(name, name + "@example.org", {password!r})
"""


@pytest.fixture(scope="session")
def team_site(scripted_site: Site) -> Site:
    """The scripted site with Alice and Bob, who share its password."""
    scripted_site.manage("shell", "-c", MAKE.format(names=PEOPLE, password=PASSWORD))
    return scripted_site


@pytest.fixture
def alice_page(browser: Browser, team_site: Site) -> Iterator[Page]:
    """Alice at an empty conversation, connected; the test fails if her browser complains about anything."""
    page = signed_in(browser, team_site, "alice")
    try:
        connected(page)
    except AssertionError as error:
        error.add_note(f"The browser complained of: {complaints(page)}")
        raise
    page.fill("#prompt", "")  # what the last test left there is a draft, also in a browser of its own
    yield page
    assert complaints(page) == []


@pytest.fixture
def bob_page(browser: Browser, team_site: Site) -> Page:
    """Bob at an empty conversation, connected."""
    page = signed_in(browser, team_site, "bob")
    connected(page)
    page.fill("#prompt", "")
    return page
