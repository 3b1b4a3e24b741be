"""What is copied is what was written: code to the letter, a table for a sheet, a message as Markdown."""

import pytest

from conversations.markdown import render
from tests.page.stage import Stage

pytestmark = pytest.mark.browser

CODE = "\tindented\n\n  <b> & $x$   \nlast"
TABLE = "| a | b *c* |\n|---|--:|\n| 1 | `2` |\n| x | |"
LISTEN = """async () => {
    window.said = [];
    (await import("/static/js/copy.js")).listenForCopies((words) => window.said.push(words));
}"""
HTML = """async () => {
    const [item] = await navigator.clipboard.read();
    return item.types.includes("text/html") ? (await item.getType("text/html")).text() : null;
}"""


def copied(stage: Stage, selector: str) -> str:
    """What is in the clipboard after a press of this button."""
    before = int(stage.page.evaluate("window.said.length"))
    stage.page.locator(selector).last.click()
    stage.page.wait_for_function("(before) => window.said.length > before", arg=before)
    assert stage.page.evaluate("window.said.at(-1)") == "copied"
    return str(stage.page.evaluate("navigator.clipboard.readText()"))


@pytest.fixture
def shown(stage: Stage) -> Stage:
    stage.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    stage.page.evaluate(LISTEN)
    return stage


def test_code_is_copied_to_the_letter(shown: Stage) -> None:
    shown.show(f"```python\n{CODE}\n```")
    assert copied(shown, ".code-copy") == CODE
    assert shown.page.locator(".code-copy").count() == 1


def test_a_table_is_copied_for_a_sheet(shown: Stage) -> None:
    shown.show(TABLE)
    shown.page.locator(".table").hover()
    assert copied(shown, ".table-copy") == "a\tb c\n1\t2\nx\t"


@pytest.mark.long
def test_a_message_is_copied_as_it_was_written(shown: Stage) -> None:
    shown.source = f"# Title\n\nSome **bold** $x^2$ 字.\n\n{TABLE}\n"
    shown.show(shown.source)
    shown.page.locator(".message").hover()
    assert copied(shown, ".message-copy") == shown.source
    html = str(shown.page.evaluate(HTML))
    assert "<strong>bold</strong>" in html
    assert "<math" in html
    assert "<button" not in html


@pytest.mark.long
def test_where_the_source_cannot_be_had_what_is_shown_is_copied(shown: Stage) -> None:
    shown.show("Some **bold** words.")
    shown.page.locator(".message").hover()
    assert copied(shown, ".message-copy") == "Some bold words."


@pytest.mark.long
def test_without_a_clipboard_the_same_is_copied_in_the_old_way(shown: Stage) -> None:
    shown.show(f"```\n{CODE}\n```")
    shown.page.evaluate("() => { navigator.clipboard.write = () => Promise.reject(new Error('no')); }")
    assert copied(shown, ".code-copy") == CODE
    assert shown.page.locator("textarea").count() == 0


@pytest.mark.long
def test_a_note_and_its_reference_lead_to_each_other(stage: Stage) -> None:
    stage.show("First[^1].\n\n" + "A line.\n\n" * 60 + "[^1]: The note.")
    stage.page.locator(".note a").click()
    assert "#fn-" in stage.page.url
    assert stage.page.locator(".footnote:target").bounding_box()["y"] < 800  # type: ignore[index]
    stage.page.locator(".back a").click()
    assert "#fnref-" in stage.page.url
    assert stage.page.locator(".note a:target").count() == 1


@pytest.mark.long
@pytest.mark.parametrize(
    "text", ["$$\n" + "x + " * 200 + "x\n$$", "$" + "x + " * 120 + "x$", "a $$" + "x + " * 200 + "x$$"]
)
def test_a_wide_formula_scrolls_by_itself(stage: Stage, text: str) -> None:
    stage.page.set_viewport_size({"width": 360, "height": 700})
    stage.show(text)
    wide = stage.page.evaluate("(one => [one.scrollWidth, one.clientWidth])(document.querySelector('.formula'))")
    assert wide[0] > wide[1]
    assert wide[1] <= 360
    assert stage.page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.long
def test_arabic_reads_from_the_right_and_code_in_it_from_the_left(stage: Stage) -> None:
    stage.show("مرحبا **بالعالم** `x = 1`\n\n- عربي\n- English\n\nEnglish\n\n```\nمرحبا\n```")
    sides = stage.page.evaluate(
        "[...document.querySelectorAll('.prose > *')].map((one) => getComputedStyle(one).direction)"
    )
    assert sides == ["rtl", "rtl", "ltr", "ltr"]
    assert stage.page.evaluate("getComputedStyle(document.querySelector('.prose p code')).direction") == "ltr"
    assert stage.page.evaluate("getComputedStyle(document.querySelector('.code pre')).direction") == "ltr"
    left, right = stage.page.evaluate(
        """[...document.querySelectorAll(".prose li")].map((item) => {
            const range = document.createRange();
            range.selectNodeContents(item);
            return range.getBoundingClientRect().left;
        })"""
    )
    assert left > right, "each item begins on the side of its own letters"
    assert render("x").count("dir=") == 1
