"""``manage.py app_icons``: the app's icons as PNG, drawn by Chromium from ``static/img/mark.svg``, to be committed."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from playwright.sync_api import Page

from accounts.appearance import PAPER
from chatsite.bench.browser import launched

FOLDER = settings.BASE_DIR / "static" / "img"
# File, side, and how much of it the mark takes: systems cut a maskable icon to a shape; 80% is certain to be seen.
ICONS = (("icon-192.png", 192, 0.8), ("icon-512.png", 512, 0.8), ("icon-maskable.png", 512, 0.55))


class Command(BaseCommand):
    help = "Draw the app's icons anew. Needs Chromium."

    def handle(self, *args: Any, **options: Any) -> None:
        mark = (FOLDER / "mark.svg").read_text()
        with launched() as browser:
            page = browser.new_page()
            for file, side, share in ICONS:
                draw(page, mark, side, share)
                page.screenshot(path=FOLDER / file)
                self.stdout.write(f"{file}: {(FOLDER / file).stat().st_size:,} bytes")


def draw(page: Page, mark: str, side: int, share: float) -> None:
    page.set_viewport_size({"width": side, "height": side})
    page.set_content(
        f'<body style="margin:0;height:100vh;display:grid;place-items:center;background:{PAPER["light"]}">'
        f'<div style="width:{share:.0%}">{mark}</div>'
    )
