"""Markdown as blocks on a page. Raw HTML and formulas stay as they were written."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from conversations.markdown import ADDRESSES, formatted
from exports.formats.pdf.lines import LINK, SOFT, Run, Style, broken
from exports.formats.pdf.sheet import Sheet

HEADINGS = {"h1": 1.35, "h2": 1.2, "h3": 1.1}
BULLETS = ("•", "–", "·")
CELL = 3.0  # between columns


def put(sheet: Sheet, text: str, style: Style) -> None:
    """All of a text; what would be too much work to format is put as it is."""
    end = formatted(text)
    for node in SyntaxTreeNode(_parser().parse(text[:end])).children:
        _block(sheet, node, style, 0)
    if rest := text[end:]:
        sheet.paragraph([Run(rest, style)])


def _block(sheet: Sheet, node: SyntaxTreeNode, style: Style, depth: int) -> None:
    draw = _BLOCKS.get(node.type)
    if draw:
        draw(sheet, node, style, depth)
    elif node.content:
        sheet.paragraph([Run(node.content, style)])
    else:
        for child in node.children:
            _block(sheet, child, style, depth)


def _paragraph(sheet: Sheet, node: SyntaxTreeNode, style: Style, depth: int) -> None:
    sheet.paragraph(_runs(node, style), after=0.5 if depth else 2.0)


def _heading(sheet: Sheet, node: SyntaxTreeNode, style: Style, depth: int) -> None:
    sheet.gap(1.5)
    sheet.keep_together(3)
    sheet.paragraph(_runs(node, replace(style, size=style.size * HEADINGS.get(node.tag, 1.0), bold=True)), after=1.2)


def _code(sheet: Sheet, node: SyntaxTreeNode, style: Style, depth: int) -> None:
    sheet.code(node.content.removesuffix("\n"), replace(style, size=style.size * 0.83, mono=True))


def _quote(sheet: Sheet, node: SyntaxTreeNode, style: Style, depth: int) -> None:
    with sheet.quoted():
        for child in node.children:
            _block(sheet, child, replace(style, colour=SOFT), depth)
    sheet.gap(1)


def _list(sheet: Sheet, node: SyntaxTreeNode, style: Style, depth: int) -> None:
    is_numbered = node.type == "ordered_list"
    first = int(node.attrs.get("start", 1)) if is_numbered else 0
    for at, item in enumerate(node.children):
        marker = f"{first + at}." if is_numbered else BULLETS[min(depth, len(BULLETS) - 1)]
        with sheet.indented(Run(marker, replace(style, colour=LINK)), by=max(6.0, 3 + sheet.measure(marker, style))):
            for child in item.children:
                _block(sheet, child, style, depth + 1)
    sheet.gap(0 if depth else 1.5)


def _rule(sheet: Sheet, node: SyntaxTreeNode, style: Style, depth: int) -> None:
    sheet.rule()


def _table(sheet: Sheet, node: SyntaxTreeNode, style: Style, depth: int) -> None:
    style = replace(style, size=style.size * 0.9)
    rows = [
        [_runs(cell, replace(style, bold=cell.type == "th")) for cell in row.children]
        for part in node.children
        for row in part.children
    ]
    widths = _widths(sheet, rows)
    starts = [sum(widths[:at]) + CELL * at for at in range(len(widths))]
    for row in rows:
        sheet.row([list(broken(cell, width, sheet.measure)) for cell, width in zip(row, widths, strict=True)], starts)
    sheet.gap(2)


def _widths(sheet: Sheet, rows: Sequence[Sequence[Sequence[Run]]]) -> list[float]:
    """Each column as wide as it asks for; where that is too much, the widest give way."""
    asked = [
        max(0.1, *(sum(sheet.measure(run.text, run.style) for run in cell) for cell in column))
        for column in zip(*rows, strict=True)
    ]
    left = sheet.width - CELL * (len(asked) - 1)
    if sum(asked) <= left:
        return [width + 0.1 for width in asked]  # for what rounding takes
    fair, given = left / len(asked), dict.fromkeys(range(len(asked)), 0.0)
    open_ = sorted(given, key=lambda at: asked[at])
    while open_:
        fair = left / len(open_)
        given[open_[0]] = min(asked[open_[0]] + 0.1, fair)
        left -= given[open_.pop(0)]
    return list(given.values())


def _runs(node: SyntaxTreeNode, style: Style) -> list[Run]:
    return [run for child in node.children for run in _inline(child, style)]


def _inline(node: SyntaxTreeNode, style: Style) -> Iterator[Run]:
    if node.type in {"softbreak", "hardbreak"}:
        yield Run("\n", style)
    elif node.type == "code_inline":
        yield Run(node.content, replace(style, mono=True, size=style.size * 0.92))
    elif node.type == "image":
        yield Run(f"▣ {node.content or node.attrs.get('src', '')}", _linked(style, str(node.attrs.get("src", ""))))
    elif node.children:
        inner = _within(node, style)
        for child in node.children:
            yield from _inline(child, inner)
    else:
        yield Run(node.content, style)


def _within(node: SyntaxTreeNode, style: Style) -> Style:
    if node.type == "strong":
        return replace(style, bold=True)
    if node.type == "s":
        return replace(style, struck=True)
    return _linked(style, str(node.attrs.get("href", ""))) if node.type == "link" else style


def _linked(style: Style, address: str) -> Style:
    return replace(style, colour=LINK, link=address) if address.lower().startswith(ADDRESSES) else style


_BLOCKS: dict[str, Callable[[Sheet, SyntaxTreeNode, Style, int], None]] = {
    "paragraph": _paragraph,
    "heading": _heading,
    "fence": _code,
    "code_block": _code,
    "blockquote": _quote,
    "bullet_list": _list,
    "ordered_list": _list,
    "hr": _rule,
    "table": _table,
}


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
