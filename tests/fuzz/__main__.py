"""``python -m tests.fuzz``: hypothesis against a running site, for minutes or hours. No 500, no stuck worker.

Exits with 1 when something was wrong; each is told once, with the smallest case that shows it. The last line is JSON.
"""

import argparse
import json
import os
import random
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
import django

django.setup()

from hypothesis import HealthCheck, Phase, given, seed, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from hypothesis.errors import HypothesisDeprecationWarning  # noqa: E402

from chatsite.bench import usage  # noqa: E402
from chatsite.bench.site import stops_on_signals  # noqa: E402
from conversations import frames  # noqa: E402
from tests.fuzz import values  # noqa: E402
from tests.fuzz.doors import Visitor, WrongError, addresses  # noqa: E402
from tests.sites import Site, running  # noqa: E402

START_S = 300
OF_A_ROUND = {"parse": 3000, "socket": 120, "pages": 120, "api": 60, "raw": 40}
BAD_LINES = ("Traceback", " ERROR ", " CRITICAL ")
Case = Callable[[], None]


class Fuzz:
    """Rounds of all parts until time is up; counts cases by part, and keeps what was wrong."""

    def __init__(self, visitor: Visitor, first_seed: int) -> None:
        self.visitor = visitor
        self.cases: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.wrong: dict[str, str] = {}
        self._seed = first_seed
        self._doors = sorted(addresses(visitor.ids).items())

    def round(self, share: float) -> None:
        ids = self.visitor.ids
        self._try("parse", share, values.frame(ids), self._parse)
        self._try("socket", share, values.frame(ids), self.visitor.say)
        method, kind = st.sampled_from(["GET", "POST"]), st.sampled_from(["json", "form"])
        asked = st.tuples(st.sampled_from(self._doors), method, values.body(ids), kind)
        self._try("pages", share, asked, self._page)
        self._try("api", share, values.call(ids), self._call)
        self._try("raw", share, st.binary(max_size=200), self._call)
        self._seed += 1
        self._still_works()

    def _try(self, part: str, share: float, strategy: st.SearchStrategy[Any], check: Callable[[Any], None]) -> None:
        @seed(self._seed)
        @settings(
            max_examples=max(1, int(OF_A_ROUND[part] * share)),
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
            print_blob=False,
        )
        @given(strategy)
        def case(value: Any) -> None:
            self.cases[part] += 1
            check(value)

        try:
            case()
        except Exception as error:  # noqa: BLE001 - told below; the rest is still to be tried
            self._note(part, error)

    def _note(self, part: str, error: Exception) -> None:
        known = f"{part}: {type(error).__name__}: {str(error)[:60]}"
        if known not in self.wrong:
            notes = "\n".join(getattr(error, "__notes__", ()))
            self.wrong[known] = f"{error}\n{notes}"
            print(f"WRONG {known}\n{self.wrong[known]}", flush=True)  # noqa: T201 - a command line

    def _parse(self, text: str) -> None:
        try:
            frames.parse(text)
        except frames.Malformed as no:
            if not str(no):
                raise WrongError("an error does not say what was wrong") from no

    def _page(self, asked: tuple[tuple[str, str], str, dict[str, Any], str]) -> None:
        (_, path), method, said, kind = asked
        self.statuses[self.visitor.page(path, method, said, kind)] += 1

    def _call(self, said: Any) -> None:
        self.statuses[self.visitor.call(said)] += 1

    def _still_works(self) -> None:
        """A usual message is answered, and no process said that it failed."""
        try:
            self.visitor.send("Still there? @tokens=3")
        except (WrongError, OSError, KeyError, ValueError) as error:
            self._note("reply", error)
        log = self.visitor.site.log
        for line in log.splitlines():
            if any(sign in line for sign in BAD_LINES):
                self._note("log", WrongError(line[-300:]))


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--short", action="store_true", help="one small round")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="to repeat a run")
    return parser.parse_args()


def main() -> int:
    chosen = options()
    warnings.filterwarnings("ignore", category=HypothesisDeprecationWarning)  # clients draw masks at random
    with stops_on_signals(), running(START_S, CHATSITE_MODEL="scripted") as site:
        visitor = Visitor(site)
        fuzz, began = Fuzz(visitor, chosen.seed), time.monotonic()
        first = True
        while first or (not chosen.short and time.monotonic() - began < chosen.minutes * 60):
            fuzz.round(0.1 if chosen.short else 1)
            first = False
            print(f"{time.monotonic() - began:.0f} s: {sum(fuzz.cases.values())} cases", flush=True)  # noqa: T201
        visitor.close()
        figures = _figures(fuzz, site, chosen.seed, time.monotonic() - began)
    print(json.dumps(figures))  # noqa: T201
    return 1 if fuzz.wrong else 0


def _figures(fuzz: Fuzz, site: Site, first_seed: int, seconds: float) -> dict[str, Any]:
    return {
        "bench": "fuzz",
        "seed": first_seed,
        "seconds": round(seconds),
        "cpu_s": round(_cpu_s(site), 1),
        "cases": sum(fuzz.cases.values()),
        "cases_by_part": dict(fuzz.cases),
        "statuses": {str(status): times for status, times in sorted(fuzz.statuses.items())},
        "wrong": len(fuzz.wrong),
    }


def _cpu_s(site: Site) -> float:
    """Of the site's processes and of this one, together."""
    pids = [site.process.pid, *usage.descendants(site.process.pid), os.getpid()]
    return usage.usage(*pids).cpu_s


if __name__ == "__main__":
    sys.exit(main())
