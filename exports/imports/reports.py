"""What an import did, or would do: counts, and what was skipped and why. Kept as JSON, without sentences."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from exports.imports import LABELS, Found
from exports.imports.refusals import Bad, Unfit, Unreadable
from exports.imports.saving import Kind, Outcome

MOST_LISTED = 200  # of what was skipped; the rest is counted


@dataclass(slots=True)
class Report:
    """``problem`` says why the reading ended before the end of the file."""

    kinds: Counter[str] = field(default_factory=Counter)  # conversations by what becomes of them
    sources: Counter[str] = field(default_factory=Counter)
    messages: int = 0  # that were added
    bad: int = 0
    listed: list[Bad] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)  # folders and tags for which there was no room
    people: list[str] = field(default_factory=list)  # accounts that were made
    reviews: int = 0  # that came back
    problem: tuple[str, dict[str, Any]] | None = None

    @property
    def new(self) -> int:
        return self.kinds[Kind.NEW]

    @property
    def grown(self) -> int:
        return self.kinds[Kind.GROWN]

    @property
    def unchanged(self) -> int:
        return self.kinds[Kind.UNCHANGED]

    @property
    def conversations(self) -> int:
        return self.kinds.total()

    @property
    def changes(self) -> int:
        """Conversations that there is something to import of."""
        return self.new + self.grown

    @property
    def programs(self) -> list[tuple[str, int]]:
        """Where they come from, and how many."""
        return [(LABELS[name], count) for name, count in self.sources.most_common()]

    @property
    def unlisted(self) -> int:
        return self.bad - len(self.listed)

    @property
    def trouble(self) -> str:
        """Why nothing more was read, as a sentence in the active language; empty if all was."""
        return str(Unreadable(self.problem[0], **self.problem[1])) if self.problem else ""

    def add(self, found: Found, outcome: Outcome) -> None:
        self.kinds[outcome.kind] += 1
        self.sources[found.source] += 1
        self.messages += outcome.messages

    def skip(self, bad: Bad) -> None:
        self.bad += 1
        if len(self.listed) < MOST_LISTED:
            self.listed.append(bad)

    def refuse(self, found: Found, unfit: Unfit) -> None:
        self.skip(Bad(found.entry, found.number, found.offset, unfit.code, unfit.words, found.record.title[:60]))

    def end(self, trouble: Unreadable) -> None:
        self.problem = (trouble.code, trouble.words)

    def lines(self) -> Iterator[str]:
        """What was skipped, a line each, in the active language."""
        for one in self.listed:
            place = f"{one.entry}: " if one.entry else ""
            title = f" “{one.title}”" if one.title else ""
            yield f"{place}{one.number} ({one.offset}){title}: {one}"

    def told(self) -> dict[str, Any]:
        """As JSON."""
        counts = {"kinds": dict(self.kinds), "sources": dict(self.sources)}
        told = asdict(replace(self, kinds=Counter(), sources=Counter())) | counts
        del told["reviews"]  # no file that a person brings has any
        return told

    @classmethod
    def of(cls, told: dict[str, Any]) -> "Report":
        problem = told["problem"]
        return cls(
            **{
                **told,
                "kinds": Counter(told["kinds"]),
                "sources": Counter(told["sources"]),
                "listed": [Bad(**one) for one in told["listed"]],
                "problem": (problem[0], problem[1]) if problem else None,
            }
        )
