"""gpt-oss through the site's own worker: what Alice sees, what is saved, and what the model reads of earlier turns."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from pytest_django import Settings

pytest.importorskip("openai_harmony", reason="comes with vLLM")

from accounts.models import User
from conversations.again import Wish, again
from conversations.models import Message
from conversations.services import stop
from inference import serving
from inference.engines.dialects.harmony import HarmonyDialect
from inference.model import Model
from inference.protocol import Request, Turn
from tests.conversations.talk import reply_of, say
from tests.engines import gpt_oss
from tests.engines.gpt_oss import ENDLESS, REPLY, STORY, THOUGHT
from tests.engines.subjects import libraries_may_warn
from tests.web import Web
from tests.workers import Hire

pytestmark = [
    *(pytest.mark.vllm, pytest.mark.long, pytest.mark.django_db(transaction=True)),
    pytest.mark.filterwarnings("ignore"),  # vLLM's libraries warn while they are imported, in the worker's thread
]
ENTRY = """
[[model]]
name = "gpt-oss"
label = "A tiny gpt-oss"
engine = "vllm"
context_window = 1024
slots = 4
system = "Be kind."
weights = {{ path = "{folder}" }}
sampling = {{ temperature = 0.0 }}

[model.options]
dtype = "float32"
"""
PATIENCE_S = 120


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with libraries_may_warn():
        return gpt_oss.make(tmp_path_factory.mktemp("gpt-oss"))


@pytest.fixture
def model(settings: Settings, tmp_path: Path, folder: Path) -> Iterator[Model]:
    """The model that this site serves."""
    settings.CATALOG = tmp_path / "catalog.toml"
    settings.CATALOG.write_text(ENTRY.format(folder=folder))
    settings.MODEL = "gpt-oss"
    serving.models.cache_clear()
    yield serving.model()
    serving.models.cache_clear()


def test_a_conversation_from_the_first_question_to_a_worker_that_left(alice: User, hire: Hire, web: Web) -> None:
    first = hire()
    asked = say(alice, "What is it?")
    reader = web.follow(asked.reply)
    first.ticket().result(PATIENCE_S)
    screen, reply = reader.end(), reply_of(asked)
    assert (screen.reasoning, screen.text, screen.types[-1]) == (THOUGHT, REPLY, "done")
    assert (reply.reasoning, reply.text, reply.state) == (THOUGHT, REPLY, "complete")
    system, question = Turn("system", "Be kind."), Turn("user", "What is it?")
    assert reply.prompt_tokens == prompt(system, question)
    assert reply.completion_tokens > words(THOUGHT) + words(REPLY)

    story = say(alice, "And now?" + ENDLESS, asked.conversation, parent=asked.reply)
    reader = web.follow(story.reply)
    ticket = first.ticket()
    reader.until(lambda screen: len(screen.text) > 100, PATIENCE_S)
    stop(alice, story.reply)
    ticket.result(PATIENCE_S)
    screen, reply = reader.end(), reply_of(story)
    assert (reply.state, reply.text, reply.reasoning) == ("stopped", screen.text, "")
    assert (STORY * 99).startswith(reply.text)
    # The thought of the first reply is not among what it read.
    assert reply.prompt_tokens == prompt(system, question, Turn("assistant", REPLY), Turn("user", "And now?" + ENDLESS))

    first.leave()
    second = hire()
    more = again(alice, Wish(uuid4(), story.reply, goes_on=True))
    reader = web.follow(more.reply)
    ticket = second.ticket()
    reader.until(lambda screen: len(screen.text) > len(reply.text) + 100, PATIENCE_S)
    stop(alice, more.reply)
    ticket.result(PATIENCE_S)
    text = Message.objects.get(pk=more.reply).text
    assert text.startswith(reply.text)
    assert (STORY * 99).startswith(text)


def prompt(*turns: Turn) -> int:
    return len(HarmonyDialect().open(Request("1", turns)).ids)


def words(text: str) -> int:
    return len(HarmonyDialect()._words(text))
