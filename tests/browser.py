"""A real browser for tests, the one that the benchmarks drive too."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from chatsite.bench.browser import launched
from tests.sites import Site

PATIENCE_MS = 15_000
expect.set_options(timeout=PATIENCE_MS)

Open = Callable[..., BrowserContext]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One for the run. Playwright's event loop runs from here on, so the tests that use a browser are the last."""
    with launched() as running:
        yield running


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Browser]:
    """The browser, of which each session is closed after the test."""
    yield chromium
    for context in chromium.contexts:
        context.close()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: "chromium" in getattr(item, "fixturenames", ()))


def sign_in(browser: Browser, site: Site, name: str = "", password: str = "", **options: object) -> Page:
    """A page of this person, the administrator unless named, in a browser session of their own."""
    context = browser.new_context(base_url=site.url, **options)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto("/accounts/login/")
    page.fill("input[name=login]", name or site.admin)
    page.fill("input[name=password]", password or site.password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/")
    return page
