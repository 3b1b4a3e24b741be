"""What is asked, how often, and of how many at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from chatsite.bench.reference import QUESTION, REQUESTS, USERS

STORY = "Write a story of at least one thousand words about the keeper of a lighthouse."
WARM_TOKENS = 8
GUESSED_RATE = 40.0  # tokens a second, for the bar alone


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and how many tokens the reply may have. All are drawn at temperature 0, so both sides say the same."""

    text: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Part:
    """``times`` rounds, in each of which so many ask at once."""

    name: str
    streams: int
    times: int
    asked: Asked
    fresh: bool = False

    def question(self, number: int) -> Asked:
        """One that is asked once. A fresh one begins with its number, so no engine has read it before.

        Each side has numbers of its own: they may be answered by the same engine.
        """
        return Asked(f"{number}. {self.asked.text}", self.asked.tokens) if self.fresh else self.asked


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure of each model."""

    requests: int = REQUESTS
    users: int = USERS
    tokens: int = 64
    rates: int = 5  # answers of which the generation rate is taken ...
    rate_tokens: int = 256  # ... of so many tokens
    formats: tuple[str, ...] = ("html",)
    fresh: bool = False
    database: str = ""
    kill_worker: bool = False

    def parts(self) -> tuple[Part, ...]:
        question, story = Asked(QUESTION, self.tokens), Asked(STORY, self.rate_tokens)
        rounds = -(-self.requests // self.users)
        return (
            Part("one", 1, self.requests, question, self.fresh),
            Part("users", self.users, rounds, question, self.fresh),
            Part("rate", 1, self.rates, story),
        )

    def warming(self) -> Iterator[Part]:
        """What is asked before anything counts, so that every thread, connection and kernel is there."""
        yield Part("warm", self.users, 2, Asked(STORY, WARM_TOKENS))
        yield Part("warm", 1, 1, Asked(QUESTION, WARM_TOKENS))

    def describe(self) -> dict[str, Any]:
        """What a reader of the results must know."""
        return {
            "question": QUESTION,
            "requests": self.requests,
            "users": self.users,
            "most_tokens": self.tokens,
            "rate_answers": self.rates,
            "rate_most_tokens": self.rate_tokens,
            "temperature": 0,
            "fresh_questions": self.fresh,
            "database": "postgresql" if self.database else "sqlite",
        }

    def seconds(self) -> float:
        """About how long a side takes, for the bar; it finds the pace by itself."""
        return sum(part.times * part.streams * part.asked.tokens for part in self.parts()) / GUESSED_RATE
