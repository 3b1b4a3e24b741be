"""What a question must cost, as the storm's judge reckons it."""

import pytest

from tests.faults.crowd import Asked
from tests.faults.question import Question

QUESTION = Question(1, 5)


@pytest.mark.parametrize(
    ("earlier", "tokens"),
    [
        pytest.param((), 0, id="alone"),
        pytest.param(("Hello", "Well"), 4, id="after a reply"),
        pytest.param(("Hello", ""), 2, id="after a reply that was stopped before its first word"),
    ],
)
def test_the_engine_reads_what_was_said(earlier: tuple[str, ...], tokens: int) -> None:
    asked = Asked(QUESTION, earlier, is_stopped=False)
    assert asked.prompt_tokens == tokens + len(QUESTION.text) // 4 + 1
