"""What a run is compared with: rows of earlier runs, read from their JSON, and the article's claims."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from chatsite.bench.figures import Row
from chatsite.bench.reference import CLAIMS, SOURCE, USERS, Claimed
from chatsite.bench.site import BenchError

ARTICLE = "article"
NEEDED = {"model", "engine", "side", "ttft_ms_mean", "e2e_ms_mean"}


def read(names: Sequence[str]) -> list[Row]:
    """Rows with ``run``, which says where each is from. Raises BenchError for a file that is no such result."""
    return [row for name in names for row in (article() if name == ARTICLE else _file(Path(name)))]


def article() -> list[Row]:
    """The article's table: its author's claims, on other hardware."""
    return [_row(one) for one in CLAIMS]


def _row(one: Claimed) -> Row:
    seconds = asdict(one)
    return {
        "run": f"{ARTICLE} (claims)",
        "source": SOURCE,
        "model": one.model,
        "engine": one.engine,
        "side": one.hardware,
        "users": USERS,
        "ttft_ms_mean": one.ttft_ms,
        "ttft_ms_deviation": one.ttft_ms_deviation,
        "tokens_per_s_mean": one.tokens_per_s,
        **{
            key: seconds[name] and seconds[name] * 1000
            for key, name in (
                ("e2e_ms_mean", "e2e_s"),
                ("e2e_ms_deviation", "e2e_s_deviation"),
                ("users_e2e_ms_mean", "users_e2e_s"),
            )
        },
        "start_s": one.start_s,
    }


def _file(path: Path) -> list[Row]:
    """The last line of what the command printed is its result, as is the whole of a --json file."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        result = json.loads(lines[-1])
        rows = result["rows"]
        if result["bench"] != "models" or not all(row.keys() >= NEEDED for row in rows):
            raise KeyError
    except OSError as error:
        raise BenchError(f"--compare {path}: it cannot be read: {error.strerror}.") from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        allowed = f"a file that --json wrote, or {ARTICLE!r}"
        raise BenchError(f"--compare {path}: this is no result of manage.py bench. Allowed: {allowed}.") from error
    return [{**row, "run": path.stem} for row in rows]
