"""What leaves as knowledge, and where it came from: a conversation with all its messages, the same for every format.

``Record.messages`` has all branches in the order they were saved; ``Record.branch`` is one of them, as a page shows it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Rating:
    """What its owner thinks of a reply: good (1) or bad (-1)."""

    value: int
    reasons: tuple[str, ...] = ()
    comment: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """Whether a reply is good for the knowledge base: ``nominated``, ``approved`` or ``declined``.

    ``text`` is what the reviewer made of it; None: as it was written. ``original`` is what the model wrote, where the
    message has the reviewer's text in its place, as in an export of what was approved. ``reason`` says why it was
    declined.
    """

    state: str
    text: str | None = None
    by: str = ""
    at: datetime | None = None
    original: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that found something ("rule-7"), and what was done. Never the words."""

    rule: str
    action: str


@dataclass(frozen=True, slots=True)
class Item:
    """One message. What a format does not know of another program's message keeps its default."""

    id: UUID
    position: int
    role: str  # "user" or "assistant"
    text: str
    parent: UUID | None = None
    reasoning: str = ""
    state: str = "complete"
    problem: str = ""
    created_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    model: str = ""
    engine: str = ""  # kind and version: "vllm 0.32.0"
    options: Mapping[str, Any] | None = None
    continues: UUID | None = None
    inherited_tokens: int = 0
    max_tokens: int | None = None
    remembered_from: int | None = None
    reasoning_ms: int | None = None
    ttft_ms: int | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    instructions_sha256: str = ""  # of the system prompt it was written under; "" for none
    rating: Rating | None = None
    review: Review | None = None
    moderation: tuple[Finding, ...] = ()

    @property
    def sha256(self) -> str:
        """Of what was said: the hexadecimal SHA-256 of the UTF-8 of its role, text and reasoning as canonical JSON."""
        said = {"role": self.role, "text": self.text, "reasoning": self.reasoning}
        canonical = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Record:
    """One conversation. ``owner`` is a name or a pseudonym; ``tip`` the newest message of the branch last looked at."""

    id: UUID
    title: str
    titled_by: str = "text"
    owner: str = ""
    folder: str | None = None
    tags: tuple[str, ...] = ()
    created_at: datetime | None = None
    updated_at: datetime | None = None
    pinned_at: datetime | None = None
    archived_at: datetime | None = None
    instructions: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)  # model, temperature, top_p, max_tokens, effort
    tip: UUID | None = None
    messages: tuple[Item, ...] = ()
    redactions: Mapping[str, int] = field(default_factory=dict)  # what was taken out of it: removed, emails, phones

    def branch(self, tip: UUID | None = None) -> tuple[Item, ...]:
        """What a page shows, oldest first: through ``tip`` to the newest message below it.

        Without a tip, or with one that is not in it, the branch that was last written or looked at.
        """
        by_id: dict[UUID | None, Item] = {item.id: item for item in self.messages}
        newest: dict[UUID | None, UUID] = {}  # of each message (None: of all), at or below it: always a leaf
        for item in reversed(self.messages):
            newest.setdefault(item.parent, newest.setdefault(item.id, item.id))
        through = next((one for one in (tip, self.tip) if one in by_id), None)
        shown: list[Item] = []
        at: Item | None = by_id.get(newest.get(through))
        while at is not None:
            shown.append(at)
            at = by_id.get(at.parent) if at.parent else None
        return tuple(reversed(shown))
