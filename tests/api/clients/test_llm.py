"""The command line ``llm``, set up as its manual says: a YAML file that names the model, and a key."""

from pathlib import Path

import pytest

from tests.api.clients.conftest import Run
from tests.api.clients.told import HELLO, Told

pytestmark = pytest.mark.long
MODELS = """
- model_id: team
  model_name: scripted
  api_base: "{url}"
  api_key_name: team
- model_id: unknown
  model_name: gpt-9
  api_base: "{url}"
  api_key_name: team
"""


@pytest.fixture
def home(tmp_path: Path, told: Told) -> Path:
    (tmp_path / "extra-openai-models.yaml").write_text(MODELS.format(url=told.url))
    return tmp_path


def ask(run: Run, home: Path, key: str, *options: str, model: str = "team") -> "tuple[int, str]":
    """The status, and what it said, be it the reply or why there is none."""
    ran = run("llm", "prompt", "-m", model, "--key", key, *options, HELLO, LLM_USER_PATH=str(home))
    return ran.returncode, ran.stdout + ran.stderr


def test_it_lists_and_asks_with_a_stream_and_without(run: Run, home: Path, told: Told) -> None:
    """When it goes on, it sends what was said before as turns of the user and of the assistant."""
    listed = run("llm", "models", "list", LLM_USER_PATH=str(home))
    assert "OpenAI Chat: team" in listed.stdout
    streamed = ask(run, home, told.key, "-s", "Be brief.", "-o", "temperature", "0.5")
    whole = ask(run, home, told.key, "--no-stream", "--usage", "--continue")
    assert streamed[0] == whole[0] == 0, (streamed, whole)
    text = streamed[1].strip()
    assert len(text.split()) >= 10
    assert whole[1].startswith(text)
    assert "20 output" in whole[1]


@pytest.mark.parametrize(
    ("key", "model", "words"),
    [
        ("wrong", "team", "This API key is wrong"),
        ("limited", "team", "messages a minute are allowed"),
        ("key", "unknown", "here. You may use: "),
    ],
)
def test_an_error_is_told(run: Run, home: Path, told: Told, *, key: str, model: str, words: str) -> None:
    status, said = ask(run, home, getattr(told, key), model=model)
    assert status == 1
    assert words in said
