"""What rendering costs a web process: a reply that streams, beside the same reply without, and whole messages.

The reply is fed as a follower feeds it, and rendered when it would be: when the browser would otherwise show something
else, ten times a second at most. All in processor time of this thread.
"""

import time
from collections.abc import Callable, Sequence

from chatsite.bench import report
from chatsite.bench.figures import Row
from chatsite.bench.progress import Progress
from conversations.markdown import formulas, render
from conversations.rendering import SHORTEST_PAUSE, _LivePart, _render_open

TOKEN = 4  # characters
RATE = 50  # tokens a second
TIMES = 5  # the quickest counts: what else the machine does only adds
PAGE = 30  # messages that a page is loaded with
PLAIN = (
    "Closed blocks are final, and only the open one is rendered again while the reply is being written. " * 3 + "\n\n"
)
MARKED = """## What a queue gives you

A queue **decouples** who asks from `who` answers, see [the paper](https://example.org/):

1. Peaks are *smoothed*.
2. A worker may die.
   - nothing is lost

| Design | ms |
|---|--:|
| group commit | **6.6** |

> Measure first.

"""
CODE = """```python
def claim(row: Row) -> bool:  # one winner
    return row.state == "queued" and row.lease < 1
```

"""
MATHS = r"""For $x_i \in \mathbb{R}^n$ we have

$$
\sum_{i=1}^{n} \frac{x_i}{\sqrt{1 + x_i^2}} \le n
$$

and so on.

"""
CHINESE = "**稀疏激活**是指在处理输入时，只有少数神经元被激活，其余保持静默，从而降低计算量并提高效率。\n\n"
COLUMNS = (
    ("text", "{text}"),
    ("on", "{on_cpu_ms_per_1k_tokens:.1f}"),
    ("off", "{off_cpu_ms_per_1k_tokens:.1f}"),
    ("whole reply", "{whole_ms:.1f}"),
    (f"page of {PAGE} messages", "{page_ms:.1f}"),
    ("HTML / text", "{html_bytes_per_byte:.2f}"),
)
TEXTS = {"plain": PLAIN, "Markdown": MARKED, "code": CODE, "formulas": MATHS, "Chinese": CHINESE}


def run(short: bool, progress: Progress) -> list[Row]:
    """A row for each kind of text."""
    tokens = 400 if short else 2_000
    progress.begin(len(TEXTS))
    rows: list[Row] = []
    for kind, text in TEXTS.items():
        progress.tell(kind)
        rows.append({"text": kind, "tokens": tokens, **_figures(text * (tokens * TOKEN // len(text) + 1), tokens)})
        progress.advance(1)
    return rows


def _figures(text: str, tokens: int) -> Row:
    reply = text[: tokens * TOKEN]
    render(reply)
    on, off = _quickest(lambda: _stream(reply, rendered=True)), _quickest(lambda: _stream(reply, rendered=False))
    whole = _quickest(lambda: render(reply))
    return {
        "on_cpu_ms_per_1k_tokens": on / tokens * 1e6,
        "off_cpu_ms_per_1k_tokens": off / tokens * 1e6,
        "whole_ms": whole * 1e3,
        "page_ms": _quickest(lambda: [render(reply[: 300 * TOKEN]) for _ in range(PAGE)]) * 1e3,
        "html_bytes_per_byte": len(render(reply).encode()) / len(reply.encode()),
    }


def _stream(text: str, *, rendered: bool) -> None:
    live = _LivePart()
    pause = max(1, round(SHORTEST_PAUSE * RATE))
    for number, at in enumerate(range(0, len(text), TOKEN), start=1):
        live.feed(text[at : at + TOKEN])
        if rendered and number % pause == 0 and live.needs_rendering():
            live.fresh = False
            live.take(_render_open(live.open_text))
    if rendered:
        live.whole()


def _quickest(work: Callable[[], object]) -> float:
    def seconds() -> float:
        formulas.formula.cache_clear()
        began = time.thread_time()
        work()
        return time.thread_time() - began

    return min(seconds() for _ in range(TIMES))


def show(write: report.Write, rows: Sequence[Row]) -> None:
    title = "Processor time, ms: 1,000 tokens with rendering on and off, whole replies, and what bytes become of them."
    lines = [[form.format(**row) for _, form in COLUMNS] for row in rows]
    report.table(write, title, [heading for heading, _ in COLUMNS], lines)
    report.last_line(write, {"bench": "rendering", "tokens_per_s": RATE, "chars_per_token": TOKEN, "rows": list(rows)})
