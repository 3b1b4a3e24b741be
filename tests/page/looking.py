"""Looking at a page with axe, the accessibility checker, inside a real browser."""

import json
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]
from playwright.sync_api import Page

# A step for those who build with it, not a fault of a page: what is experimental is off in axe, and all else is on.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
EVERYTHING = {"runOnly": {"type": "tag", "values": TAGS}, "rules": {"target-size": {"enabled": True}}}
SHORTEST = 160  # characters of an element's HTML that a report shows


def faults(page: Page, options: dict[str, Any] | None = None) -> list[str]:
    """What axe finds wrong: the rule, the element and why, each in a line."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE_SCRIPT)
    asked = {"resultTypes": ["violations"], "preload": False, **(options or EVERYTHING)}
    found = page.evaluate("options => axe.run(document, options)", json.loads(json.dumps(asked)))["violations"]
    seen = [(fault["id"], one) for fault in found for one in fault["nodes"]]
    return [f"{rule}: {one['html'][:SHORTEST]} ({_why(one)})" for rule, one in seen if not _is_models(rule, one)]


def _is_models(rule: str, one: dict[str, Any]) -> bool:
    """Which headings a model writes in a reply, and in what order, is its own."""
    return rule == "heading-order" and 'dir="auto"' in one["html"]


def _why(one: dict[str, Any]) -> str:
    return " ".join(check["message"] for check in [*one["any"], *one["all"], *one["none"]])
