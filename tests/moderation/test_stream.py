"""The filter of a reply, token by token: what is let out when, and what never is."""

from typing import Any

import pytest

from moderation.matcher import Action, Matcher, RuleSpec
from moderation.stream import Released, StreamFilter


def stream(*words: str, before: str = "", pattern: str = "", **more: Any) -> StreamFilter:
    rule = RuleSpec(1, more.pop("action", Action.MASK), words=words, pattern=pattern, **more)
    return StreamFilter(Matcher([rule]), before)


def told(filter_: StreamFilter, *pieces: str) -> list[str]:
    """What comes out for each piece, and at the end."""
    return [*(filter_.feed(piece).text for piece in pieces), filter_.finish().text]


def test_what_begins_nothing_goes_out_at_once() -> None:
    assert told(stream("bad"), "All ", "is ", "well", "!") == ["All ", "is ", "well", "!", ""]


def test_a_beginning_waits_and_goes_out_as_soon_as_it_is_none() -> None:
    assert told(stream("badger"), "a b", "ad", "g", "e", " day") == ["a ", "", "", "", "badge day", ""]


def test_the_middle_of_a_word_begins_nothing() -> None:
    assert told(stream("bad"), "tubb", "a", "d") == ["tubb", "a", "d", ""]


def test_a_word_over_two_tokens_is_never_shown() -> None:
    assert told(stream("bad"), "so b", "ad", " it is") == ["so ", "", "███ it is", ""]


def test_the_end_of_a_word_needs_the_next_character() -> None:
    assert told(stream("bad"), "bad", "ly") == ["", "badly", ""]
    assert told(stream("bad"), "bad", ".") == ["", "███.", ""]
    assert told(stream("bad"), "bad") == ["", "███"]


def test_an_open_end_and_chinese_need_none() -> None:
    assert told(stream("bad*"), "bad", "ly") == ["███", "ly", ""]
    assert told(stream("坏人"), "他是坏", "人", "吗") == ["他是", "██", "吗", ""]


def test_a_longer_word_is_waited_for() -> None:
    assert told(stream("坏", "坏人"), "坏", "人", "坏", "了") == ["", "██", "", "█了", ""]


def test_a_phrase_over_many_tokens_and_spellings() -> None:
    pieces = ("the ＡＴ", "tack", "\u200b ", "\n", "pl", "a\u0301n", "!")
    assert told(stream("attack plan"), *pieces) == ["the ", "", "", "", "", "", "█" * 14 + "!", ""]


def test_marks_that_come_later_are_part_of_what_is_masked() -> None:
    assert told(stream("坏"), "坏", "\u0301", "\u200b", "x") == ["█", "█", "█", "x", ""]


def test_marks_wait_with_the_character_they_belong_to() -> None:
    assert told(stream("bad"), "b", "\u0301", "\u200b", "x") == ["", "", "", "b\u0301\u200bx", ""]


def test_an_empty_piece_and_no_piece_at_all() -> None:
    assert told(stream("bad"), "", "ba", "", "d", "") == ["", "", "", "", "", "███"]
    assert told(stream("bad")) == [""]


def test_held_says_whether_anything_waits() -> None:
    filter_ = stream("bad")
    states = [filter_.held]
    for piece in ("so b", "e", " ", "ba", "d", "."):
        filter_.feed(piece)
        states.append(filter_.held)
    assert states == [False, True, False, False, True, True, False]


def test_a_block_lets_out_what_stands_before_and_nothing_else() -> None:
    filter_ = stream("bad", action=Action.BLOCK)
    assert filter_.feed("so ba").text == "so "
    assert filter_.feed("d") == Released("")
    released = filter_.feed(", and more")
    assert released.text == ""
    assert released.blocked is not None
    assert (released.blocked.rule, released.blocked.start, released.blocked.end) == (1, 3, 6)
    assert released.blocked.excerpt == "so ███"
    with pytest.raises(RuntimeError):
        filter_.feed("more")
    with pytest.raises(RuntimeError):
        filter_.finish()


def test_a_block_at_the_very_end() -> None:
    filter_ = stream("坏", action=Action.BLOCK)
    assert filter_.feed("很坏").text == "很"
    released = filter_.finish()
    assert released.text == ""
    assert released.blocked is not None
    with pytest.raises(RuntimeError):
        filter_.feed("")


def test_a_dry_run_lets_everything_through_and_reports() -> None:
    filter_ = stream("bad", action=Action.BLOCK, dry_run=True)
    assert filter_.feed("so bad. ").text == "so bad. "
    assert told(filter_, "x") == ["x", ""]
    filter_ = stream("bad", action=Action.BLOCK, dry_run=True)
    (finding,) = filter_.feed("so bad. ").findings
    assert (finding.start, finding.end, finding.dry_run, finding.action) == (3, 6, True, Action.BLOCK)


def test_an_exception_is_waited_for() -> None:
    pieces = ("a bad", " app", "le ", "x")
    assert told(stream("bad", exceptions=("bad apple",)), *pieces) == ["a ", "", "bad apple ", "x", ""]
    assert told(stream("bad", exceptions=("bad apple",)), "a bad", " app", "s") == ["a ", "", "███ apps", ""]


def test_an_exception_that_began_in_what_was_let_out() -> None:
    assert told(stream("bad", exceptions=("not bad",)), "not ", "bad.") == ["not ", "bad.", ""]
    assert told(stream("bad", exceptions=("not bad",), before="it is not "), "bad.") == ["bad.", ""]


def test_what_was_shown_before_decides_edges() -> None:
    assert told(stream("ass", before="cl"), "ass ") == ["ass ", ""]
    assert told(stream("ass", before="cl "), "ass ") == ["███ ", ""]
    assert told(stream("a b", before="x "), " a b.") == [" ███.", ""]


def test_excerpts_show_what_was_shown_and_no_more() -> None:
    filter_ = stream("bad", "worse", before="we begin. ")
    findings = [*filter_.feed("bad and worse, ").findings]
    assert [one.excerpt for one in findings] == ["we begin. ███", "we begin. ███ and █████"]
    (late,) = filter_.feed("x" * 100 + " bad, ").findings
    assert late.excerpt == "x" * 39 + " ███"


def test_a_pattern_is_held_no_longer_than_it_can_still_match() -> None:
    filter_ = stream(pattern=r"\bsk-[a-z0-9]{6}\b")
    assert told(filter_, "key s", "k", "-abc", "123", "!") == ["key ", "", "", "", "█████████!", ""]
    filter_ = stream(pattern=r"\bsk-[a-z0-9]{6}\b")
    assert told(filter_, "key s", "k", "-ab", "-", "!") == ["key ", "", "", "sk-ab-", "!", ""]


def test_a_long_reply_keeps_little() -> None:
    """What was let out is forgotten, but for what edges, exceptions and excerpts need."""
    filter_ = stream("bad", exceptions=("bad apple",))
    for _ in range(5_000):
        filter_.feed("words and ba and b ")
    assert len(filter_._scan.text) < 1_000
    assert len(filter_._origins) < 1_000
    assert len(filter_._shown) < 1_000
    (finding,) = filter_.feed("bad. ").findings
    assert finding.start == 5_000 * 19


def test_the_first_fault_of_a_long_held_text_is_found_in_place() -> None:
    """Matches that overlap on and on are one match: masked as they come, reported when they end."""
    filter_ = stream("*aba*")
    shown = "".join(filter_.feed("ab").text for _ in range(2_000))
    last = filter_.feed("!")
    assert set(shown) == {"█"}
    assert [(one.start, one.end) for one in last.findings] == [(0, 3_999)]


def test_two_filters_of_one_matcher_know_nothing_of_each_other() -> None:
    matcher = Matcher([RuleSpec(1, Action.MASK, words=("bad",), pattern=r"k\d{3}")])
    text, reasoning = StreamFilter(matcher), StreamFilter(matcher)
    assert [text.feed("ba").text, reasoning.feed("k1").text] == ["", ""]
    assert [text.feed("k1").text, reasoning.feed("d ").text] == ["ba", "k1d "]
    assert [text.feed("23").text, reasoning.finish().text] == ["████", ""]


def test_several_rules_hold_and_report_apart() -> None:
    rules = [
        RuleSpec(1, Action.FLAG, words=("bad day",)),
        RuleSpec(2, Action.MASK, words=("day",)),
        RuleSpec(3, Action.BLOCK, words=("days of rain",)),
    ]
    filter_ = StreamFilter(Matcher(rules))
    assert told_findings(filter_, "a bad ", "day", ", then") == [("a ", []), ("", []), ("bad ███, then", [2, 1])]
    assert told_findings(filter_, " days", " of", " sun") == [(" ", []), ("", []), ("days of sun", [])]
    last = filter_.feed(", days of rain.")
    assert (last.text, last.blocked and last.blocked.rule) == (", ", 3)


def told_findings(filter_: StreamFilter, *pieces: str) -> list[tuple[str, list[int]]]:
    said = [filter_.feed(piece) for piece in pieces]
    return [(one.text, sorted((finding.rule for finding in one.findings), reverse=True)) for one in said]
