"""A long reply streams into a long conversation: whether the page ever keeps the person from typing or scrolling."""

from playwright.sync_api import BrowserContext, Page

from chatsite.bench import tab
from chatsite.bench.figures import Row
from chatsite.bench.site import Site

RATE = 100  # tokens a second
TASK_MS = 50  # the web's own measure: longer tasks block, by what is over
COUNT = "document.querySelectorAll('#messages [data-message]').length"


def run(context: BrowserContext, running: Site, messages: int, tokens: int) -> Row:
    """So many tokens into a conversation of so many messages, all of them in the page."""
    page = tab.opened(context, running.python("chatsite.bench.people", "converse", str(messages)))
    opened = page.evaluate("performance.now()")
    _load_all(page, messages)
    before = tab.browser_cpu_s()
    tab.ask(page, f"@stamp=true @marks=true @tokens={tokens} @ttft=0.05 @rate={RATE} Go on", seconds=60 + tokens / RATE)
    used = tab.browser_cpu_s() - before
    blocked = tab.blocked_ms(page)
    page.close()
    return {
        "messages": messages,
        "tokens": tokens,
        "connected_ms": float(opened),
        "long_tasks": len(blocked),
        "longest_task_ms": max(blocked, default=0.0),
        "blocking_ms": sum(one - TASK_MS for one in blocked),
        "browser_cpu_ms_per_token": used / tokens * 1000,
    }


def _load_all(page: Page, messages: int) -> None:
    """Scroll up until the first message is there, then back to the newest, as a person would."""
    while (there := page.evaluate(COUNT)) < messages:
        page.evaluate("document.getElementById('thread').scrollTop = 0")
        page.wait_for_function(f"(before) => ({COUNT}) > before", arg=there)
    page.evaluate("document.getElementById('thread').scrollTop = 1e9")
    page.wait_for_timeout(300)
