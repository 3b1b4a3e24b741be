"""What rules let out of a reply whose reasoning and text come in turns."""

import asyncio
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from conversations.replies.release import Release
from inference.events.items import Part
from moderation.matcher import Action, Finding, Matcher, RuleSpec

WORD = "secret"
Heard = list[tuple[Part, str]]


def told(action: Action, heard: Heard) -> tuple[str, list[Finding]]:
    """The text that readers got, and what was reported of it."""
    found: list[Finding] = []

    async def report(part: Part, findings: list[Finding]) -> None:
        found.extend(findings if part is Part.TEXT else [])

    async def run() -> list[tuple[Part, str]]:
        gate = Release(Matcher([RuleSpec(1, action, words=(WORD,))]), {Part.TEXT: "", Part.REASONING: ""}, report)
        out = []
        for part, piece in heard:
            gate.hear(part, piece)
            out += await gate.release()
        gate.finish()
        return out + await gate.release()

    return "".join(piece for part, piece in asyncio.run(run()) if part is Part.TEXT), found


def split(text: str, *places: int) -> Heard:
    """The text with some reasoning at each of these places."""
    heard: Heard = []
    for begin, end in pairwise([0, *sorted(places), len(text)]):
        heard += [(Part.TEXT, text[begin:end]), (Part.REASONING, "Hm. ")]
    return heard


@given(st.lists(st.integers(0, 30), max_size=6))
def test_a_blocked_word_is_not_let_out_in_halves_with_reasoning_between_them(places: list[int]) -> None:
    said = f"The word is: {WORD}, I think."
    text, found = told(Action.BLOCK, split(said, *(min(place, len(said)) for place in places)))
    assert text == "The word is: "
    assert [(one.start, one.end) for one in found] == [(13, 19)]


def test_a_masked_word_is_masked_whole_and_what_follows_is_let_out() -> None:
    text, found = told(Action.MASK, split(f"A {WORD}, then more.", 4))
    assert text == "A ██████, then more."
    assert len(found) == 1


def test_reasoning_is_judged_where_text_begins() -> None:
    text, _ = told(Action.BLOCK, [(Part.REASONING, f"It is {WORD}"), (Part.TEXT, "It is what I may not say.")])
    assert text == ""
