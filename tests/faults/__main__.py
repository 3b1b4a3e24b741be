"""``python -m tests.faults``: kill what a reply passes through while people read, and see that nothing is lost.

Exits with 1 when anything was. ``--short`` is the form that runs among the tests.
"""

import argparse
import os
import random
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from chatsite.bench.site import stops_on_signals
from tests.faults import database, network, site
from tests.faults.strikes import KINDS
from tests.ports import free_port

PARTS = ("storm", "promises", "soak")
SHORT = {
    "kinds": ("worker killed", "Redis killed", "web killed", "network cut"),
    "people": 6,
    "tokens": (80, 160),
    "minutes": 1,
}
REAL = {"people": 4, "parts": ("storm",)}
REAL_KINDS = (
    *("worker killed", "engine core killed", "Redis killed", "web killed", "engine core killed", "network cut"),
    *("worker killed", "engine core killed"),
)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--short", action="store_true", help="a few faults, within a minute")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS[:2])
    parser.add_argument("--faults", type=int, default=115, help="how many; about nine in ten kill a process")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=(), help="these faults in this order")
    parser.add_argument("--people", type=int, default=12, help="replies at once")
    parser.add_argument("--tokens", type=int, nargs=2, default=(100, 400), help="shortest and longest reply")
    parser.add_argument("--rate", type=float, default=20.0, help="tokens a second of each reply")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="to repeat a run")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default=_database())
    parser.add_argument("--proxy", action="store_true", help="cut the network by a proxy, not by a namespace")
    parser.add_argument("--minutes", type=float, default=30, help="of the soak")
    parser.add_argument(
        "--engine", choices=("scripted", "vllm"), default="scripted", help="vllm: fewer faults, the small model"
    )
    chosen = parser.parse_args()
    if chosen.short:
        vars(chosen).update(SHORT)
    if chosen.engine == "vllm":
        vars(chosen).update(REAL, kinds=chosen.kinds or REAL_KINDS)
    return chosen


def main() -> int:
    chosen = options()
    network.alone()
    chosen.port = free_port()
    with ExitStack() as stack:
        stack.enter_context(stops_on_signals())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chatsite-faults-")))
        kept = stack.enter_context(database.opened(chosen.database, folder))
        (folder / "data").mkdir(mode=0o700)
        environment = site.environment(folder, chosen, kept.url, slots=chosen.people, rate=chosen.rate)
        for known in [name for name in os.environ if name not in environment]:
            del os.environ[known]
        os.environ.update(environment)
        from tests.faults.run import Run  # noqa: PLC0415 - the site's settings are read when it is imported

        return 0 if Run(chosen, folder, kept).all() else 1


def _database() -> str:
    return os.environ.get("CHATSITE_TEST_DATABASE", "sqlite")


if __name__ == "__main__":
    sys.exit(main())
