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

from conversations.markdown import render

HOME = "https://stage.example/"
STATIC = Path(settings.BASE_DIR) / "static"
STYLES = ("colours", "page", "layout", "sidebar", "message", "prose")
BODY = """<!doctype html><html lang="en" data-theme="{theme}"><meta charset="utf-8"><title>Stage</title>
<meta name="viewport" content="width=device-width, initial-scale=1">{styles}
<body class="chat"><nav class="sidebar" id="sidebar"></nav><main class="room" id="room"><header class="bar"></header>
<div class="thread" id="thread"><div class="messages" id="messages">
<article class="message" data-message="{message}" data-role="assistant" data-state="complete">
<div class="prose" data-part="text"></div>
<footer class="message-foot">{button}</footer></article>
</div></div></main>
<template id="code-copy-template">{code}</template><template id="table-copy-template">{table}</template>
<script id="page" type="application/json">{{"strings": {{}}}}</script></body></html>"""
BUTTON = '<button class="tool {kind}-copy" data-copy="{kind}"><svg class="icon"><use href="#icon-copy"/></svg></button>'


class Stage:
    """``leaks``: what the page asked for that is not the site's. ``complaints``: what the browser said is wrong.

    ``source`` is what the page is told where it asks for the message as it was written.
    """

    message = "00000000-0000-4000-8000-000000000001"
    source: str | None = None

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
            route.fulfill(content_type="text/html", body=self._body())
        elif url == f"{HOME}messages/{self.message}/source":
            status = 404 if self.source is None else 200
            route.fulfill(status=status, content_type="text/plain; charset=utf-8", body=self.source or "")
        elif url.startswith(f"{HOME}static/") and path.is_file():
            route.fulfill(content_type=mimetypes.guess_type(path)[0] or "text/plain", body=path.read_bytes())
        else:
            self.leaks.append(url)
            route.abort()

    def _body(self) -> str:
        styles = "".join(f'<link rel="stylesheet" href="/static/css/{name}.css">' for name in STYLES)
        code, table, button = (BUTTON.format(kind=kind) for kind in ("code", "table", "message"))
        return BODY.format(
            styles=styles, theme=self._theme, message=self.message, code=code, table=table, button=button
        )

    def show(self, text: str) -> None:
        """The message, as the server renders it and the page decorates it."""
        self.page.evaluate(
            """async (html) => {
                document.querySelector(".prose").innerHTML = html;
                (await import("/static/js/copy.js")).decorateCode(document);
            }""",
            render(text, self.message.replace("-", "")),
        )


@pytest.fixture
def stage(browser: Browser) -> Iterator[Stage]:
    """A bare page, as wide as a desktop's."""
    made = Stage(browser)
    yield made
    assert made.complaints == []
    assert made.leaks == []
