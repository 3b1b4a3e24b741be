"""A tab of a real browser that a benchmark watches: signed in, connected, its processor time counted."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, Page

from chatsite.bench import usage
from chatsite.bench.site import Site

PATIENCE_MS = 20_000
CONNECTED = '#connection[data-state="open"]'
WRITTEN = """document.querySelectorAll('#messages [data-role="assistant"][data-state="complete"]').length"""
LOOK_MS = 100  # between two looks whether a reply is complete: at each frame they would be most of what is measured
TYPABLE = """
addEventListener("focusin", (event) => {
  if (event.target.id === "prompt") window.typable ??= performance.now();
});
"""
# Since when a key was pressed, and every task that kept the page from answering for over 50 ms.
WATCH = """() => {
  const blocked = (window.blocked = []);
  new PerformanceObserver((list) => blocked.push(...list.getEntries().map((entry) => entry.duration)))
    .observe({ type: "longtask" });
  addEventListener("keydown", (event) => (window.asked = event.timeStamp), { capture: true });
}"""


@contextmanager
def signed_in(browser: Browser, running: Site, cookie: str) -> Iterator[BrowserContext]:
    """A browser session with nothing in its cache."""
    name, _, value = cookie.partition("=")
    url = f"http://127.0.0.1:{running.port}"
    context = browser.new_context(base_url=url)
    context.set_default_timeout(PATIENCE_MS)
    context.add_cookies([{"name": name, "value": value, "url": url}])
    context.add_init_script(TYPABLE)
    yield context
    context.close()


def opened(context: BrowserContext, path: str = "/") -> Page:
    """A page of the chat, once it is connected."""
    page = context.new_page()
    page.goto(path)
    page.wait_for_selector(CONNECTED, state="attached")
    return page


def ask(page: Page, text: str, seconds: float = 20) -> None:
    """Send a message by the key; returns when its reply, the newest, is complete."""
    before = page.evaluate(WRITTEN)
    page.fill("#prompt", text)
    page.evaluate(WATCH)
    page.keyboard.press("Enter")
    page.wait_for_function(f"(before) => {WRITTEN} > before", arg=before, timeout=seconds * 1000, polling=LOOK_MS)


def blocked_ms(page: Page) -> list[float]:
    """How long each long task since ``ask`` took."""
    return [float(one) for one in page.evaluate("window.blocked")]


def browser_cpu_s() -> float:
    """Processor time of all of the browser's processes so far."""
    mine = usage.descendants(os.getpid())
    return usage.usage(*(pid for pid in mine if "chrom" in usage.command_line(pid))).cpu_s
