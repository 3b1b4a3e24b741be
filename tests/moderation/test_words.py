"""Lists of words: what a line means, and what is refused with its line and a reason."""

import pytest

from moderation.matcher import Action, InvalidRule, Matcher, RuleSpec
from moderation.words import MOST_WORDS, validate_words


def shown(text: str, *words: str, exceptions: tuple[str, ...] = ()) -> str:
    return Matcher([RuleSpec(1, Action.MASK, words=words, exceptions=exceptions)]).screen(text).text


@pytest.mark.parametrize(
    ("text", "word", "expected"),
    [
        ("class dismissed, ass!", "ass", "class dismissed, ███!"),
        ("ass", "ass", "███"),
        ("assess the class", "ass*", "███ess the class"),
        ("assess the class", "*ass", "assess the cl███"),
        ("a mass of glass", "*ass", "a m███ of gl███"),
        ("classes", "*ass*", "cl███es"),
        ("Scunthorpe", "cunt", "Scunthorpe"),
        ("_bad_ and **bad**", "bad", "_███_ and **███**"),
        ("bad's, bad-tempered", "bad", "███'s, ███-tempered"),
        ("他是坏人", "坏", "他是█人"),
        ("你是bad人", "bad", "你是███人"),
        ("плохой плохо", "плохо", "плохой █████"),
        ("call 911, not 9110", "911", "call ███, not 9110"),
        ("c++ is c", "c++", "███ is c"),
        ("SELECT  *\n FROM people", "select * from", "███████████████ people"),
        ("바보야", "바보", "██야"),
        ("바봉", "바보", "바봉"),
        ("바봉", "바보*", "██"),
        ("🖕🏿!", "🖕", "██!"),
        ("see /ETC/Passwd.", "/etc/passwd", "see ███████████."),
    ],
)
def test_where_a_word_is_found(text: str, word: str, expected: str) -> None:
    assert shown(text, word) == expected


def test_what_a_match_covers() -> None:
    """Invisible characters and marks inside and directly after; not those before."""
    assert shown("\u200bb\u200bád\u0301\u200b x", "bad") == "\u200b" + "█" * 6 + " x"


def test_half_a_ligature_is_all_of_it() -> None:
    assert shown("ﬁt", "it*") == "ﬁt"
    assert shown("ﬁt", "*it") == "██"


def test_overlapping_words_are_masked_as_one() -> None:
    assert shown("abcde", "abc*", "*cde") == "█████"
    assert shown("an abcd", "abcd", "*bc*") == "an ████"


def test_a_word_that_stands_twice_needs_no_edge_where_one_of_them_needs_none() -> None:
    assert shown("badly", "bad", "bad*") == "███ly"
    assert shown("badly", "bad*", "bad") == "███ly"


def test_exceptions() -> None:
    assert shown("assess, assassin, ass", "ass*", exceptions=("assess",)) == "assess, ███assin, ███"
    assert shown("a bad apple, a bad pear", "bad", exceptions=("bad apple",)) == "a bad apple, a ███ pear"
    assert shown("not bad, bad", "bad", exceptions=("not bad",)) == "not bad, ███"


def test_an_exception_covers_only_what_lies_inside_it() -> None:
    assert shown("bad pear tree", "pear tree", exceptions=("bad pear",)) == "bad █████████"


@pytest.mark.parametrize(
    ("listed", "line", "reason"),
    [
        ("good\n*\nbad", 2, "This word is empty."),
        ("**", 1, "This word is empty."),
        ("a\n\nb\n\u200b\u00ad", 4, "Nothing of this word can be seen: it has invisible characters only."),
        ("\u0301", 1, "Nothing of this word can be seen: it has invisible characters only."),
        ("x" * 257, 1, "A word has 256 characters at most, this one 257."),
    ],
)
def test_refused_lines(listed: str, line: int, reason: str) -> None:
    with pytest.raises(InvalidRule) as refused:
        validate_words(listed)
    assert (refused.value.line, refused.value.reason) == (line, reason)


def test_empty_lines_and_repeated_words_are_passed_over() -> None:
    assert validate_words("Bad\n\n  bad \nｂａｄ\nbad*\n") == ["Bad", "bad*"]


def test_a_hundred_thousand_words_are_too_many() -> None:
    with pytest.raises(InvalidRule, match="50000 different words at most") as refused:
        validate_words("\n".join(f"word{number}" for number in range(100_000)))
    assert refused.value.line == MOST_WORDS + 1


def test_all_lists_together_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moderation.words.MOST_WORDS", 3)
    rules = [RuleSpec(1, Action.FLAG, words=("a", "b")), RuleSpec(2, Action.FLAG, words=("b", "c"))]
    assert len(Matcher(rules).find("a b c")) == 4
    with pytest.raises(InvalidRule, match="3 different words"):
        Matcher([*rules, RuleSpec(3, Action.FLAG, words=("d",))])


def test_a_rule_that_cannot_be_used_is_named() -> None:
    with pytest.raises(InvalidRule) as refused:
        Matcher([RuleSpec(1, Action.FLAG, words=("a",)), RuleSpec(22, Action.FLAG, words=("b", "\u200b"))])
    assert (refused.value.rule, refused.value.line) == (22, 2)
    with pytest.raises(InvalidRule, match="neither words nor a pattern") as refused:
        Matcher([RuleSpec(5, Action.FLAG)])
    assert refused.value.rule == 5
    with pytest.raises(InvalidRule, match="empty"):
        Matcher([RuleSpec(5, Action.FLAG, words=("a",), exceptions=("",))])


def test_words_that_are_beginnings_of_each_other() -> None:
    words = tuple("*" + "a" * length + "*" for length in range(1, 250))
    assert shown("a" * 1000, *words) == "█" * 1000
