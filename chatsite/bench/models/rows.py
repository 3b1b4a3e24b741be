"""From answers to figures: a row for each side of each model, and what the site's share of its time is."""

import math
import statistics
from collections.abc import Iterator, Sequence
from itertools import chain

from chatsite.bench.figures import Row, middle, percentile
from chatsite.bench.models.answer import Answer
from chatsite.bench.models.measure import Measured
from chatsite.bench.models.sides import BARE
from chatsite.bench.targets import Verdict, verdict

MOST_SHARE = 1.05
CERTAIN = 1.96  # standard errors on either side, between which the ratio is in 95 of 100 such runs
FROM_TTFT_MS = 100.0  # below this the engine is so quick that a few milliseconds are a large share

Rounds = Sequence[Sequence[Answer]]


def rows(done: Measured) -> list[Row]:
    """The bare engine's, then one for each format of the site's."""
    return [_row(done, side) for side in sorted(done.loads, key=lambda side: side != BARE)]


def _row(done: Measured, side: str) -> Row:
    return {key: round(value, 5) if isinstance(value, float) else value for key, value in _figures(done, side).items()}


def _figures(done: Measured, side: str) -> Row:
    load = done.loads[side]
    parts = {part: done.rounds[side, part] for part in ("one", "users", "rate")}
    rates = [one.tokens_per_s for one in sound(parts["rate"])]
    return {
        "model": done.model.name,
        "engine": done.model.engine,
        "side": side,
        "interleaved": done.interleaved,
        "users": max(map(len, parts["users"])),
        "failed": sum(bool(one.fault) for one in chain.from_iterable(chain(*parts.values()))),
        "faults": sorted({one.fault for one in chain.from_iterable(chain(*parts.values())) if one.fault}),
        **times(parts["one"]),
        **{f"users_{key}": value for key, value in times(parts["users"]).items()},
        "users_tokens_per_s": together(parts["users"]),
        **_spread("tokens_per_s", rates),
        "rate_tokens_mean": _mean([one.tokens for one in sound(parts["rate"])]),
        "start_s": load.start_s,
        "rss_mb": load.rss_mb,
        "gpu_mb": load.gpu_mb,
    }


def times(rounds: Rounds) -> Row:
    """Milliseconds to the first token and to the end, over the middle rounds; how many were asked and kept."""
    answers = list(_kept(rounds))
    firsts = [[one.first_s * 1000 for one in of_a_round] for of_a_round in answers]
    ends = [[one.end_s * 1000 for one in of_a_round] for of_a_round in answers]
    kept = list(chain(*answers))
    return {
        "asked": sum(map(len, rounds)),
        "kept": len(kept),
        **_spread("ttft_ms", list(chain(*firsts))),
        "ttft_ms_error": _error(firsts),
        **_spread("e2e_ms", list(chain(*ends))),
        "e2e_ms_error": _error(ends),
        "tokens_mean": _mean([one.tokens for one in kept]),
        "prompt_tokens_mean": _mean([one.prompt_tokens for one in kept]),
    }


def sound(rounds: Rounds) -> list[Answer]:
    """Those that count."""
    return [one for one in chain.from_iterable(rounds) if not one.fault]


def together(rounds: Rounds) -> float:
    """Tokens a second of all who asked at once, from the question to the last end."""
    ends = [(sum(one.tokens for one in kept), max(one.end_s for one in kept)) for kept in _kept(rounds)]
    return _mean([tokens / end_s for tokens, end_s in ends if end_s])


def _kept(rounds: Rounds) -> Iterator[list[Answer]]:
    return (kept for one in middle(rounds) if (kept := sound([one])))


def shares(found: Sequence[Row]) -> list[Row]:
    """What a reply through the site takes, of what the bare engine takes for it, and how far chance may move it."""
    engine = next(row for row in found if row["side"] == BARE)
    return [
        _share(row, engine, streams, prefix)
        for row in found
        if row["side"] != BARE
        for streams, prefix in ((1, ""), (row["users"], "users_"))
    ]


def _share(row: Row, engine: Row, streams: int, prefix: str) -> Row:
    share: Row = {"model": row["model"], "engine": row["engine"], "format": row["side"], "streams": streams}
    for key in ("ttft_ms", "e2e_ms"):
        of, to = row[f"{prefix}{key}_mean"], engine[f"{prefix}{key}_mean"]
        share |= {f"{key}_bare": to, f"{key}_added": round(of - to, 5), f"{key}_ratio": _ratio(of, to)}
        errors = [_ratio(side[f"{prefix}{key}_error"], side[f"{prefix}{key}_mean"]) for side in (row, engine)]
        share[f"{key}_ratio_error"] = round(CERTAIN * share[f"{key}_ratio"] * math.hypot(*errors), 5)
        share[f"{key}_ratio_p50"] = _ratio(row[f"{prefix}{key}_p50"], engine[f"{prefix}{key}_p50"])
    return share


def _ratio(of: float, to: float) -> float:
    return round(of / to, 5) if to else 0.0


def judge(found: Sequence[Row]) -> list[Verdict]:
    """The shares beside what they may be, where the engine takes long enough for a share to say something."""
    return [
        verdict(row, key, MOST_SHARE, f"{row['model']}, {row['streams']} at once, {row['format']}")
        for row in found
        if row["ttft_ms_bare"] >= FROM_TTFT_MS
        for key in ("ttft_ms_ratio", "e2e_ms_ratio")
    ]


def _spread(key: str, values: Sequence[float]) -> Row:
    return {
        f"{key}_mean": _mean(values),
        f"{key}_deviation": statistics.stdev(values) if len(values) > 1 else 0.0,
        f"{key}_p50": percentile(values, 0.5),
    }


def _error(rounds: Sequence[Sequence[float]]) -> float:
    """The standard error of the mean. Answers of one round share an engine, so their round is one value."""
    means = list(map(_mean, rounds))
    return statistics.stdev(means) / math.sqrt(len(means)) if len(means) > 1 else 0.0


def _mean(values: Sequence[float]) -> float:
    return statistics.fmean(values) if values else 0.0
