"""A page with the site's styles and modules and one message, in a browser, without a site and without its policy.

No policy: here a script in a message would run, and a picture would be asked for.
"""

import mimetypes
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, Route

HOME = "http://stage.example/"
STATIC = Path(settings.BASE_DIR) / "static"
STYLES = ("colours", "page", "layout", "sidebar", "message", "prose", "code")
BODY = """<!doctype html><html lang="en" data-theme="{theme}"><meta charset="utf-8"><title>Stage</title>
<meta name="viewport" content="width=device-width, initial-scale=1">{styles}
<body class="chat"><nav class="sidebar" id="sidebar"></nav><main class="room" id="room"><header class="bar"></header>
<div class="thread" id="thread"><div class="messages" id="messages">
<article class="message" data-role="assistant" data-state="complete">
<div class="prose" data-part="text"></div></article>
</div></div></main></body></html>"""


class Stage:
    """``leaks``: what the page asked for that is not the site's. ``complaints``: what the browser said is wrong."""

    def __init__(self, browser: Browser, *, theme: str = "light", **options: Any) -> None:
        self.leaks: list[str] = []
        self.complaints: list[str] = []
        self._theme = theme
        context = browser.new_context(**options)
        self.page: Page = context.new_page()
        self.page.route("**/*", self._answer)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.goto(HOME)

    def _answer(self, route: Route) -> None:
        url = route.request.url
        path = STATIC / url.removeprefix(f"{HOME}static/")
        if url == HOME:
            styles = "".join(f'<link rel="stylesheet" href="/static/css/{name}.css">' for name in STYLES)
            route.fulfill(content_type="text/html", body=BODY.format(styles=styles, theme=self._theme))
        elif url.startswith(f"{HOME}static/") and path.is_file():
            route.fulfill(content_type=mimetypes.guess_type(path)[0] or "text/plain", body=path.read_bytes())
        else:
            self.leaks.append(url)
            route.abort()


@pytest.fixture
def stage(browser: Browser) -> Iterator[Stage]:
    """A bare page, as wide as a desktop's."""
    made = Stage(browser)
    yield made
    assert made.complaints == []
    assert made.leaks == []
