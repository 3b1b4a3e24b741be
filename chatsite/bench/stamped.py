"""How long after the engine said a token it can be seen, and what drawing it costs: replies whose tokens are stamps."""

import time

from playwright.sync_api import BrowserContext

from chatsite.bench import figures, tab
from chatsite.bench.figures import Row
from chatsite.bench.reference import RATE
from inference import stamps

TTFT_S = 0.05
SETTLES_MS = 1500  # after loading, a page and the scripts that drive it take 0.8 s of a processor: no token's
# Each stamp that is new in the page, with the moment. The page writes in animation frames, so what is in it is painted
# at once; it may show some out of order, as when a row of a table is formatted.
WATCH = """() => {
  const seen = (window.seen = []);
  const known = new Set();
  const messages = document.getElementById("messages");
  const look = () => {
    const replies = messages.querySelectorAll('[data-role="assistant"] [data-part="text"]');
    const found = [...replies].at(-1)?.textContent.slice(-400).match(/[0-9a-f]{14}/g) ?? [];
    const fresh = found.filter((stamp) => !known.has(stamp));
    for (const stamp of fresh) known.add(stamp);
    if (fresh.length) seen.push([performance.timeOrigin + performance.now(), fresh.join(" ")]);
  };
  new MutationObserver(look).observe(messages, { childList: true, characterData: true, subtree: true });
}"""


def run(context: BrowserContext, tokens: int, *, marks: bool) -> Row:
    """One reply of so many tokens; with ``marks``, Markdown of every kind is among them."""
    page = tab.opened(context)
    page.evaluate(WATCH)
    page.wait_for_timeout(SETTLES_MS)
    before = tab.browser_cpu_s()
    asked = f"@stamp=true @marks={str(marks).lower()} @tokens={tokens} @ttft={TTFT_S} @rate={RATE} What can be seen?"
    tab.ask(page, asked, seconds=30 + tokens / RATE)
    used = tab.browser_cpu_s() - before
    began, seen = page.evaluate("[performance.timeOrigin + window.asked, window.seen]")
    blocked = tab.blocked_ms(page)
    page.close()
    shift = time.time() - time.monotonic()  # the page's clock is the calendar's, the engine's is the machine's
    late = [stamp.delay_s(at / 1000 - shift) * 1000 for at, text in seen for stamp in stamps.read(text)]
    return {
        "first_token_drawn_ms_beyond_engine": seen[0][0] - began - TTFT_S * 1000,
        "token_to_drawn_ms_p50": figures.percentile(late, 0.5),
        "token_to_drawn_ms_p95": figures.percentile(late, 0.95),
        "changes_of_the_page": len(seen),
        "long_tasks": len(blocked),
        "browser_cpu_ms_per_token": used / tokens * 1000,
        "tokens_seen": len(late),
    }
