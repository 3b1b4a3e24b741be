"""The faults of a cluster: a host, a link between two, or the restart that a new version brings.

They strike where most is going on.
"""

import asyncio
import signal

from tests.cluster.site import WEBS, Cluster, neighbours, wait_for_end
from tests.faults.site import WORKERS
from tests.faults.strikes import KINDS, Ground, Kind
from tests.faults.tab import PING_S, PONG_S

LEASE_AND_MORE_S = 9.0
CUT_S = 6.0
SLOW_S = 6.0
DRAIN_S = 120.0  # a bound; a worker takes 20 s at most to hand over


async def web_killed(ground: Ground) -> None:
    ground.site.kill(_cluster(ground).busiest_web())


async def worker_killed(ground: Ground) -> None:
    ground.site.kill(_cluster(ground).busiest_worker())


async def worker_without_redis(ground: Ground) -> None:
    """For longer than the lease of its replies, which it renews all the same: the database is there."""
    await _without_link(ground, _cluster(ground).busiest_worker(), "redis", LEASE_AND_MORE_S)


async def web_without_redis(ground: Ground) -> None:
    await _without_link(ground, _cluster(ground).busiest_web(), "redis", CUT_S)


async def worker_without_database(ground: Ground) -> None:
    """Its leases lapse while it writes on; what it writes after another took them must be refused."""
    await _without_link(ground, _cluster(ground).busiest_worker(), "postgresql", LEASE_AND_MORE_S)


async def nobody_has_database(ground: Ground) -> None:
    await asyncio.to_thread(ground.database.take_away)
    try:
        await asyncio.sleep(CUT_S)
    finally:
        await asyncio.to_thread(ground.database.give_back)


async def slow_link(ground: Ground) -> None:
    site = _cluster(ground)
    worker = site.busiest_worker()
    site.lan.slow(worker)
    try:
        await asyncio.sleep(SLOW_S)
    finally:
        site.lan.quick(worker)


async def worker_host_lost(ground: Ground) -> None:
    """The machine is gone: nobody is told that its connections ended."""
    await _host_lost(ground, _cluster(ground).busiest_worker())


async def web_host_lost(ground: Ground) -> None:
    """For longer than a page waits for the answer to its ping."""
    await _host_lost(ground, _cluster(ground).busiest_web(), PING_S + PONG_S + 3)


async def rolling_restart(ground: Ground) -> None:
    """Web A, web B, worker 1, worker 2, one after the other, each told to end and started anew."""
    site = _cluster(ground)
    for name in (*WEBS, *WORKERS):
        part = site.parts[name]
        part.held = True
        part.signal(signal.SIGTERM)
        status = await wait_for_end(part, DRAIN_S)
        assert status in {0, -signal.SIGTERM}, f"{name} ended with {status}"
        part.held = False
        await site.is_ready_for(taking=True)


async def _without_link(ground: Ground, one: str, other: str, seconds: float) -> None:
    lan = _cluster(ground).lan
    lan.cut(one, other)
    try:
        await asyncio.sleep(seconds)
    finally:
        lan.mend(one, other)


async def _host_lost(ground: Ground, host: str, seconds: float = LEASE_AND_MORE_S) -> None:
    """Nothing of it comes through any more, then it is dead; after a while a new one is there."""
    site = _cluster(ground)
    part = site.parts[host]
    part.held = True
    for other in neighbours(host):
        site.lan.cut(host, other)
    part.signal(signal.SIGKILL)
    try:
        await asyncio.sleep(seconds)
    finally:
        for other in neighbours(host):
            site.lan.mend(host, other)
        part.held = False


def _cluster(ground: Ground) -> Cluster:
    assert isinstance(ground.site, Cluster)
    return ground.site


CLUSTER_KINDS = {
    "web process killed": Kind(web_killed, 1, 0),
    "a worker killed": Kind(worker_killed, 1, 0, takes=True),
    "worker without Redis": Kind(worker_without_redis, 0, 0, outlasts=True),
    "web process without Redis": Kind(web_without_redis, 0, 0, outlasts=True),
    "worker without PostgreSQL": Kind(worker_without_database, 0, 0, takes=True),
    "PostgreSQL cut off": Kind(nobody_has_database, 0, 0, outlasts=True),
    "Redis killed": KINDS["Redis killed"],
    "slow link of a worker": Kind(slow_link, 0, 0, outlasts=True),
    "host of a worker lost": Kind(worker_host_lost, 0, 0, takes=True),
    "host of a web process lost": Kind(web_host_lost, 0, 0),
    "rolling restart": Kind(rolling_restart, 0, 0, outlasts=True),
}
KINDS.update(CLUSTER_KINDS)
