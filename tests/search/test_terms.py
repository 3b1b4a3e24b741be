"""What a text is found by, and that whatever contains the words is found: the same for both databases."""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.search.query import LONGEST, BadQuery, Phrase, Query
from conversations.search.terms import LONGEST as LONGEST_TERM
from conversations.search.terms import READ, folded, runs, terms

LETTERS = st.characters(codec="utf-8")
WORDS = st.sampled_from(
    [
        *("hello", "World", "CAFÉ", "naïve", "e\u0301", "ß", "ﬁle", "ＷＩＤＥ", "a", "x1", "3.14", "foo_bar"),
        *(
            "模型",
            "大型語言模型",
            "稀疏激活",
            "カタカナ",
            "ガラス",
            "한국어",
            "ไทย",
            "Привет",
            "שלום",
            "مرحبا",
            "🎉",
            "👩\u200d💻",
        ),
    ]
)
GAPS = st.sampled_from([" ", "\n", ", ", "。", " - ", "\t", "\u3000", " （"])


def has(text: str, phrase: Phrase) -> bool:
    """What both databases do: terms in a row, the last of which may go on."""
    listed, wanted = terms(text), phrase.terms
    for start in range(len(listed) - len(wanted) + 1):
        row = listed[start : start + len(wanted)]
        last = row[-1].startswith(wanted[-1]) if phrase.is_open else row[-1] == wanted[-1]
        if last and tuple(row[:-1]) == wanted[:-1]:
            return True
    return False


def finds(text: str, query: str) -> bool:
    return all(has(text, phrase) for phrase in Query.parse(query).phrases)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, World!", ["hello", "world"]),
        ("大模型。", ["大模", "模型", "型"]),
        ("大", ["大"]),
        ("用Python写", ["用", "python", "写"]),
        ("大型語言模型", ["大型", "型语", "语言", "言模", "模型", "型"]),
        ("CAFÉ naïve Straße ﬁle ＷＩＤＥ", ["cafe", "naive", "strasse", "file", "wide"]),
        ("get_user foo-bar 3.14", ["get", "user", "foo", "bar", "3", "14"]),
        ("🎉🎊 ok", ["🎉", "🎊", "ok"]),
        ("👩🏽‍💻", ["👩", "💻"]),
        ("سَلام", ["سلام"]),
        ("… --- !!", []),
        ("a\x00b", ["ab"]),
        ("", []),
    ],
)
def test_terms_of_a_text(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


def test_what_stands_before_each_term_is_the_owners() -> None:
    assert terms("Hello 模型 🎉", "7~") == ["7~hello", "7~模型", "7~型", "7~🎉"]


def test_no_term_has_a_character_that_means_something_to_a_database() -> None:
    every = "".join(chr(code) for code in range(0x3100) if not 0xD800 <= code < 0xE000)
    signs = set("~\"'*():&|!<>^-+{}\\\x00 ")
    assert not signs & set("".join(terms(every)))


def test_a_long_word_is_cut_in_texts_and_in_queries_alike() -> None:
    word = "x" * 100
    assert terms(word) == ["x" * LONGEST_TERM]
    assert finds(word, word)


def test_the_first_part_of_a_very_long_text_is_read() -> None:
    text = "a " * (READ // 2) + "needle"
    assert not finds(text, "needle")
    assert finds("needle " + text, "needle")


@pytest.mark.parametrize("text", ["﷽" * READ, "ﷺ" * READ, "㎢" * READ])
def test_folding_does_not_make_a_text_longer_than_can_be_kept(text: str) -> None:
    assert len(folded(text)) <= READ


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("The whole World", "wor"),
        ("The whole World", "WORLD whole"),
        ("大型語言模型", "语言模型"),
        ("大型語言模型", "言"),
        ("大型語言模型", "型"),
        ("使用Python写代码", "用python写"),
        ("使用Python写代码", "Python"),
        ("use user@example.com now", "user@example.com"),
        ("version 3.14 is out", "3.14"),
        ("call get_user_name()", "get_user"),
        ("call get_user_name()", "user"),
        ("שלום עולם", "עולם"),
        ("say “to be or not”", '"to be"'),
        ("say to be or not", "“be or”"),
        ("多模态 VLM 模型", "vlm模型"),
        ("한국어를 배운다", "한국"),
        ("ガラスの仮面", "ガラス"),
        ("it works 🎉!", "🎉"),
        ("AND OR NOT NEAR", "not near"),
    ],
)
def test_what_contains_it_is_found(text: str, query: str) -> None:
    assert finds(text, query)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("The whole world", '"wor"'),
        ("The whole world", "wor whole"),
        ("The whole world", "rld"),
        ("The whole world", "w x"),
        ("模糊的型号", "模型"),
        ("语言 模型", "语言模型x"),
        ("be to", '"to be"'),
        ("x", "y"),
        ("cat", "c"),
    ],
)
def test_what_does_not_contain_it_is_not(text: str, query: str) -> None:
    assert not finds(text, query)


@settings(deadline=None)
@given(st.lists(st.tuples(WORDS, GAPS), min_size=1, max_size=12), st.data())
def test_any_of_its_words_find_a_text(parts: list[tuple[str, str]], data: st.DataObject) -> None:
    text = "".join(word + gap for word, gap in parts)
    words = data.draw(st.lists(st.sampled_from([word for word, _ in parts]), min_size=1, max_size=4))
    assert finds(text, " ".join(words))


@settings(deadline=None)
@given(st.text("今天学习了大型语言模型的稀疏激活机制和训练方法", min_size=1, max_size=60), st.data())
def test_any_piece_of_chinese_finds_it(text: str, data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(begin + 1, len(text)))
    assert finds(text, text[begin:end])


@settings(deadline=None)
@given(st.text("今天大型语言模型ab 。", max_size=30), st.text("今天大型语言模型", min_size=1, max_size=4))
def test_only_what_contains_a_chinese_word_is_found(text: str, word: str) -> None:
    assert finds(text, word) == (word in text)


@settings(deadline=None)
@given(st.text(LETTERS, max_size=LONGEST))
def test_any_text_can_be_looked_for_and_finds_itself(text: str) -> None:
    try:
        query = Query.parse(text)
    except BadQuery:
        assert not terms(text.strip()) or not list(runs(re.sub('["“”„«»]', " ", text)))
        return
    assert all(has(text, phrase) for phrase in query.phrases if not re.search('["“”„«»]', text))
    assert query.marks.search(folded(text))


@settings(deadline=None)
@given(st.text(LETTERS, max_size=300))
def test_each_term_is_short_and_not_empty(text: str) -> None:
    assert all(0 < len(term) <= LONGEST_TERM for term in terms(text))


@pytest.mark.parametrize("nothing", ["", "   ", "!!!", '""', "\x00", "***", "\u200b", "()"])
def test_nothing_to_look_for_is_said(nothing: str) -> None:
    with pytest.raises(BadQuery, match="Write a word"):
        Query.parse(nothing)


def test_too_much_to_look_for_is_said_with_what_is_allowed() -> None:
    Query.parse("x" * LONGEST)
    with pytest.raises(BadQuery, match=r"10000 characters are too many to look for; 200 are allowed"):
        Query.parse("x" * 10_000)
    with pytest.raises(BadQuery, match=r"3600 characters are too many"):
        Query.parse("ﷺ" * LONGEST)


def test_marks_do_not_take_long_on_hostile_texts() -> None:
    query = Query.parse("a-" * 99)
    text = "a" * 30_000 + "-" * 30_000
    assert query.marks.search(text) is None


def test_the_last_word_may_go_on_and_no_other() -> None:
    first, last = Query.parse("hello wor").phrases
    assert (first.terms, first.is_open) == (("hello",), False)
    assert (last.terms, last.is_open) == (("wor",), True)
    assert not Query.parse('hello "wor').phrases[1].is_open
    assert not Query.parse("c").phrases[0].is_open  # one letter stands for itself: c, not all that begins with it


def test_random_chinese_is_cut_into_pairs() -> None:
    chance = random.Random(1)  # noqa: S311 - the same text each time
    text = "".join(chance.choice("天地玄黄宇宙洪荒") for _ in range(200))
    assert len(terms(text)) == 200
    assert all(text[at : at + 2] == term for at, term in enumerate(terms(text)))
