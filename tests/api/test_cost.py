"""What a call costs beside the engine: statements, however many turns it brings."""

import threading
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from django.db.backends.utils import CursorWrapper

from accounts.models import User
from conversations.api.answers import Frame
from tests.api.programs import NewProgram, Program, question
from tests.conversations.test_limits import rule
from tests.limits.stories import policy

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model")]

BOUND = 34  # statements of a request: key, checks, rows, limits in headers, and the deletion of what it left


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Those of the web process, while it serves a request."""
    said: list[str] = []
    execute = CursorWrapper.execute

    def noted(self: CursorWrapper, sql: Any, params: Any = None) -> Any:
        if threading.current_thread().name.startswith("database"):
            said.append(str(sql))
        return execute(self, sql, params)

    monkeypatch.setattr(CursorWrapper, "execute", noted)
    return said


def talk(turns: int) -> list[dict[str, str]]:
    roles = ["user", "assistant"] * turns
    return [*({"role": role, "content": f"Turn {n}"} for n, role in enumerate(roles)), {"role": "user", "content": "?"}]


def test_a_call_takes_few_statements_whatever_it_brings(
    alice: User, program: NewProgram, engine_there: None, statements: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a worker, whose statements are counted elsewhere: the reply is stopped as soon as it waits."""
    rule("flag", "unheard")
    policy(alice, requests_per_minute=100, tokens_per_day=1_000_000)
    hers = program(alice)
    counts = [_statements(hers, turns, statements, monkeypatch) for turns in (0, 1, 40)]
    assert counts[1] == counts[2]
    assert max(counts) <= BOUND, "\n".join(statements)


def _statements(hers: Program, turns: int, statements: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr("conversations.api.exchange.Exchange.frames", _no_frames)
    hers.get("/v1/models")
    statements.clear()
    assert hers.ask(question(messages=talk(turns), stream=True)).status == 200
    return len(statements)


async def _no_frames(self: Any) -> AsyncGenerator[Frame, None]:
    none: list[Frame] = []
    for frame in none:
        yield frame
