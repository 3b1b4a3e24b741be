"""The article's own measurement: one question again and again, from the press of the key to what the browser shows.

The engine is scripted after the article's figures, so what is beyond its times is the site's and the browser's. The
times are those that the page itself takes and tells the site, from the key's own moment on.
"""

import json
import statistics
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import BrowserContext

from chatsite.bench import tab
from chatsite.bench.figures import Row, middle, percentile
from chatsite.bench.reference import QUESTION, RATE, TTFT_S

ANSWER = (
    "稀疏激活指模型处理每个输入时，只让**一小部分**参数参与计算。\n\n- 路由器选出少数*专家*\n- 其余专家保持静默\n\n"
    "因此总参数可以很多，而每步的计算量很少，推理更快、更省显存。"
)
PIECE = 2
TOKENS = 43  # so that the engine alone takes what the article's server took, 1.31 s
COMPLETE_S = TTFT_S + (TOKENS - 1) / RATE
CATALOG = """
[[model]]
name = "bench"
label = "Benchmark"
engine = "scripted"
context_window = 65536
slots = 256

[model.options]
ttft = {ttft}
rate = {rate}
text = {text}
piece = {piece}
tokens = {tokens}
directives = true
"""
MEASURED = """() => {
  const took = (name) => {
    const entry = performance.getEntriesByName(name, "measure").at(-1);
    return entry && entry.startTime + entry.duration - window.asked;
  };
  return [took("chatsite:first text"), took("chatsite:complete")];
}"""


def catalog(folder: Path) -> Path:
    """A catalog file with the model that answers so; a message may ask for other times and words."""
    path = folder / "catalog.toml"
    text = json.dumps(ANSWER, ensure_ascii=False)
    path.write_text(CATALOG.format(ttft=TTFT_S, rate=RATE, text=text, piece=PIECE, tokens=TOKENS))
    return path


def run(context: BrowserContext, times: int, advance: Callable[[], None]) -> Row:
    """Ask so many times, each in a new conversation; figures of all but the first and the last few."""
    seen = []
    for _ in range(times):
        page = tab.opened(context)
        tab.ask(page, QUESTION)
        page.wait_for_timeout(100)  # the last frame is painted after the reply is marked as complete
        seen.append(page.evaluate(MEASURED))
        page.close()
        advance()
    return figures(seen)


def figures(seen: list[tuple[float, float]]) -> Row:
    """Means and deviations, and what is beyond the engine's own times; milliseconds from the press of the key."""
    kept = middle(seen)
    first, complete = [one for one, _ in kept], [one for _, one in kept]
    return {
        "asked": len(seen),
        "kept": len(kept),
        "first_text_ms_mean": statistics.fmean(first),
        "first_text_ms_deviation": statistics.stdev(first),
        "first_text_ms_beyond_engine": statistics.fmean(first) - TTFT_S * 1000,
        "first_text_ms_beyond_engine_p95": percentile(first, 0.95) - TTFT_S * 1000,
        "complete_s_mean": statistics.fmean(complete) / 1000,
        "complete_s_deviation": statistics.stdev(complete) / 1000,
        "complete_ms_beyond_engine": statistics.fmean(complete) - COMPLETE_S * 1000,
    }
