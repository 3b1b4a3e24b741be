"""The gate before everyone who reads: what is found is on record before what stands around it is told."""

import asyncio
from collections.abc import Mapping

import pytest

from conversations.replies.release import Release
from inference.events.items import Part
from moderation.matcher import MASK, Action, Finding, Matcher, RuleSpec

TEXT, REASONING = Part.TEXT, Part.REASONING


class Gate:
    """A gate, and in order what became known: findings as (part, start, end), text as it was told."""

    def __init__(self, *rules: RuleSpec, before: Mapping[Part, str] | None = None) -> None:
        self.known: list[object] = []
        self.faults = 0
        self.release = Release(Matcher(rules), {TEXT: "", REASONING: "", **(before or {})}, self._report)

    async def _report(self, part: Part, findings: list[Finding]) -> None:
        if self.faults:
            self.faults -= 1
            raise ConnectionError
        self.known += [(part, one.start, one.end) for one in findings]

    def hear(self, *said: tuple[Part, str]) -> list[object]:
        for part, text in said:
            self.release.hear(part, text)
        return self.tell()

    def finish(self) -> list[object]:
        self.release.finish()
        return self.tell()

    def tell(self) -> list[object]:
        self.known += asyncio.run(self.release.release())
        return self.known


def rule(action: Action, *words: str, exceptions: tuple[str, ...] = ()) -> RuleSpec:
    return RuleSpec(1, action, words, exceptions=exceptions)


def test_what_cannot_begin_a_word_is_told_at_once() -> None:
    gate = Gate(rule(Action.BLOCK, "secret"))
    assert gate.hear((TEXT, "A word")) == [(TEXT, "A word")]


def test_a_finding_is_on_record_before_its_mask_is_told() -> None:
    gate = Gate(rule(Action.MASK, "secret"))
    assert gate.hear((TEXT, "A secret")) == [(TEXT, "A ")]
    assert gate.hear((TEXT, " it")) == [(TEXT, "A "), (TEXT, 2, 8), (TEXT, MASK * 6 + " it")]


def test_a_block_shuts_the_gate_for_all_that_comes() -> None:
    gate = Gate(rule(Action.BLOCK, "secret"))
    assert gate.hear((TEXT, "A secret "), (TEXT, "that")) == [(TEXT, 2, 8), (TEXT, "A ")]
    assert gate.release.is_shut
    assert gate.finish()[2:] == []


def test_reasoning_ends_where_the_text_begins() -> None:
    gate = Gate(rule(Action.BLOCK, "secrets", "secretary"))
    assert gate.hear((REASONING, "No secret")) == [(REASONING, "No ")]
    assert gate.hear((TEXT, "ary")) == [(REASONING, "No "), (REASONING, "secret"), (TEXT, "ary")]


def test_a_word_that_begins_in_neither_part_is_not_put_together_of_both() -> None:
    gate = Gate(rule(Action.BLOCK, "secret"))
    gate.hear((REASONING, "sec"), (TEXT, "ret"))
    assert gate.finish() == [(REASONING, "sec"), (TEXT, "ret")]


def test_places_count_from_the_beginning_of_the_reply() -> None:
    gate = Gate(rule(Action.FLAG, "secret"), before={TEXT: "x" * 1000 + " "})
    gate.hear((TEXT, "A secret."))
    assert gate.finish()[0] == (TEXT, 1003, 1009)


def test_a_word_that_goes_on_after_another_attempt_is_no_new_one() -> None:
    gate = Gate(rule(Action.BLOCK, "secret"), before={TEXT: "top"})
    gate.hear((TEXT, "secret "))
    assert gate.finish() == [(TEXT, "secret ")]


@pytest.mark.parametrize("between", ["", " and so on" * 20])
def test_an_exception_of_any_length_holds_across_attempts(between: str) -> None:
    """Else a hand-over would block a reply that goes through when nobody dies."""
    phrase = f"the secret{between} garden"
    cut = phrase.index("garden")
    gate = Gate(rule(Action.BLOCK, "garden", exceptions=(phrase,)), before={TEXT: phrase[:cut]})
    gate.hear((TEXT, "garden "))
    assert gate.finish() == [(TEXT, "garden ")]


def test_what_could_not_be_put_on_record_is_not_told_until_it_is() -> None:
    gate = Gate(rule(Action.MASK, "secret"))
    gate.faults = 1
    with pytest.raises(ConnectionError):
        gate.hear((TEXT, "A secret it"))
    assert gate.known == []
    assert gate.finish() == [(TEXT, 2, 8), (TEXT, f"A {MASK * 6} it")]
