"""Splits a rendered chat template into what the template wrote and what people wrote.

A person may type a template's own markers (``<|im_end|>``), to speak as the system or the assistant. So the template is
rendered with a placeholder for each text, and only the template's pieces are read for markers when they become tokens.
"""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from inference.protocol import Turn

SECRET = secrets.token_hex(8)
PLACEHOLDER = re.compile(rf"\[{SECRET}-(\d+)\]")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the prompt: ``trusted`` is the template's own, where markers count."""

    text: str
    trusted: bool


def messages(turns: Iterable[Turn]) -> list[dict[str, str]]:
    """The turns as a chat template takes them, with placeholders for their texts."""
    return [{"role": turn.role, "content": f"[{SECRET}-{number}]"} for number, turn in enumerate(turns)]


def pieces(rendered: str, turns: tuple[Turn, ...]) -> list[Piece]:
    """The rendered template as pieces, each placeholder replaced by its turn's text."""
    parts = PLACEHOLDER.split(rendered)
    result = []
    for number, part in enumerate(parts):
        trusted = number % 2 == 0
        text = part if trusted else turns[int(part)].text
        if text:
            result.append(Piece(text, trusted))
    return result
