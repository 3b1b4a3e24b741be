"""Patterns: what is refused and why, and what the others find; none of them takes for ever."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moderation import costs
from moderation.automaton import MOST_CELLS
from moderation.matcher import Action, InvalidRule, Matcher, RuleSpec
from moderation.patterns import validate_pattern
from moderation.stream import StreamFilter
from tests.moderation.cases import Choices, pattern


def matcher(source: str, checksum: str = "") -> Matcher:
    return Matcher([RuleSpec(1, Action.MASK, pattern=source, checksum=checksum)])


def found(source: str, text: str) -> list[str]:
    return [text[one.start : one.end] for one in matcher(source).find(text)]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("a(b", "Character 2: this bracket is never closed."),
        ("ab)", "Character 3: this closing bracket was never opened."),
        ("a[bc", "Character 2: this class is never closed."),
        ("*a", "Character 1: nothing stands before this repetition."),
        ("a|+", "Character 3: nothing stands before this repetition."),
        ("a**", "Character 2: a repetition of a repetition"),
        ("x{0,200}{0,200}", "Character 2: a repetition of a repetition"),
        ("a{2,1}", "Character 2: a repetition goes from the smaller to the larger number"),
        ("a{1001}", "Character 2: a repetition goes from the smaller to the larger number"),
        ("a{x}", r"Character 2: a repetition is \{3\}, \{3,\} or \{3,5\}"),
        ("(?=a)b", "Character 3: only"),
        ("(?<!a)b", "Character 5: only|Character 4: only|Character 3: only"),
        (r"(a)\1", r"Character 4: \\1 is not known here"),
        (r"\pL", r"Character 1: \\p is not known here"),
        ("[z-a]", "Character 2: a range goes upwards"),
        (r"[\x{100}-\x{10ffff}]", "Character 2: a range goes upwards, over at most 65,536"),
        ("[[:alpha:]]", "Character 2: write a range"),
        ("[\u0301]", "Character 1: this class has no character that can be found"),
        (r"a\bc", r"Character 2: \\b stands only at the two ends"),
        (r"\ba|b", r"Character 1: where ends are asked for"),
        ("a^b", "Character 2: . and . stand only at the two ends"),
        (r"\x{zz}", "Character 1: write a character's number as"),
        ("a\\", "Character 2: "),
        ("", "finds the empty text"),
        ("a*", "finds the empty text"),
        ("(a?){60}", "finds the empty text"),
        ("\u200b", "finds the empty text"),
        ("(" * 60 + "a" + ")" * 60, "brackets stand in brackets too often"),
        ("a" * 1001, "1000 characters at most"),
        ("[一-\U00010e00]" * 20, "Character 12: all classes together have at most 131,072 characters"),
        ("[" + "\x00-\uffff" * 60 + "]", "Character 8: all classes together"),
        ("((a{100}){100}){100}", "RE2 refuses this pattern"),
    ],
)
def test_refused(source: str, reason: str) -> None:
    with pytest.raises(InvalidRule, match=reason):
        validate_pattern(source, for_replies=False)
    with pytest.raises(InvalidRule) as refused:
        Matcher([RuleSpec(7, Action.FLAG, pattern=source)])
    assert refused.value.rule == 7


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("a+b", "longest match: write {1,256} instead"),
        ("(ab*)c", "longest match"),
        ("a{3,}", "longest match"),
        ("a.{0,256}", "256 characters at most, this pattern's longest has 257"),
        ("(x{0,30}y){20}", "256 characters at most, this pattern's longest has 620"),
        ("^abc", "for prompts only"),
        ("abc$", "for prompts only"),
        ("(.?){255}b", "too large"),
    ],
)
def test_refused_for_replies_alone(source: str, reason: str) -> None:
    with pytest.raises(InvalidRule, match=re.escape(reason)):
        validate_pattern(source, for_replies=True)
    if reason != "too large":
        validate_pattern(source, for_replies=False)
        with pytest.raises(InvalidRule, match="for prompts only"):
            StreamFilter(matcher(source))


def test_a_checksum_needs_a_short_match_and_a_known_name() -> None:
    validate_pattern(r"\d{16}", for_replies=True, checksum="luhn")
    with pytest.raises(InvalidRule, match="64 characters"):
        validate_pattern(r"\d+", for_replies=False, checksum="luhn")
    with pytest.raises(InvalidRule, match="no checksum “isbn”"):
        validate_pattern(r"\d{13}", for_replies=False, checksum="isbn")


@pytest.mark.parametrize(
    ("source", "text", "expected"),
    [
        ("a|bc", "xabcx", ["a", "bc"]),
        ("ab?c{2}", "acc abcc abc", ["acc", "abcc"]),
        (r"\d{3}-\d{4}", "call 555-1234", ["555-1234"]),
        ("[A-C]x", "AX bx Cx dx", ["AX", "bx", "Cx"]),
        ("[^a-c ]x", "ax dx x", ["dx"]),
        (r"\w\W\w", "a-b", ["a-b"]),
        (r"\S{2}", "a bc", ["bc"]),
        (r"a\.b", "a.b axb", ["a.b"]),
        ("(?i)Key", "KEY", ["KEY"]),
        ("(?P<name>ab)c", "abc", ["abc"]),
        ("(?:ab){2}", "ababab", ["ababab"]),
        ("a{1,3}?", "aaaa", ["aaaa"]),
        (r"\bcat\b", "cat concat cats 猫cat猫", ["cat", "cat"]),
        (r"\b\+86\d{3}", "x+86123 +86123", ["+86123"]),
        ("a b", "a \n b", ["a \n b"]),
        (r"a\nb", "a\nb", ["a\nb"]),
        ("ß", "STRASSE", ["SS"]),
        ("[ßx]e", "asse xe", ["sse", "xe"]),
        ("[一-龥]{2}號", "電話號", ["電話號"]),
        ("号", "號号", ["號", "号"]),
        (r"\x41\x{574f}", "a壞", ["a壞"]),
        ("🖕{2}", "🖕🏿🖕", ["🖕🏿🖕"]),
        ("é", "E e\u0301", ["E", "e\u0301"]),
        ("a{0}b", "ab", ["b"]),
        ("[]a]b", "]b ab", ["]b", "ab"]),
        ("[a-]b", "-b", ["-b"]),
    ],
)
def test_what_a_pattern_finds(source: str, text: str, expected: list[str]) -> None:
    assert found(source, text) == expected


@pytest.mark.parametrize(
    ("source", "text", "expected"),
    [
        ("a.*b", "xaxxbxxbx", ["axxbxxb"]),
        ("^ab+", "abbb ab", ["abbb"]),
        ("ab+$", "ab abbb", ["abbb"]),
        (r"\bплох.*о\b", "неплохо плохо", ["плохо"]),
        (r"\bx+\b", "x xx axx x坏", ["x", "xx", "x"]),
        ("密+碼", "密密碼。", ["密密碼"]),
    ],
)
def test_what_a_pattern_without_a_longest_match_finds_in_a_prompt(source: str, text: str, expected: list[str]) -> None:
    assert found(source, text) == expected


def test_exceptions_hold_for_them_too() -> None:
    rule = RuleSpec(1, Action.MASK, pattern="ab+", exceptions=("cabbage",))
    assert Matcher([rule]).screen("cabbage abb").text == "cabbage ███"


@settings(max_examples=300, deadline=None, database=None)
@given(st.binary(min_size=8, max_size=60), st.text(st.sampled_from("abc1 坏🙂.-"), max_size=10))
def test_patterns_mean_what_pythons_engine_says(source: bytes, text: str) -> None:
    """Whether there is anything to find at all, by another engine."""
    core = pattern(Choices(source)).removeprefix(r"\b").removesuffix(r"\b")
    searched = re.sub(" +", " ", text)
    assert bool(found(core, text)) == bool(re.search(core, searched, re.DOTALL | re.ASCII))


EVIL = [
    r"(a|aa){1,50}b",
    r"(a?){60}a{60}",
    r"[ab]{0,100}a[ab]{100}c",
    r"a.{0,250}b",
    r"((a?){10}){12}b",
    r"(a|a|a|a){1,200}b",
    r".{1,256}",
    r"(a|b|ab){1,85}c",
]


@pytest.fixture
def any_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine has to bear what rules are refused for, too."""
    monkeypatch.setattr(costs, "MOST_STEPS", 100_000)
    monkeypatch.setattr(costs, "MOST_TOGETHER", 100_000)


@pytest.mark.parametrize("source", EVIL)
@pytest.mark.parametrize("text", ["a" * 1_000, "abbab" * 200])
@pytest.mark.usefixtures("any_cost")
def test_no_pattern_takes_for_ever(source: str, text: str) -> None:
    """A thousand characters in pieces of one, for patterns that take an engine with backtracking years."""
    compiled = matcher(source)
    stream = StreamFilter(compiled)
    shown = "".join([*(stream.feed(one).text for one in text), stream.finish().text])
    assert compiled.compiled.machine.cells < MOST_CELLS * 1.1
    assert shown == compiled.screen(text).text


def test_what_a_machine_remembers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forgetting changes nothing that is found, also for a stream that stands in the midst of it."""
    text = "abbaabababbbabaabab" * 20
    expected = matcher("[ab]{0,20}a[ab]{20}").screen(text).text
    monkeypatch.setattr("moderation.automaton.MOST_CELLS", 300)
    small = matcher("[ab]{0,20}a[ab]{20}")
    stream = StreamFilter(small)
    shown = "".join([*(stream.feed(one).text for one in text), stream.finish().text])
    assert shown == expected
    assert small.compiled.machine.cells < 700


@pytest.mark.usefixtures("any_cost")
def test_the_whole_is_held_no_longer_than_the_longest_match() -> None:
    stream = StreamFilter(matcher("a.{0,98}b"))
    out = 0
    for read in range(1, 500):
        out += len(stream.feed("a").text)
        assert out == max(0, read - 99)
