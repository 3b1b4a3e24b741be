"""Chunks for retrieval: a line each, with its size in tokens and where it came from.

Ids are made from ids of messages and places, not from texts or counts of other chunks: a conversation that goes on
keeps the ids of what it had.
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

from exports.forms.exchanges import exchanges, is_answer
from exports.forms.lines import line
from exports.forms.options import Options
from exports.forms.pieces import Count, pack, pieces
from exports.jobs.archive import Archive
from exports.records import Item, Record
from inference import serving
from inference.tokenizers import tokenizer_for

Chunk = dict[str, Any]


class Chunks:
    """Pairs of a question and its answer, or windows that slide over a branch."""

    def write(self, records: Iterable[Record], archive: Archive, options: Options) -> None:
        """Sizes are those of the tokenizer of the model that the site serves first."""
        count = tokenizer_for(serving.model()).count
        make = pairs if options.cut == "pairs" else windows
        with archive.entry("chunks.jsonl") as out:
            for record in records:
                for chunk in make(record, options, count):
                    out.write(line(chunk))


def pairs(record: Record, options: Options, count: Count) -> Iterator[Chunk]:
    """An answer that is too long with its question is cut; each part has the question before it, if there is room."""
    for one in exchanges(record, options):
        question = one.question.text.strip()
        taken = count(f"{question}\n\n")
        head = f"{question}\n\n" if taken <= options.size // 2 else ""
        room = options.size - (taken if head else 0)
        for number, row in enumerate(pack(pieces([one.reply.text.strip()], room, count), room)):
            answer = "".join(piece.text for piece in row).strip()
            tokens = sum(piece.tokens for piece in row) + (taken if head else 0)
            yield {
                **_about(record, (one.question, one.reply)),
                "id": f"{one.reply.id}:{number}",
                "kind": "pair",
                "part": number,
                "question": question,
                "text": f"{head}{answer}",
                "tokens": tokens,
                "sha256": _sha256(f"{head}{answer}"),
            }


def windows(record: Record, options: Options, count: Count) -> Iterator[Chunk]:
    """Over the branch, or over all messages as they were saved; each has the last tokens of the one before."""
    said = record.messages if options.whole else record.branch()
    spoken = [item for item in said if item.text.strip() and (item.role == "user" or is_answer(item))]
    texts = (f"{item.text.strip()}\n\n" for item in spoken)
    longest = options.overlap or options.size  # of a piece: one that is longer than the overlap would not be in it
    for number, row in enumerate(pack(pieces(texts, longest, count), options.size, options.overlap)):
        items = tuple(spoken[at] for at in sorted({piece.source for piece in row}))
        text = "".join(piece.text for piece in row).strip()
        yield {
            **_about(record, items),
            "id": f"{record.id}:{number}",
            "kind": "window",
            "part": number,
            "question": "",
            "text": text,
            "tokens": sum(piece.tokens for piece in row),
            "sha256": _sha256(text),
        }


def _about(record: Record, items: tuple[Item, ...]) -> Chunk:
    """Where it came from; the same keys and kinds in each line, which is what readers of columns want."""
    last = items[-1]
    reply = next((item for item in reversed(items) if item.role == "assistant"), None)
    return {
        "conversation": record.id,
        "messages": [item.id for item in items],
        "messages_sha256": [item.sha256 for item in items],
        "owner": record.owner,
        "title": record.title,
        "folder": record.folder or "",
        "tags": list(record.tags),
        "model": reply.model if reply else "",
        "engine": reply.engine if reply else "",
        "instructions_sha256": reply.instructions_sha256 if reply else "",
        "rating": reply.rating.value if reply and reply.rating else 0,
        "review": reply.review.state if reply and reply.review else "",
        "at": last.created_at.isoformat() if last.created_at else "",
    }


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
