"""What the site serves is what its description says: tried by schemathesis over the network, with right and wrong."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.api.clients.conftest import Run
from tests.api.clients.told import Told

HERE = Path(__file__).parent
PHASES = "examples,coverage,fuzzing"
CASES = re.compile(r"(\d+) generated")
Tried = Callable[[int, str], str]


@pytest.fixture
def tried(run: Run, told: Told) -> Tried:
    """What schemathesis says of so many cases an operation, in these phases; it fails if anything was found."""

    def go(examples: int, phases: str) -> str:
        ran = run(
            "schemathesis.cli",
            *("--config-file", str(HERE / "schemathesis.toml"), "run", f"{told.url}/openapi.json"),
            *("--header", f"Authorization: Bearer {told.key}", "--checks", "all", "--phases", phases),
            *("--max-examples", str(examples), "--generation-database", "none", "--no-shrink", "--no-color"),
            *("--request-timeout", "60", "--suppress-health-check", "all"),
            SCHEMATHESIS_HOOKS="tests.api.clients.fuzzing",
        )
        assert ran.returncode == 0, ran.stdout[-8000:] + ran.stderr[-2000:]
        return ran.stdout

    return go


@pytest.fixture(scope="module")
def checked(run: Run, told: Told) -> dict[str, Any]:
    ran = run("tests.api.clients.check_description", *told.arguments)
    assert ran.returncode == 0, ran.stderr
    return {name: outcome["answer"] for name, outcome in json.loads(ran.stdout).items()}


def test_it_is_an_openapi_description(checked: dict[str, Any]) -> None:
    assert checked["faults"] == []


def test_each_event_of_a_stream_is_as_it_says(checked: dict[str, Any]) -> None:
    for events, last, wrong in checked["streams"]:
        assert events > 3, "the premise: pieces too, of which a busy machine joins some"
        assert last == "[DONE]"
        assert wrong == []


def test_the_checks_see_what_is_wrong(checked: dict[str, Any]) -> None:
    assert checked["sees_what_is_wrong"] == [False, False]


def test_requests_made_up_from_it_are_answered_as_it_says(tried: Tried) -> None:
    found = CASES.search(tried(4, "examples,fuzzing"))
    assert found
    assert int(found[1]) >= 15


@pytest.mark.long
def test_many_requests_made_up_from_it_are_answered_as_it_says(tried: Tried) -> None:
    found = CASES.search(tried(150, PHASES))
    assert found
    assert int(found[1]) >= 600
