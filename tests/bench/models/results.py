"""Answers and results that are made up, for tests of what is reckoned and shown."""

from typing import Any

from chatsite.bench.models.answer import Answer
from chatsite.bench.models.measure import Load, Measured
from chatsite.bench.models.plan import Plan
from chatsite.bench.models.run import result
from inference.model import Model

MODEL = Model("small", "Small", "llamacpp", context_window=2048, slots=4)


def answer(first_s: float = 0.2, end_s: float = 1.2, tokens: int = 41, fault: str = "") -> Answer:
    return Answer(first_s, end_s, end_s, tokens, prompt_tokens=30, fault=fault)


def measured(slower: float = 1.0, model: Model = MODEL, **changed: Any) -> Measured:
    """Ten questions, two rounds of five, two long answers; the site takes ``slower`` times what the engine does."""
    done = Measured(model, **changed)
    for side, factor in (("html", slower), ("bare", 1.0)):
        done.rounds[side, "one"] = [[answer(0.2 * factor, 1.2 * factor)] for _ in range(10)]
        done.rounds[side, "users"] = [[answer(0.4 * factor, 2.0 * factor) for _ in range(5)] for _ in range(2)]
        done.rounds[side, "rate"] = [[answer(0.2, 5.3, 256)] for _ in range(2)]
        done.loads[side] = Load(2.0, 340.0, 0.0)
    return done


def told(*done: Measured) -> dict[str, Any]:
    """The result of a run."""
    return result(Plan(requests=10), done or [measured()])
