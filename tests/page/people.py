"""What browser tests do at the page, and see there."""

import re
from typing import Any
from weakref import WeakKeyDictionary

from playwright.sync_api import Browser, Locator, Page, Route, StorageState, WebSocketRoute, expect

from tests.browser import PATIENCE_MS, sign_in
from tests.sites import Site

_sessions: dict[tuple[str, str], StorageState] = {}  # signing in is slow on purpose: once a person and site
_complaints: WeakKeyDictionary[Page, list[str]] = WeakKeyDictionary()

NEWEST_REPLY = '#messages > .message[data-role="assistant"]:last-child'

# What the scripted engine is told to answer, slowly enough to be watched and with everything that formatting knows.
ECHO = """@echo=true @tokens=0 @rate={rate}

## What a queue gives you

A queue **decouples** who asks from `who` answers:

1. Peaks are *smoothed*.
2. A worker may [die](https://example.org/).
   - nothing is lost

```python
def claim(row):  # one winner
    return row
```

| Design | ms |
|---|--:|
| group commit | **6.6** |

> Measure first.

So $d = 1 / r$ at most[^1], which costs $5:

$$
\\sum_{{i=1}}^{{n}} x_i
$$

- [x] measured
- [ ] tried

**注意：**请先阅读文档。

[^1]: For *one* queue.
"""


def signed_in(browser: Browser, site: Site, name: str, **options: Any) -> Page:
    """This person at an empty conversation, in a browser of their own."""
    known = _sessions.get((site.url, name))
    if known is None:
        page = sign_in(browser, site, name, **options)
        _sessions[site.url, name] = page.context.storage_state()
        _listen(page)
        return page
    context = browser.new_context(base_url=site.url, storage_state=known, **options)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    _listen(page)
    page.goto("/")
    return page


def complaints(page: Page) -> list[str]:
    """What the browser has complained of since the person came; it grows."""
    return _complaints[page]


def _listen(page: Page) -> None:
    _complaints[page] = heard = []
    page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))


def connected(page: Page, state: str = "open") -> None:
    expect(page.locator("#connection")).to_have_attribute("data-state", state, timeout=20_000)


def ask(page: Page, text: str) -> None:
    page.fill("#prompt", text)
    page.press("#prompt", "Enter")


def replies(page: Page) -> Locator:
    return page.locator('.message[data-role="assistant"]')


def finished(page: Page, state: "str | re.Pattern[str]" = "complete") -> Locator:
    """The newest reply, once it has this state; below what was asked last, which until then has none."""
    expect(page.locator(NEWEST_REPLY)).to_have_attribute("data-state", state, timeout=30_000)
    return replies(page).last


def shown(reply: Locator) -> str:
    """The HTML of a reply's text without what the page's scripts add to it."""
    return str(
        reply.locator('[data-part="text"]').evaluate(
            """part => {
                const copy = part.cloneNode(true);
                for (const button of copy.querySelectorAll("button")) button.remove();
                return [...copy.children].map(child => child.outerHTML).join("");
            }"""
        )
    )


class Held:
    """What the page asks of an address is on its way until it is let go."""

    def __init__(self, page: Page, address: "re.Pattern[str]") -> None:
        self._routes: list[Route] | None = []
        page.route(address, self._hold)

    def _hold(self, route: Route) -> None:
        if self._routes is None:
            route.continue_()
        else:
            self._routes.append(route)

    def let_go(self, answer: str | None = None) -> None:
        """To the server, or answered with what it said before."""
        held, self._routes = self._routes, None
        for route in held or ():
            if answer is None:
                route.continue_()
            else:
                route.fulfill(body=answer, content_type="text/html")


def all_asked(page: Page) -> None:
    """What the page asked for until now has been seen: this is asked after it."""
    page.evaluate("async () => void (await fetch('/shortcuts/'))")


class Line:
    """What the page says on its socket is on its way, once it is held, until it is let go."""

    def __init__(self, page: Page) -> None:
        self._held: list[tuple[WebSocketRoute, str | bytes]] | None = None
        page.route_web_socket(re.compile("/ws/"), self._arrived)
        page.reload()
        connected(page)

    def _arrived(self, tab: WebSocketRoute) -> None:
        server = tab.connect_to_server()
        tab.on_message(lambda frame: self._pass(server, frame))

    def _pass(self, server: WebSocketRoute, frame: str | bytes) -> None:
        if self._held is None:
            server.send(frame)
        else:
            self._held.append((server, frame))

    def hold(self) -> None:
        self._held = []

    def let_go(self) -> None:
        held, self._held = self._held, None
        for server, frame in held or ():
            server.send(frame)
