"""Patterns for whole texts: however many matches a text has, it is encoded once, and searched only so often."""

from types import SimpleNamespace
from typing import Any

import pytest

from moderation.matcher import Action, Matcher, RuleSpec
from moderation.prompts import MOST_FOUND, LongPattern
from moderation.syntax import parse


def test_a_pattern_for_prompts_finds_a_bounded_number_and_all_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each search may read all that is left: thousands of them took seconds."""
    text = "坏x" * 1_500 + "y"
    spans = list(LongPattern(parse("坏(?:[^q]*q)?")).spans(text))
    assert len(spans) == MOST_FOUND + 1
    assert spans[:2] == [(0, 1), (2, 3)]
    assert spans[-1] == (2 * MOST_FOUND, len(text))
    monkeypatch.setattr("moderation.prompts.MOST_FOUND", 1)
    assert Matcher([RuleSpec(1, Action.MASK, pattern="坏+")]).screen("é坏 я壞壞z 坏 ok").text == "é█ я████████"


def test_a_text_is_encoded_once_however_often_it_is_searched() -> None:
    """RE2 is given bytes: for a text it would encode all of it again for each match."""
    given: list[bytes] = []
    pattern = LongPattern(parse("é坏+"))
    search = pattern._compiled.search

    def searched(text: bytes, at: int) -> Any:
        given.append(text)
        return search(text, at)

    pattern._compiled = SimpleNamespace(search=searched)
    assert list(pattern.spans("xe坏🙂e坏坏")) == [(1, 3), (4, 7)]
    assert len(given) == 3
    assert len({id(one) for one in given}) == 1
    assert isinstance(given[0], bytes)
