"""The plan of ``manage.py bench_page``: what a person's browser loads, when one can type, when a reply can be seen.

A real Chromium, cold (nothing cached) and warm; then the article's question many times over, replies whose tokens say
when they were said, and a long reply in a long conversation.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from playwright.sync_api import Browser, BrowserContext, Page

from chatsite.bench import article, figures, long, site, stamped, tab
from chatsite.bench.browser import launched
from chatsite.bench.figures import Row
from chatsite.bench.progress import Progress
from chatsite.bench.site import BenchError, Site

TOKENS = 128
RUN_S = 3.0  # about what one question of the article's takes


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    loads: int = 5
    questions: int = 50
    replies: int = 5
    messages: int = 500
    tokens: int = 2000


SHORT = Size(loads=2, questions=5, replies=2, messages=100, tokens=300)


def run(size: Size, progress: Progress) -> tuple[dict[str, Row], dict[str, Row]]:
    """A row for each part that is measured (medians of repeats), and the bytes of the first load by type."""
    progress.begin(size.loads * 2 + size.questions * RUN_S + size.replies * 10 + size.tokens / long.RATE + 30)
    with site.temporary_folder() as folder:
        article.catalog(folder)
        with site.running(folder) as running, launched() as browser:
            cookie = running.python("chatsite.bench.people", "make", "1")[0]
            rows, kinds = _loads(browser, running, cookie, size.loads, progress)
            with tab.signed_in(browser, running, cookie) as context:
                rows |= _replies(context, running, size, progress)
    return {name: _rounded(row) for name, row in rows.items()}, kinds


def _loads(
    browser: Browser, running: Site, cookie: str, loads: int, progress: Progress
) -> tuple[dict[str, Row], dict[str, Row]]:
    progress.tell("loading")
    rows: list[Row] = []
    kinds: dict[str, Row] = {}
    for _ in range(loads):
        with tab.signed_in(browser, running, cookie) as context:
            row, kinds = _load(context)
            rows.append(row)
        progress.advance(2.0)
    return {"load": figures.median_row(rows)}, kinds


def _replies(context: BrowserContext, running: Site, size: Size, progress: Progress) -> dict[str, Row]:
    rows: dict[str, Row] = {}
    for name, marks in (("tokens, plain", False), ("tokens, Markdown", True)):
        progress.tell(name)
        # The first one warms.
        repeats = [stamped.run(context, TOKENS, marks=marks) for _ in range(size.replies // 2 + 1 + (not marks))]
        rows[name] = figures.median_row(repeats[not marks :])
        progress.advance(size.replies * 5)
    progress.tell("the article's question")
    rows["article"] = article.run(context, size.questions, lambda: progress.advance(RUN_S))
    progress.tell("a long reply in a long conversation")
    rows["long"] = long.run(context, running, size.messages, size.tokens)
    return rows


def _load(context: BrowserContext) -> tuple[Row, dict[str, Row]]:
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
    page.wait_for_selector(tab.CONNECTED, state="attached")
    page.keyboard.type("x")
    if not page.input_value("#prompt").endswith("x"):
        raise BenchError("what was typed at once did not reach the field")
    return float(page.evaluate("window.typable"))


def _by_type(types: dict[str, str], sizes: dict[str, float]) -> dict[str, Row]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for request, size in sizes.items():
        found[types.get(request, "other").lower()].update(requests=1, bytes=round(size))
    return {kind: dict(count) for kind, count in sorted(found.items())}


def _rounded(row: Row) -> Row:
    return {key: round(value, 2) for key, value in row.items()}


def lines(kinds: dict[str, Row]) -> Sequence[Sequence[str]]:
    """The bytes by type, as rows of a table."""
    return [[kind, str(count["requests"]), f"{count['bytes']:,}"] for kind, count in kinds.items()]
