"""The plan of ``manage.py bench_page``: what a person's browser loads, when one can type, when a token can be seen.

A real Chromium, cold (nothing cached) and warm; then replies whose tokens say when they were due.
"""

import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, Page

from chatsite.bench import figures, site, usage
from chatsite.bench.browser import launched
from chatsite.bench.figures import Row
from chatsite.bench.progress import Progress
from chatsite.bench.site import BenchError, Site
from inference import stamps

TOKENS, RATE, TTFT_S = 128, 50, 0.05
PATIENCE_MS = 20_000
WATCH = """
addEventListener("focusin", (event) => {
  if (event.target.id === "prompt") window.typable ??= performance.now();
});
"""
WATCH_REPLY = """() => {
  const frames = (window.seen = []);
  const blocked = (window.blocked = []);
  new PerformanceObserver((list) => blocked.push(...list.getEntries().map((entry) => entry.duration)))
    .observe({ type: "longtask" });
  const messages = document.getElementById("messages");
  const look = () => {
    const reply = messages.querySelector('[data-role="assistant"] [data-part="text"]');
    const last = reply?.textContent.slice(-60).match(/[0-9a-f]{14}/g)?.at(-1);
    if (last && last !== frames.at(-1)?.[1]) frames.push([performance.timeOrigin + performance.now(), last]);
  };
  new MutationObserver(look).observe(messages, { childList: true, characterData: true, subtree: true });
  addEventListener("keydown", () => (window.asked = performance.timeOrigin + performance.now()), { capture: true });
}"""


def run(loads: int, progress: Progress) -> tuple[Row, dict[str, Row]]:
    """Figures of the page (medians of so many loads) and of the bytes by type."""
    progress.begin(loads * 5.0 + 15)
    with site.temporary_folder() as folder:
        site.catalog(folder, ttft_s=TTFT_S, rate=RATE, tokens=TOKENS)
        with site.running(folder) as running, launched() as browser:
            cookie = running.python("chatsite.bench.people", "make", "1")[0]
            progress.tell("loading")
            rows: list[Row] = []
            kinds: dict[str, Row] = {}
            for _ in range(loads):
                with _signed_in(browser, running, cookie) as context:
                    row, kinds = _load(context, running)
                    rows.append(row)
                progress.advance(2.0)
            progress.tell("replies")
            with _signed_in(browser, running, cookie) as context:
                replies = [_reply(context) for _ in range(loads + 1)][1:]  # the first one warms
    row = figures.median_row(rows) | figures.median_row(replies)
    return {key: round(value, 1) for key, value in row.items()}, kinds


@contextmanager
def _signed_in(browser: Browser, running: Site, cookie: str) -> Iterator[BrowserContext]:
    """A browser session with nothing in its cache."""
    name, _, value = cookie.partition("=")
    url = f"http://127.0.0.1:{running.port}"
    context = browser.new_context(base_url=url)
    context.set_default_timeout(PATIENCE_MS)
    context.add_cookies([{"name": name, "value": value, "url": url}])
    context.add_init_script(WATCH)
    yield context
    context.close()


def _load(context: BrowserContext, running: Site) -> tuple[Row, dict[str, Row]]:
    """The first load and the second."""
    page = context.new_page()
    network = context.new_cdp_session(page)
    types: dict[str, str] = {}
    sizes: dict[str, float] = defaultdict(float)
    network.on("Network.responseReceived", lambda event: types.update({event["requestId"]: event["type"]}))
    network.on("Network.loadingFinished", lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}))
    network.send("Network.enable")
    cold = _until_typable(page, "/")
    kinds = _by_type(types, sizes)
    row = {
        "bytes": sum(sizes.values()),
        "requests": len(sizes),
        "typable_cold_ms": cold,
        "typable_warm_ms": _until_typable(page, "/"),
    }
    page.goto("/healthz")
    floor = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
    page.close()
    return row | {"floor_ms": float(floor)}, kinds


def _until_typable(page: Page, url: str) -> float:
    """Milliseconds from navigation to a field that is wired and has the focus; returns once the socket is open, too."""
    page.goto(url)
    page.wait_for_selector('#connection[data-state="open"]', state="attached")
    page.keyboard.type("x")
    if not page.input_value("#prompt").endswith("x"):
        raise BenchError("what was typed at once did not reach the field")
    return float(page.evaluate("window.typable"))


def _by_type(types: dict[str, str], sizes: dict[str, float]) -> dict[str, Row]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for request, size in sizes.items():
        found[types.get(request, "other").lower()].update(requests=1, bytes=round(size))
    return {kind: dict(count) for kind, count in sorted(found.items())}


def _reply(context: BrowserContext) -> Row:
    """From the key that sends to the first token in the page, and how late each token gets there.

    The page writes in animation frames, so what is in it is painted at once.
    """
    page = context.new_page()
    page.goto("/")
    page.wait_for_selector('#connection[data-state="open"]', state="attached")
    page.fill("#prompt", f"@tokens={TOKENS} What can be seen?")
    page.evaluate(WATCH_REPLY)
    before = _browser_cpu_s()
    page.keyboard.press("Enter")
    page.wait_for_selector('#messages [data-role="assistant"][data-state="complete"]')
    used = _browser_cpu_s() - before
    asked, seen, blocked = page.evaluate("[window.asked, window.seen, window.blocked]")
    page.close()
    shift = time.time() - time.monotonic()  # the page's clock is the calendar's, the engine's is the machine's
    frames = [(at / 1000 - shift, stamps.read(text)[0]) for at, text in seen]
    late = [stamp.delay_s(at) * 1000 for at, stamp in frames]
    return {
        "first_token_drawn_ms_beyond_engine": (frames[0][0] + shift) * 1000 - asked - TTFT_S * 1000,
        "token_to_drawn_ms_p50": figures.percentile(late, 0.5),
        "token_to_drawn_ms_p95": figures.percentile(late, 0.95),
        "changes_of_the_page": len(frames),
        "long_tasks": len(blocked),
        "browser_cpu_ms_per_token": used / TOKENS * 1000,
        "tokens_seen": frames[-1][1].number + 1,
    }


def _browser_cpu_s() -> float:
    mine = usage.descendants(os.getpid())
    return usage.usage(*(pid for pid in mine if "chrom" in usage.command_line(pid))).cpu_s


def lines(kinds: dict[str, Row]) -> Sequence[Sequence[str]]:
    """The bytes by type, as rows of a table."""
    return [[kind, str(count["requests"]), f"{count['bytes']:,}"] for kind, count in kinds.items()]
