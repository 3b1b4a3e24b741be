"""``python -m tests.cluster``: the site over several hosts, whose links are cut and which are killed while people read.

Exits with 1 when anything was lost. ``--short`` is the form that runs among the long tests.
"""

import argparse
import os
import random
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from chatsite.bench.site import stops_on_signals
from tests.cluster import lan
from tests.cluster import site as cluster
from tests.cluster.blows import CLUSTER_KINDS
from tests.faults import network, site
from tests.ports import free_port

PARTS = ("faults", "throughput")
SHORT = ("web process killed", "a worker killed", "worker without Redis")
SHORT_S, SHORT_PEOPLE = 3.0, 6


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description=__doc__)
    parser.add_argument("--short", action="store_true", help="three faults and a look at the throughput")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--kinds", nargs="+", choices=CLUSTER_KINDS, default=(), help="these faults in this order")
    parser.add_argument("--people", type=int, default=12, help="replies at once while hosts fail")
    parser.add_argument("--tokens", type=int, nargs=2, default=(100, 400), help="shortest and longest reply")
    parser.add_argument("--rate", type=float, default=20.0, help="tokens a second of each reply")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="to repeat a run")
    parser.add_argument("--askers", type=int, default=48, help="people of the throughput, at most 64")
    parser.add_argument("--seconds", type=float, default=15.0, help="of each throughput")
    parser.add_argument("--loopback", action="store_true", help="no namespaces: addresses and fault proxies")
    chosen = parser.parse_args()
    chosen.kinds = chosen.kinds or (SHORT if chosen.short else tuple(CLUSTER_KINDS))
    chosen.seconds = min(chosen.seconds, SHORT_S) if chosen.short else chosen.seconds
    chosen.people = min(chosen.people, SHORT_PEOPLE) if chosen.short else chosen.people
    chosen.engine = "scripted"
    return chosen


def main() -> int:
    chosen = options()
    network.alone()
    chosen.port = free_port()
    with ExitStack() as stack:
        stack.enter_context(stops_on_signals())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chatsite-cluster-")))
        hosts = stack.enter_context(lan.opened(cluster.HOSTS, loopback=chosen.loopback))
        kept = stack.enter_context(cluster.database(hosts, folder))
        (folder / "data").mkdir(mode=0o700)
        environment = site.environment(folder, chosen, kept.url, slots=chosen.people, rate=chosen.rate)
        for known in [name for name in os.environ if name not in environment]:
            del os.environ[known]
        os.environ.update(environment)
        assert "chatsite.settings" not in sys.modules, "what this run empties must be its own"
        from tests.cluster.run import ClusterRun  # noqa: PLC0415 - the site's settings are read when it is imported

        return 0 if ClusterRun(chosen, folder, kept, hosts).all() else 1


if __name__ == "__main__":
    sys.exit(main())
