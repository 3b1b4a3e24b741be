"""Questions and their replies, as pairs and as whole talks: what chunks and training data are made of.

Only replies that are complete: what was cut, stopped or blocked is no example of an answer.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from exports.forms.options import Options
from exports.records import Item, Record


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question, its reply, and what was said before, oldest first."""

    question: Item
    reply: Item
    before: tuple[Item, ...]


def exchanges(record: Record, options: Options) -> Iterator[Exchange]:
    """Each reply that is asked for, with its question: of the branch, or of all, in the order they were saved."""
    by_id = {item.id: item for item in record.messages}
    for reply in record.messages if options.whole else record.branch():
        question = by_id.get(reply.parent) if reply.parent else None
        if question and is_answer(reply) and question.text.strip() and options.takes(reply):
            yield Exchange(question, reply, _before(question, by_id))


def talks(record: Record, options: Options) -> Iterator[tuple[Item, ...]]:
    """Branches as training data wants them: person and model in turn, from the first message to the last answer.

    One that ends with no reply that is asked for, or has a reply in the middle that is no answer, is left out there.
    """
    branches = _branches(record) if options.whole else [record.branch()]
    told = set()
    for branch in branches:
        talk = _fit(branch)
        if talk and talk[-1].id not in told and any(options.takes(item) for item in talk[1::2]):
            told.add(talk[-1].id)
            yield talk


def is_answer(item: Item) -> bool:
    return item.role == "assistant" and item.state == "complete" and bool(item.text.strip())


def _fit(branch: tuple[Item, ...]) -> tuple[Item, ...]:
    """As much of its beginning as is pairs of a question and an answer."""
    good = 0
    for place in range(0, len(branch) - 1, 2):
        question, reply = branch[place : place + 2]
        if question.role != "user" or not question.text.strip() or not is_answer(reply):
            break
        good = place + 2
    return branch[:good]


def _branches(record: Record) -> Iterator[tuple[Item, ...]]:
    parents = {item.parent for item in record.messages}
    by_id = {item.id: item for item in record.messages}
    for leaf in record.messages:
        if leaf.id not in parents:
            yield (*_before(leaf, by_id), leaf)


def _before(item: Item, by_id: Mapping[UUID, Item]) -> tuple[Item, ...]:
    found: list[Item] = []
    above = by_id.get(item.parent) if item.parent else None
    while above is not None:
        found.append(above)
        above = by_id.get(above.parent) if above.parent else None
    return tuple(reversed(found))
