"""The site over several hosts: two web processes behind a proxy, two workers, the background, PostgreSQL and Redis."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx

from tests import postgres
from tests.cluster import edge
from tests.cluster.lan import EDGE, Lan, Link, Reach
from tests.faults.site import MANAGE, SERVE, WORKERS, Part, Site

WEBS = ("web-a", "web-b")
HOSTS = (*WEBS, *WORKERS, "background", "postgresql", "redis")
ESTABLISHED = "01"
WEB_PORT, DATABASE_PORT, REDIS_PORT = 8000, 5432, 6379
LINKS: tuple[Link, ...] = (
    *((EDGE, web, WEB_PORT) for web in WEBS),
    *((host, "redis", REDIS_PORT) for host in (*WEBS, *WORKERS, "background")),
    *((host, "postgresql", DATABASE_PORT) for host in (*WEBS, *WORKERS, "background")),
)


class Far:
    """PostgreSQL on its host; this process reaches it over its socket in the folder, whatever is cut."""

    name = "postgresql"

    def __init__(self, lan: Lan, folder: Path) -> None:
        self.url = f"postgres://{postgres.USER}@/postgres?host={quote(str(folder))}"
        self._lan = lan

    def take_away(self) -> None:
        """Cut it off from everybody."""
        for host in users("postgresql"):
            self._lan.cut(host, "postgresql")

    def give_back(self) -> None:
        for host in users("postgresql"):
            self._lan.mend(host, "postgresql")


class RedisLink:
    """Redis on its host, and its link to web A."""

    def __init__(self, lan: Lan, url: str) -> None:
        self.name = lan.name
        self.url = url
        self.redis_prefix = lan.prefix("redis")
        bind = ["--bind", lan.address("redis"), "--protected-mode", "no"]
        self.redis_options = ["--port", str(REDIS_PORT), *bind]
        self._lan = lan

    def cut(self) -> None:
        self._lan.cut(WEBS[0], "redis")

    def mend(self) -> None:
        self._lan.mend(WEBS[0], "redis")


class Cluster(Site):
    """The processes by name, each on its host."""

    def __init__(self, folder: Path, port: int, environment: dict[str, str], lan: Lan, reach: Reach) -> None:
        self.lan = lan
        self._reach = reach
        origin = {"CHATSITE_ORIGINS": f"http://127.0.0.1:{port}", "CHATSITE_PORT": str(WEB_PORT)}
        proxies = {"CHATSITE_PROXIES": f"127.0.0.1,{lan.address(EDGE)}"}
        link = RedisLink(lan, self._redis_url(WEBS[0]))
        super().__init__(folder, port, environment | origin | proxies, link)

    async def is_ready_for(self, *, taking: bool) -> None:
        """All of it is there again."""
        await self.until(self.answers, "two web processes")
        await self.has_a_spare()

    def answers(self) -> bool:
        return all(self.is_well(web) for web in WEBS if not self.parts[web].held)

    def is_well(self, web: str) -> bool:
        """Whether this web process answers, asked without the proxy."""
        address, port = self._reach[EDGE, web, WEB_PORT]
        with contextlib.suppress(httpx.TransportError):
            asked = httpx.get(f"http://{address}:{port}/healthz", headers={"Host": "127.0.0.1"}, timeout=2)
            return asked.status_code == httpx.codes.OK
        return False

    def busiest_worker(self) -> str:
        live = self.live()
        return max(WORKERS, key=lambda name: live.get(name, 0))

    def busiest_web(self) -> str:
        """The one with the most sockets."""
        return max(WEBS, key=self._connections)

    def _connections(self, web: str) -> int:
        """As its own host's table has them: addresses and ports in hexadecimal, the state in the fourth column."""
        lines = Path(f"/proc/{self.parts[web].pid}/net/tcp").read_text().splitlines()[1:]
        address = socket.inet_aton(self.lan.address(web))[::-1].hex().upper()
        mine = [f"{address}:{WEB_PORT:04X}", ESTABLISHED]
        return sum([columns[1], columns[3]] == mine for columns in map(str.split, lines))

    def _others(self) -> dict[str, Part]:
        webs = [self._reach[EDGE, web, WEB_PORT] for web in WEBS]
        return {
            **{web: self._on(web, SERVE) for web in WEBS},
            **{name: self._on(name, [*MANAGE, "inference_worker"]) for name in WORKERS},
            "background": self._on("background", [*MANAGE, "background_worker"]),
            "scheduler": self._on("background", [*MANAGE, "scheduler"]),
            "proxy": self._part(edge.command(self.folder / "proxy", self.port, webs)),
        }

    def _on(self, host: str, command: list[str]) -> Part:
        address, port = self._reach[host, "postgresql", DATABASE_PORT]
        database = f"postgres://{postgres.USER}@{address}:{port}/postgres"
        there = {"CHATSITE_BIND": self.lan.address(host), "DATABASE_URL": database, "REDIS_URL": self._redis_url(host)}
        return self._part([*self.lan.prefix(host), *command], **there)

    def _redis_url(self, host: str) -> str:
        address, port = self._reach[host, "redis", REDIS_PORT]
        return f"redis://{address}:{port}/0"


def users(service: str) -> list[str]:
    """The hosts that need it."""
    return [one for one, other, _ in LINKS if other == service]


def neighbours(host: str) -> list[str]:
    """The hosts with which it has a link."""
    return [one if other == host else other for one, other, _ in LINKS if host in (one, other)]


@contextmanager
def database(lan: Lan, folder: Path) -> Iterator[Far]:
    """PostgreSQL, listening on its host."""
    near = folder.with_name(folder.name + "-pg")
    with postgres.cluster(near, prefix=lan.prefix("postgresql"), address=lan.address("postgresql")):
        yield Far(lan, near)


@asynccontextmanager
async def made(folder: Path, port: int, environment: dict[str, str], lan: Lan) -> AsyncIterator[Cluster]:
    """A cluster that is not started yet, with its links."""
    async with lan.links(LINKS) as reach:
        yield Cluster(folder, port, environment, lan, reach)


async def wait_for_end(part: Part, seconds: float) -> int:
    """Its exit status. Raises TimeoutExpired when it goes on."""
    await asyncio.to_thread(part.wait, seconds)
    assert part.status is not None
    return part.status
