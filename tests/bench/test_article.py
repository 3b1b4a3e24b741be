"""The figures of the article's question, and the replies that are made for the page's bench."""

import statistics
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsite.bench import article, reference
from conversations import markdown
from inference import catalog, stamps
from inference.engines.scripted.script import pieces, script
from inference.protocol import Request, Turn
from tests.engines.subjects import CATALOG


def test_the_first_and_last_five_of_fifty_do_not_count() -> None:
    middle = [(300.0 + number, 1300.0 + number) for number in range(40)]
    row = article.figures([(9e9, 9e9)] * 5 + middle + [(0, 0)] * 5)
    assert (row["asked"], row["kept"]) == (50, 40)
    assert row["first_text_ms_mean"] == pytest.approx(319.5)
    assert row["first_text_ms_deviation"] == pytest.approx(statistics.stdev(range(40)))
    assert row["first_text_ms_beyond_engine"] == pytest.approx(-7.5)
    assert row["complete_s_mean"] == pytest.approx(1.3195)
    assert row["complete_ms_beyond_engine"] == pytest.approx(1319.5 - article.COMPLETE_S * 1000)


@pytest.mark.parametrize(("asked", "kept"), [(2, 2), (5, 3), (9, 7), (21, 17), (50, 40)])
def test_a_short_run_drops_fewer(asked: int, kept: int) -> None:
    assert article.figures([(400.0, 1400.0)] * asked)["kept"] == kept


def test_the_answer_is_as_long_as_was_asked_and_as_slow_as_the_articles(tmp_path: Path) -> None:
    model = catalog.load(article.catalog(tmp_path)).choose("bench")
    said = script(Request("1", (Turn("user", reference.QUESTION),)), model.options)
    told = "".join(text for _, text in said.tokens_after(Request("1", ()).prefix))
    assert told == article.ANSWER
    assert said.text_tokens == article.TOKENS
    assert len(article.ANSWER) < 100
    assert pytest.approx(1.31, abs=0.01) == article.COMPLETE_S
    assert "<strong>" in markdown.render(told)
    assert pieces(told, article.PIECE)[0].isalpha(), "the first token can be seen"


@given(st.integers(1, 2000))
def test_marked_stamps_are_all_there_and_in_order(tokens: int) -> None:
    made = stamps.marked("question", tokens)
    assert len(made) == tokens
    found = stamps.read("".join(made))
    assert [one.number for one in found] == list(range(len(found)))
    assert len(found) >= tokens // 2
    assert {one.mark for one in found} <= {stamps.mark("question")}


def test_among_the_marks_is_markdown_of_every_kind() -> None:
    html = markdown.render("".join(stamps.marked("question", 400)))
    for kind in ("h4", "strong", "code", "a href", "em", "ol", "ul", 'figure class="code"', "blockquote", "table"):
        assert f"<{kind}" in html, kind


@given(st.text(max_size=60), st.integers(1, 20))
def test_tokens_of_so_many_characters_are_the_text(text: str, most: int) -> None:
    found = pieces(text, most)
    assert "".join(found) == text
    assert all(len(one.strip()) <= most for one in found)


def test_a_message_may_ask_for_marks() -> None:
    scripted = CATALOG.choose("scripted")
    asked = Request(str(uuid4()), (Turn("user", "Hello"),))
    plain = script(asked, {**scripted.options, "stamp": True, "tokens": 40})
    marked = script(asked, {**scripted.options, "stamp": True, "marks": True, "tokens": 40})
    assert len(stamps.read("".join(plain.text))) == 40
    assert 20 <= len(stamps.read("".join(marked.text))) < 40
