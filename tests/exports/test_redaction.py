"""E-mail addresses and phone numbers: found however they are written, and nothing else is."""

import time

import pytest

from exports.redaction import EMAIL, MOST_DIGITS, PHONE, REMOVED, Span, emails, phones, replaced

REGIONS = ("CN", "US")


def without(text: str) -> str:
    return replaced(text, [*emails(text), *phones(text, REGIONS)])[0]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Write to alice@example.com today.", "Write to [e-mail] today."),
        ("请联系alice@example.com谢谢", "请联系[e-mail]谢谢"),
        ("**alice@example.com**", "**[e-mail]**"),
        ("`a.b+c@x-y.example.co.uk`.", "`[e-mail]`."),
        ("<mailto:alice%40example.com>", "<mailto:[e-mail]>"),
        ("[Alice](mailto:alice@example.com)", "[Alice](mailto:[e-mail])"),
        ("a@example.com,b@example.com", "[e-mail],[e-mail]"),
        ("ＡＬＩＣＥ＠ｅｘａｍｐｌｅ．ｃｏｍ", "[e-mail]"),
        ("al\u200bice@exam\u200dple.com!", "[e-mail]!"),
        ("élodie@exämple.de", "[e-mail]"),
        ("иван@пример.рф", "[e-mail]"),
        ("用户@例子.广告。好", "[e-mail]。好"),
        ('"john doe"@example.com', "[e-mail]"),
        ("root@[192.168.0.1]", "[e-mail]"),
        ("o'neil@example.ie", "[e-mail]"),
        ("git@github.com:org/repo", "[e-mail]:org/repo"),
    ],
)
def test_an_address_is_taken_out(text: str, left: str) -> None:
    assert without(text) == left


@pytest.mark.parametrize(
    "text",
    ["@types/node", "user@localhost", "npm i left-pad@1.2.3", "@decorator\ndef f(): ...", "5 @ 3.20", "a @ b.com"],
)
def test_what_is_no_address_stays(text: str) -> None:
    assert without(text) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("call +86 138 1234 5678 now", "call [phone] now"),
        ("(+86)13812345678", "[phone]"),
        ("0086 13812345678", "[phone]"),
        ("tel:+442079460958", "tel:[phone]"),
        ("+49 (0)30 901820", "[phone]"),
        ("011 44 20 7946 0958", "[phone]"),
        ("＋８６　１３８１２３４５６７８", "[phone]"),
        ("٠٠٨٦١٣٨١٢٣٤٥٦٧٨", "[phone]"),
        ("+86\u200b138\u200b12345678", "[phone]"),
        ("请打13812345678，谢谢", "请打[phone]，谢谢"),
        ("(650) 253-0000", "[phone]"),
        ("010-65529988", "[phone]"),
        ("13812345678\n13912345679", "[phone]\n[phone]"),
    ],
)
def test_a_number_is_taken_out(text: str, left: str) -> None:
    assert without(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "2024-06-15 12:30:45",
        "192.168.100.200",
        "3.14159265358979",
        "0.00123456789",
        "ISBN 978-3-16-148410-0",
        "123e4567-e89b-12d3-a456-426614174000",
        "$100,000,000 and 1,234,567,890",
        "10-12-2024 to 11-12-2025",
        "1+1 = 2, 12 of 345",
    ],
)
def test_what_is_no_number_stays(text: str) -> None:
    assert without(text) == text


def test_a_country_s_own_form_needs_that_country() -> None:
    assert list(phones("13812345678", ("US",))) == []
    assert [span.mark for span in phones("13812345678", ("CN",))] == [PHONE]
    assert [span.mark for span in phones("+8613812345678", ())] == [PHONE]


def test_marks_are_put_where_spans_are_and_counted() -> None:
    spans = [Span(2, 4, EMAIL), Span(3, 6, PHONE), Span(6, 7, REMOVED), Span(0, 1, EMAIL)]
    left, counted = replaced("0123456789", spans)
    assert left == "[e-mail]1[e-mail][removed]789"
    assert counted == {EMAIL: 2, REMOVED: 1}
    assert replaced("as it was", []) == ("as it was", {})


def test_of_too_many_numbers_none_gets_through() -> None:
    text = "13812345678 " * (MOST_DIGITS // 11 + 1)
    assert not any(character.isdigit() for character in without(text))


@pytest.mark.parametrize(
    "text",
    ["1" * 100_000, "1-" * 50_000, "+1 " * 33_000, "a@" * 50_000, "a." * 50_000 + "@" + "a." * 50_000, "(1)" * 33_000,
     "a@b.cd " * 14_000, "+" * 100_000, "13812345678 " * 330],
)  # fmt: skip
def test_no_text_takes_long(text: str) -> None:
    began = time.process_time()
    without(text)
    assert time.process_time() - began < 3  # 0.6 s at most; looking at each number by itself takes ten times as long


def test_spans_are_in_the_text_as_given() -> None:
    text = "Ａ １\u200b\n x@example.com \u200bé+86 138 1234 5678 用户@例子.广告 "
    spans = {*emails(text), *phones(text, REGIONS)}
    found = [text[span.start : span.end].strip("\u200b") for span in sorted(spans)]
    assert found == ["x@example.com", "+86 138 1234 5678", "用户@例子.广告"]
