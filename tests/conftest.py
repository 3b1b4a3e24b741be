"""What every test may use: real servers for the run, and four people.

Alice owns, Bob is on the team, Mallory is outside, Grace administers.
"""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.core.cache import caches
from django.utils import translation
from hypothesis import HealthCheck
from hypothesis import settings as drawing

from accounts import second_factor
from accounts.models import User
from chatsite.supervisor import embedded_redis
from chatsite.supervisor.process import TETHER
from conversations import database
from tests import postgres
from tests.places import ON_EACH_DATABASE
from tests.settings import DATABASE, FOLDER, POSTGRESQL_FOLDER, STATIC_ROOT

pytest_plugins = [
    "tests.canaries",
    "tests.sites",
    "tests.browser",
    "tests.page.stage",
    "tests.stores",
    "tests.web",
    "tests.tabs",
    "tests.workers",
    "tests.flushing",
    "tests.freed",
    "tests.conversations.browsing",
    "tests.conversations.pen",
    "tests.api.programs",
]

TESTS = Path(__file__).parent
USES_DATABASE = {"db", "transactional_db", "django_db_setup", "live_server"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="also what the short form, which CI runs, leaves out")


def pytest_configure(config: pytest.Config) -> None:
    is_long = config.getoption("--long")
    if is_long:
        os.environ.setdefault("CHATSITE_FILTER_CASES", "1200")
    # No case has to be quick, since machines do other things, too; and the short form draws the same ones each time.
    drawing.register_profile(
        "chatsite", derandomize=not is_long, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    drawing.load_profile("chatsite")
    FOLDER.mkdir(mode=0o700)
    STATIC_ROOT.mkdir()


def pytest_unconfigure() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL, only what touches the database runs again; the long form's own tests run only when asked for."""
    run: list[pytest.Item] = []
    rest: list[pytest.Item] = []
    for item in items:
        wanted = config.getoption("--long") or not _is_long(DATABASE, item)
        (run if wanted and _runs_on(DATABASE, item) else rest).append(item)
    config.hook.pytest_deselected(items=rest)
    items[:] = run


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    deselected = terminalreporter.stats.get("deselected", ())
    left_out = [one for one in deselected if _is_long(DATABASE, one) and _runs_on(DATABASE, one)]
    if left_out and not config.getoption("--long"):
        terminalreporter.write_line(f"The short form: {len(left_out)} tests left out, which --long runs.")


def _is_long(database: str, item: pytest.Item) -> bool:
    path = item.path.relative_to(TESTS)
    is_on_each = path.parts[0] in ON_EACH_DATABASE or path.as_posix() in ON_EACH_DATABASE
    return bool(item.get_closest_marker("long")) or (database == "postgresql" and not is_on_each)


def _runs_on(database: str, item: pytest.Item) -> bool:
    if database != "postgresql":
        return True
    if item.get_closest_marker("browser") or item.get_closest_marker("vllm"):
        return False
    return _uses_database(item)


def _uses_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return bool(item.get_closest_marker("django_db") or fixtures & USES_DATABASE)


@pytest.fixture(autouse=True)
def in_english() -> None:
    """Whatever language the last request of another test was in."""
    translation.activate(settings.LANGUAGE_CODE)


@pytest.fixture(autouse=True)
def no_connections_of_others(request: pytest.FixtureRequest) -> None:
    """Threads of an earlier test keep connections, which a test without a database may not see."""
    if not _uses_database(request.node) and any(one.name.startswith("database") for one in threading.enumerate()):
        database.close()


@pytest.fixture(autouse=True)
def no_second_factor_is_asked_for() -> None:
    """As on a site whose groups ask for none; that is known for some seconds, so no test counts the query for it."""
    second_factor._known["group"] = (False, time.monotonic() + 3600)


@pytest.fixture(scope="session", autouse=True)
def redis_server() -> Iterator[None]:
    """The embedded server, as the supervisor runs it, on the socket that the settings name."""
    spec = embedded_redis.spec(settings.REDIS_SOCKET, settings.DATA_DIR / "redis")
    command = [sys.executable, "-I", "-S", str(TETHER), str(os.getpid()), *spec.command]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True) as server:
        deadline = time.monotonic() + 60
        while not spec.is_up():
            assert server.poll() is None, "the embedded Redis ended at once"
            assert time.monotonic() < deadline, "the embedded Redis does not answer"
            time.sleep(0.01)
        yield
        caches.close_all()
        server.terminate()


@pytest.fixture(scope="session")
def _redis_client(redis_server: None) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        yield client


@pytest.fixture(autouse=True)
def empty_redis(_redis_client: redis.Redis) -> redis.Redis:
    """A Redis with nothing in it, for each test."""
    _redis_client.flushall()
    return _redis_client


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """PostgreSQL's goes with its cluster: to drop it before, every thread would have to be gone from it."""
    return DATABASE == "postgresql"


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> Iterator[None]:
    if DATABASE != "postgresql":
        yield
        return
    with postgres.cluster(POSTGRESQL_FOLDER):
        yield


@pytest.fixture
def alice(db: None) -> User:
    return _person("alice")


@pytest.fixture
def bob(db: None) -> User:
    return _person("bob")


@pytest.fixture
def mallory(db: None) -> User:
    return _person("mallory")


@pytest.fixture
def grace(db: None) -> User:
    return User.objects.create_superuser("grace", "grace@example.org", "grace's password")


def _person(name: str) -> User:
    return User.objects.create_user(name, f"{name}@example.org", f"{name}'s password")
