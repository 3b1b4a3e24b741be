"""Who is asked what, and in which order."""

from pathlib import Path

import pytest
import uvloop

from chatsite.bench.models import measure
from chatsite.bench.models.answer import Answer
from chatsite.bench.models.measure import Measuring, Subject
from chatsite.bench.models.plan import Asked, Plan
from chatsite.bench.progress import Progress
from inference.model import Model
from tests.bench.models.results import answer


class Asking:
    """A side that keeps what it was asked."""

    def __init__(self, name: str, heard: list[tuple[str, str, int]]) -> None:
        self.name = name
        self._heard = heard

    async def ask(self, asked: Asked, streams: int) -> list[Answer]:
        self._heard.append((self.name, asked.text, streams))
        return [answer()] * streams


def heard(plan: Plan) -> list[tuple[str, str, int]]:
    told: list[tuple[str, str, int]] = []
    model = Model("quick", "Quick", "scripted", context_window=2048, slots=4)
    measuring = Measuring(plan, Subject(model, Path("catalog.toml"), Path()), Progress())
    uvloop.run(measuring._ask([Asking(name, told) for name in ("bare", "html", "api")]))
    assert {key: len(rounds) for key, rounds in measuring.done.rounds.items()} == {
        (side, part): times
        for side in ("bare", "html", "api")
        for part, times in (("one", 4), ("users", 2), ("rate", 1))
    }
    return told[9:]  # what warms up comes first


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "SETTLE_S", 0)


def test_all_sides_are_asked_in_turns_the_same() -> None:
    told = heard(Plan(requests=4, users=2, rates=1))
    assert [side for side, _, _ in told[:6]] == ["api", "html", "bare", "bare", "html", "api"]
    assert [streams for _, _, streams in told] == [1] * 12 + [2] * 6 + [1] * 3
    assert len({text for _, text, _ in told}) == 2  # the question and the story


def test_no_fresh_question_is_asked_twice() -> None:
    told = heard(Plan(requests=4, users=2, rates=1, fresh=True))
    asked = [text for _, text, _ in told[:18]]
    assert len(set(asked)) == 18
    assert len(set(map(len, asked))) == 1
