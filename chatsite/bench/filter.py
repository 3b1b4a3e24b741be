"""What the moderation filter costs: time for 1,000 characters, compiling, memory, and how long it holds back."""

import gc
import math
import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from chatsite.bench import corpus, report
from chatsite.bench.figures import Row
from chatsite.bench.progress import Progress
from moderation.matcher import Matcher, RuleSpec
from moderation.stream import Released, StreamFilter

PIECE = 4  # characters, about a token of English
THOUSAND = 1_000
WORDS = (10, 1_000, 50_000)
PATTERNS = (1, 10, 50)
TIMES = 5  # the quickest counts: what else the machine does only adds
FIRST_PIECES = 200


def run(short: bool, progress: Progress) -> list[Row]:
    characters = 4_000 if short else 40_000
    counts = [*(("words", count) for count in WORDS), *(("patterns", count) for count in PATTERNS)]
    rows: list[Row] = []
    progress.begin(len(counts))
    for kind, count in counts:
        progress.tell(f"{count} {kind}")
        with multiprocessing.get_context("fork").Pool(1) as apart:  # so that memory is that of these rules alone
            rows += apart.apply(measure, (kind, count, characters))
        progress.advance(1)
    return rows


def measure(kind: str, count: int, characters: int) -> list[Row]:
    """A row for each language."""
    texts = {"en": corpus.english(characters), "zh": corpus.chinese(characters)}
    rules = [corpus.words(count)] if kind == "words" else corpus.patterns(count)
    Matcher(rules[:1] if kind == "patterns" else [RuleSpec(1, rules[0].action, words=("warm up",))])
    compiled, about = _compile(rules)
    about |= {"kind": kind, "rules": count, "first_piece_us_p50": _first_piece_us(compiled, texts["en"])}
    return [{**about, "language": language, **_figures(compiled, text)} for language, text in texts.items()]


def _compile(rules: Sequence[RuleSpec]) -> tuple[Matcher, Row]:
    gc.collect()
    memory, began = _resident_mb(), time.process_time()
    compiled = Matcher(rules)
    took = time.process_time() - began
    gc.collect()
    return compiled, {"compile_ms": took * 1000, "memory_mb": _resident_mb() - memory}


def _figures(compiled: Matcher, text: str) -> Row:
    pieces = [text[at : at + PIECE] for at in range(0, len(text), PIECE)]
    whole = _us_per_1k(lambda: compiled.screen(text), text)
    stream = _us_per_1k(lambda: _through(StreamFilter(compiled), pieces), text)
    floor = _us_per_1k(lambda: _through(_Nothing(), pieces), text)
    return {
        "characters": len(text),
        "whole_us_per_1k_chars": whole,
        "stream_us_per_1k_chars": stream,
        "floor_us_per_1k_chars": floor,
        "stream_times_floor": stream / floor,
        **_delays(StreamFilter(compiled), pieces),
    }


class _Nothing:
    """The floor: a filter that looks for nothing."""

    def feed(self, piece: str) -> Released:
        return Released(piece)

    def finish(self) -> Released:
        return Released("")


def _through(stream: "StreamFilter | _Nothing", pieces: Sequence[str]) -> str:
    shown = [stream.feed(piece).text for piece in pieces]
    return "".join([*shown, stream.finish().text])


def _us_per_1k(work: Callable[[], Any], text: str) -> float:
    times: list[float] = []
    for _ in range(TIMES):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return max(min(times), 1e-7) / len(text) * THOUSAND * 1e6


def _first_piece_us(compiled: Matcher, text: str) -> float:
    """What a new stream adds to the first token."""
    times: list[float] = []
    for _ in range(FIRST_PIECES):
        began = time.perf_counter()
        StreamFilter(compiled).feed(text[:PIECE])
        times.append(time.perf_counter() - began)
    return sorted(times)[FIRST_PIECES // 2] * 1e6


def _delays(stream: StreamFilter, pieces: Sequence[str]) -> Row:
    """How many characters were read after each one, beyond the rest of its piece, before it was let out."""
    delays: Counter[int] = Counter()
    arrivals: list[int] = []
    read = out = 0
    for piece in pieces:
        read += len(piece)
        arrivals += [read] * len(piece)
        let_out = len(stream.feed(piece).text)
        delays.update(read - arrival for arrival in arrivals[out : out + let_out])
        out += let_out
    total = delays.total() or 1
    return {
        "held_chars_mean": sum(delay * count for delay, count in delays.items()) / total,
        "held_chars_p95": _percentile(delays, 0.95),
        "held_chars_max": max(delays, default=0),
    }


def _percentile(delays: Counter[int], share: float) -> int:
    wanted, seen = math.ceil(delays.total() * share), 0
    for delay in sorted(delays):
        seen += delays[delay]
        if seen >= wanted:
            return delay
    return 0


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


COLUMNS = (
    ("rules", "{rules} {kind}"),
    ("text", "{language}"),
    ("whole", "{whole_us_per_1k_chars:.0f}"),
    ("stream", "{stream_us_per_1k_chars:.0f}"),
    ("floor", "{floor_us_per_1k_chars:.0f}"),
    ("stream/floor", "{stream_times_floor:.1f}"),
    ("first piece", "{first_piece_us_p50:.0f}"),
    ("compile ms", "{compile_ms:.0f}"),
    ("memory MB", "{memory_mb:.1f}"),
    ("held mean", "{held_chars_mean:.2f}"),
    ("p95", "{held_chars_p95}"),
    ("max", "{held_chars_max}"),
)


def show(write: report.Write, rows: Sequence[Row]) -> None:
    title = f"Microseconds for 1,000 characters, whole and in pieces of {PIECE}; characters held back."
    lines = [[form.format(**row) for _, form in COLUMNS] for row in rows]
    report.table(write, title, [heading for heading, _ in COLUMNS], lines)
    report.last_line(write, {"bench": "filter", "piece_chars": PIECE, "rows": list(rows)})
