"""The process that makes an export is killed in the middle of it, as where memory is short: another makes it."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings

from tests.ports import free_port
from tests.sites import DATABASE, environment, manage, migrated
from tests.waiting import until

CONVERSATIONS, TURNS = 600, 25
PATIENCE_S = 120

ASK = f"""
from uuid import uuid4
from accounts.models import User
from conversations.models import Conversation, Message
from exports.models import ExportJob
alice = User.objects.create_user("alice", "alice@example.org", "x")
talk = {{"owner": alice, "title": "Tea", "length": {2 * TURNS}}}
talks = [Conversation(client_id=uuid4(), **talk) for _ in range({CONVERSATIONS})]
Conversation.objects.bulk_create(talks)
for talk in talks:
    said, above = [], None
    for at in range({2 * TURNS}):
        role = ("user", "assistant")[at % 2]
        above = Message(conversation=talk, position=at, role=role, text=f"{{at}} " * 60, parent=above)
        said.append(above)
    Message.objects.bulk_create(said)
job = ExportJob.objects.create(owner=alice, form="jsonl", options={{"whole": True}})
print(job.pk)
"""


class Made:
    """A site's folder, in which an export waits, and what its row says."""

    def __init__(self, data: Path) -> None:
        data.mkdir()
        (data / DATABASE).write_bytes(migrated())
        self.data, self._port = data, free_port()
        self.job = UUID(self.manage("shell", "--no-imports", "-c", ASK).split()[-1])

    def manage(self, *command: str) -> str:
        return manage(self.data, self._port, *command)

    @contextmanager
    def making(self) -> Iterator["subprocess.Popen[bytes]"]:
        """The process that the background worker starts."""
        words = [sys.executable, "manage.py", "make_exports", "--parent", str(os.getpid())]
        with subprocess.Popen(words, env=environment(self.data, self._port), cwd=settings.BASE_DIR) as process:
            yield process

    def row(self) -> dict[str, Any]:
        with closing(self._database()) as database:
            database.row_factory = sqlite3.Row
            return dict(database.execute("select * from exports_exportjob").fetchone())

    def lapse(self) -> None:
        with closing(self._database()) as database, database:
            database.execute("update exports_exportjob set lease_until = '2020-01-01'")

    def _database(self) -> sqlite3.Connection:
        return sqlite3.connect(self.data / DATABASE, timeout=PATIENCE_S)

    def files(self) -> set[str]:
        return {path.name for path in (self.data / "exports").iterdir()}

    def of_attempt(self, number: int) -> set[str]:
        return {f"{self.job}-{number}.zip", f"{self.job}-{number}.known"}


@pytest.mark.long
def test_what_a_killed_process_began_another_makes_whole(tmp_path: Path) -> None:
    made = Made(tmp_path / "site")
    with made.making() as process:
        until(lambda: made.row()["done"] > 0, PATIENCE_S, what="it to begin")
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait(PATIENCE_S) == -signal.SIGKILL
    killed = made.row()
    assert (killed["state"], killed["attempt"]) == ("running", 1)
    assert 0 < killed["done"] < CONVERSATIONS, "in the middle of it"
    assert made.files() == made.of_attempt(1)
    with made.making() as too_early:
        assert too_early.wait(PATIENCE_S) == 0
    assert made.row()["attempt"] == 1, "the lease of the killed one holds"
    made.lapse()
    with made.making() as another:
        assert another.wait(PATIENCE_S) == 0
    done = made.row()
    assert (done["state"], done["attempt"], done["conversations"]) == ("done", 2, CONVERSATIONS)
    assert made.files() == made.of_attempt(2), "nothing of the killed one is left"
    told = made.manage("verify_export", str(made.data / "exports" / f"{made.job}-2.zip"), "--root", done["root"])
    assert f"{CONVERSATIONS} conversations, {CONVERSATIONS * TURNS * 2} messages" in told
