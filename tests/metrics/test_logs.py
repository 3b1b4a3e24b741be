"""Log lines name the reply they concern, from the frame to the engine, in both formats; none holds a word of it."""

import asyncio
import json
import logging
import logging.config
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings

from accounts.models import User
from chatsite.logs import Json, Line
from conversations.database import in_database
from inference.concerning import ReplyField, concerning
from tests.conversations.talk import reply_of, say
from tests.web import Web
from tests.workers import Hire

log = logging.getLogger("tests.logs")


class Kept(logging.Handler):
    """Keeps lines as the site would print them."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self.addFilter(ReplyField())
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))

    def about(self, reply: UUID | str) -> list[dict[str, object]]:
        return [line for line in map(json.loads, self.lines) if line.get("reply") == str(reply)]


@pytest.fixture
def kept(caplog: pytest.LogCaptureFixture) -> Iterator[Kept]:
    yield from _keep(caplog, Json())


def _keep(caplog: pytest.LogCaptureFixture, formatter: logging.Formatter) -> Iterator[Kept]:
    handler = Kept(formatter)
    with caplog.at_level(logging.DEBUG):
        logging.getLogger().addHandler(handler)
        yield handler
        logging.getLogger().removeHandler(handler)


def test_a_line_without_a_reply_has_no_field(kept: Kept) -> None:
    log.info("Hello, %s", "world")
    line = json.loads(kept.lines[0])
    assert "reply" not in line
    assert (line["message"], line["level"], line["logger"]) == ("Hello, world", "INFO", "tests.logs")
    assert datetime.fromisoformat(line["time"]).tzinfo


async def test_tasks_and_threads_begun_for_a_reply_concern_it(kept: Kept) -> None:
    reply = uuid4()
    with concerning(reply):
        log.info("here")
        task = asyncio.create_task(_say("in a task"))
        await in_database(log.info, "on a thread")
        with concerning(""):
            log.info("of none")
        log.info("of another", extra={"reply": "another"})
    await task
    log.info("after")
    assert sorted(str(line["message"]) for line in kept.about(reply)) == ["here", "in a task", "on a thread"]
    assert [line["message"] for line in kept.about("another")] == ["of another"]


async def _say(text: str) -> None:
    log.info(text)


def test_an_exception_stays_one_line_of_json(kept: Kept) -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError:
        log.exception("It failed\nwith \x1b and \udcff")
    (line,) = kept.lines
    assert "\n" not in line
    assert "ValueError: two\nlines" in json.loads(line)["exception"]


def test_a_line_for_people_ends_with_the_reply(caplog: pytest.LogCaptureFixture) -> None:
    for kept in _keep(caplog, Line()):
        log.warning("Oh", extra={"reply": "1234"})
        log.warning("Ah")
        assert kept.lines[0].endswith(" WARNING tests.logs: Oh [reply 1234]")
        assert kept.lines[1].endswith(" WARNING tests.logs: Ah")


@pytest.mark.parametrize(("name", "kind"), [("line", Line), ("json", Json)])
def test_the_settings_name_both_formats(name: str, kind: type[logging.Formatter]) -> None:
    configured: Any = settings.LOGGING
    formatter = logging.config.DictConfigurator(configured).configure_formatter(configured["formatters"][name])
    assert type(formatter) is kind


def test_one_reply_can_be_followed_from_send_to_end(alice: User, web: Web, hire: Hire, kept: Kept) -> None:
    worker = hire()
    sent = say(alice, "a very secret question")
    reader = web.follow(sent.reply)
    worker.ticket().result(10)
    reader.end()
    lines = kept.about(sent.reply)
    assert {line["logger"] for line in lines} >= {"conversations.services", "conversations.replies.attempt"}
    assert any("complete" in str(line["message"]) for line in lines)
    everything = "\n".join(kept.lines)
    assert "secret" not in everything
    assert reply_of(sent).text[:30] not in everything
