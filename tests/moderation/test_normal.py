"""Spellings of the same: what is searched for is found however it is written."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.normal import PLAIN, fold, is_jamo, is_word, joins, normalise, searched

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("BAD", "bad"),
        ("ｂａｄ", "bad"),
        ("b\u200ba\u200dd\ufeff", "bad"),
        ("b\u00adad", "bad"),
        ("ba\u0301d", "bad"),
        ("bád", "bad"),
        ("b⃝ad", "bad"),
        ("b\x00a\x07d", "bad"),
        ("壞", "坏"),
        ("臺灣", "台湾"),
        ("薴", "苎"),
        ("⼀", "一"),
        ("ﬁne", "fine"),
        ("Straße", "strasse"),
        ("ΣΊΣΥΦΟΣ", "σισυφοσ"),
        ("İ", "i"),
        ("٤١", "41"),
        ("４１", "41"),
        ("①", "1"),
        ("👍🏽", "👍"),
        ("❤️", "❤"),
        ("a \u3000\n\tb", "a b"),
        ("a\u00a0b", "a b"),
        ("\u3164", ""),
        ("\ud800x", "x"),
    ],
)
def test_spellings(written: str, meant: str) -> None:
    assert searched(written) == meant


def test_marks_that_make_another_letter_stay() -> None:
    """Japanese voicing, and vowels of Indian scripts: without them it is another word."""
    assert searched("が") != searched("か")
    assert searched("が") == searched("か\u3099")
    assert searched("कि") != searched("क")


def test_korean_syllables_are_their_letters() -> None:
    assert searched("가") == searched("\u1100\u1161")
    assert is_jamo(searched("가")[-1])


@given(TEXTS)
def test_equivalent_texts_are_searched_alike(text: str) -> None:
    forms = {searched(unicodedata.normalize(form, text)) for form in ("NFC", "NFD", "NFKC", "NFKD")}
    assert forms == {searched(text)}


@given(TEXTS)
def test_what_is_searched_is_searched_as_itself(text: str) -> None:
    assert searched(searched(text)) == searched(text)


@given(st.lists(TEXTS, max_size=6))
def test_a_text_in_pieces_is_searched_as_the_whole(pieces: list[str]) -> None:
    text = ""
    for piece in pieces:
        text += normalise(piece, text[-1:])[0]
    assert text == searched("".join(pieces))


@given(TEXTS)
def test_origins_say_where_each_character_comes_from(text: str) -> None:
    found, origins = normalise(text)
    assert len(found) == len(origins)
    assert list(origins) == sorted(origins)
    for character, origin in zip(found, origins, strict=True):
        assert character in fold(text[origin])


@given(st.text(st.sampled_from("aZ 坏壞。\n\u200bé９ﬁ"), max_size=12))
def test_the_short_way_says_the_same(text: str) -> None:
    """``PLAIN`` texts are not looked at character by character."""
    long_way = normalise("\u200b" + text)
    found, origins = normalise(text)
    assert (found, list(origins)) == (long_way[0], [origin - 1 for origin in long_way[1]])


def test_plain_characters_fold_one_to_one() -> None:
    plain = [chr(code) for code in range(sys.maxunicode) if PLAIN.fullmatch(chr(code))]
    assert len(plain) > 20_000
    assert all(len(fold(one)) == 1 for one in plain)


def test_space_after_space_is_dropped_also_between_pieces() -> None:
    assert normalise(" a", "b")[0] == " a"
    assert normalise(" a", " ") == ("a", [1])
    assert normalise("\n\na", " ") == ("a", [2])


@pytest.mark.parametrize("character", ["a", "9", "я", "ß", "ن", "ি"])
def test_letters_of_scripts_with_spaces_make_words(character: str) -> None:
    assert is_word(character)


@pytest.mark.parametrize("character", ["坏", "の", "ก", "ᄀ", "_", "-", " ", "█", "🙂", ""])
def test_others_do_not(character: str) -> None:
    assert not is_word(character)


def test_words_and_syllables_hold_together() -> None:
    assert joins("a", "b")
    assert joins("ᄀ", "\u1161")
    assert not joins("a", " ")
    assert not joins("a", "坏")
    assert not joins("坏", "坏")
    assert not joins("ᄀ", "ᄀ")
    assert not joins("", "a")
    assert not joins("a", "")
