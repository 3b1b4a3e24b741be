"""Training data: a line for each talk or pair, and where each line came from in a second file of as many lines.

The lines themselves hold only what the trainers' own documents name; some refuse what else is there.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from exports.forms.exchanges import exchanges, talks
from exports.forms.lines import line
from exports.forms.options import Options
from exports.jobs.archive import Archive
from exports.records import Item, Record

Line = dict[str, Any]


class Tuning:
    """What the three have in common."""

    name: str

    def write(self, records: Iterable[Record], archive: Archive, options: Options) -> None:
        """``provenance.jsonl`` says of each line which conversation and messages it holds."""
        sources = archive.aside("provenance.jsonl")
        with archive.entry(f"{self.name}.jsonl") as out:
            for record in records:
                for items, told in self.lines(record, options):
                    out.write(line(told))
                    sources.write(line(_provenance(record, items)))

    def lines(self, record: Record, options: Options) -> Iterator[tuple[tuple[Item, ...], Line]]:
        """Which messages, and what is told of them."""
        raise NotImplementedError


class OpenAI(Tuning):
    """``{"messages": [{"role", "content"}]}``: a talk a line, which ends with the model's answer."""

    name = "openai"

    def lines(self, record: Record, options: Options) -> Iterator[tuple[tuple[Item, ...], Line]]:
        system = [{"role": "system", "content": record.instructions}] if record.instructions else []
        for talk in talks(record, options):
            yield talk, {"messages": [*system, *({"role": item.role, "content": item.text} for item in talk)]}


class ShareGPT(Tuning):
    """``{"id", "conversations": [{"from": "human" or "gpt", "value"}], "system"}``."""

    name = "sharegpt"

    def lines(self, record: Record, options: Options) -> Iterator[tuple[tuple[Item, ...], Line]]:
        speaker = {"user": "human", "assistant": "gpt"}
        for talk in talks(record, options):
            said = [{"from": speaker[item.role], "value": item.text} for item in talk]
            yield talk, {"id": talk[-1].id, "conversations": said, "system": record.instructions}


class Alpaca(Tuning):
    """``{"instruction", "input", "output", "system", "history"}``: a pair a line, with the pairs before it."""

    name = "alpaca"

    def lines(self, record: Record, options: Options) -> Iterator[tuple[tuple[Item, ...], Line]]:
        for one in exchanges(record, options):
            texts = [item.text for item in one.before]
            told = {
                "instruction": one.question.text,
                "input": "",
                "output": one.reply.text,
                "system": record.instructions,
                "history": [list(pair) for pair in zip(texts[::2], texts[1::2], strict=False)],
            }
            yield (one.question, one.reply), told


def _provenance(record: Record, items: tuple[Item, ...]) -> Line:
    last = items[-1]
    return {
        "conversation": record.id,
        "owner": record.owner,
        "messages": [{"id": item.id, "sha256": item.sha256} for item in items],
        "model": last.model,
        "engine": last.engine,
        "instructions_sha256": last.instructions_sha256,
    }
