"""Exports that are asked for and made here and now, and what is in them."""

import http.client
import subprocess
import time
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from accounts.models import User
from exports.forms.options import Options
from exports.jobs import asking, work
from exports.jobs.selection import Selection
from exports.models import ExportJob
from tests.api.clients.conftest import PATIENCE_S, PYTHON
from tests.ports import free_port

Make = Callable[..., ExportJob]


@pytest.fixture(autouse=True)
def no_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens to it here: tests make what waits themselves."""
    monkeypatch.setattr(asking, "tell", lambda: None)


def wish(form: str = "jsonl", selection: Selection | None = None, reason: str = "", **options: Any) -> ExportJob:
    options = {"whole": True, **options}
    chosen = (selection or Selection()).chosen()
    return ExportJob(form=form, options=Options(**options).chosen(), selection=chosen, reason=reason)


@pytest.fixture
def make() -> Make:
    """Ask for an export, make it, and answer with its row."""

    def made(user: User, form: str = "jsonl", since: ExportJob | None = None, **more: Any) -> ExportJob:
        job = asking.ask(user, wish(form, **more), since=since)
        work.make_waiting()
        return ExportJob.objects.get(pk=job.pk)

    return made


def files(job: ExportJob) -> dict[str, str]:
    """What is in the zip, by paths."""
    with zipfile.ZipFile(job.result) as read:
        return {name: read.read(name).decode() for name in read.namelist()}


@pytest.fixture
def s3() -> Iterator[str]:
    """The address of a server that speaks S3, with a bucket ``exports``: a program of the clients' environment."""
    port = free_port()
    command = [str(PYTHON), "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            deadline = time.monotonic() + PATIENCE_S
            while not _made(port):
                assert server.poll() is None, "the server ended at once"
                assert time.monotonic() < deadline, "the server does not answer"
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _made(port: int) -> bool:
    """Whether it made the bucket."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("PUT", "/exports")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()
