r"""Where formulas stand: ``$…$`` and ``\(…\)`` in a line, ``$$…$$`` and ``\[…\]`` in one or in lines of their own."""

import re

from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

CLOSES = {"$$": "$$", r"\[": r"\]", r"\(": r"\)", "$": "$"}
LONGEST_INLINE = 1_500  # characters; as far as the closing mark is looked for
CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
WORDS = re.compile(r"(?<![^\W\d_])[^\W\d_]{2,}[,.;:]?\s+(?:[^\W\d_]\s+)?[^\W\d_]{2}")
PRICE = re.compile(r"\d.*(?:[^\W\d_]{2}|[-–/,;:(]\Z)", re.DOTALL)
MARKS = re.compile(r"\\[()\[\]]|\\.|\$\$?|`+|\n[ \t]*\n", re.DOTALL)
FENCE = re.compile(r"^[ \t>]*(?:```|~~~)", re.MULTILINE)


def formula_block(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    r"""``$$`` or ``\[`` at the beginning of a line, to the closing mark at the end of one, without a blank line.

    Alone in its line it opens a block whatever follows, as a fence does: so text that still comes cannot change what
    lies above. With LaTeX behind it, it is text again once it is clear that nothing closes it.
    """
    first = _line(state, start_line)
    mark = first[:2]
    if mark not in {"$$", r"\["} or first[2:3] == "$" or state.is_code_block(start_line):
        return False
    is_alone = first == mark
    end, content = _body(state, start_line, end_line, CLOSES[mark])
    is_unfinished = content is None and end == end_line
    if silent:
        return is_alone or (content is not None and end == start_line + 1)
    if content is None and not is_alone and not is_unfinished:
        return False
    token = state.push("formula_block", "math", 0)
    token.block, token.markup, token.map = True, mark, [start_line, end]
    token.content = content or ""
    token.info = state.getLines(start_line, end, state.blkIndent, False)
    state.line = end
    return True


def _body(state: StateBlock, start_line: int, end_line: int, close: str) -> tuple[int, str | None]:
    """The line after the block and its LaTeX, None if it is not closed as it should be."""
    lines: list[str] = []
    for number in range(start_line, end_line):
        line = _line(state, number)
        if lines and (not line or state.sCount[number] < state.blkIndent):
            return number, None
        before, mark, after = (line if lines else line[2:]).partition(close)
        lines.append(before)
        if mark:
            return number + 1, "\n".join(lines) if not after and "".join(lines).strip() else None
    return end_line, None


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]].rstrip()


def inline_formula(state: StateInline, silent: bool) -> bool:
    """A formula in a line of text."""
    mark = _mark(state.src, state.pos)
    if not mark:
        return False
    start = state.pos + len(mark)
    end = _closing(state.src, start, min(state.posMax, start + LONGEST_INLINE), CLOSES[mark])
    if end < 0 or not _is_formula(mark, state.src[start:end], state.src[end + len(mark) : end + len(mark) + 1]):
        return False
    if not silent:
        token = state.push("formula_inline", "math", 0)
        token.markup, token.content = mark, state.src[start:end]
    state.pos = end + len(mark)
    return True


def _mark(text: str, at: int) -> str:
    two, before = text[at : at + 2], text[at - 1 : at]
    if two in {r"\(", r"\["}:
        return two
    if two[:1] != "$" or before == "$" or (before.isascii() and before.isalnum()):
        return ""
    if two == "$$":
        return "" if text[at + 2 : at + 3] == "$" else "$$"
    return "$" if two[1:] and not two[1:].isspace() else ""


def _closing(text: str, start: int, end: int, close: str) -> int:
    """Where the first closing mark is that is not behind a backslash of its own."""
    at = text.find(close, start, end)
    while at > 0 and close[0] == "$" and _is_escaped(text, at, start):
        at = text.find(close, at + 1, end)
    return at


def _is_escaped(text: str, at: int, start: int) -> bool:
    before = text[start:at]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


def _is_formula(mark: str, content: str, after: str) -> bool:
    """Prices, variables of a shell, and words between escaped brackets are none."""
    if not content.strip() or (mark in {"$", "$$"} and "`" in content):
        return False
    if mark == "$" and (content[-1].isspace() or (after.isascii() and after.isalnum()) or after in {"$", "{"}):
        return False
    if mark == r"\[" and after == "(":
        return False
    if "\\" in content or mark == "$$":
        return True
    return not (WORDS.search(content) or CJK.search(content) or (mark == "$" and PRICE.match(content)))


def unclosed_formula(text: str) -> int:
    """Where a formula begins that the end of ``text`` leaves open; the length of the text if there is none."""
    if len(FENCE.findall(text)) % 2:
        return len(text)
    opened, mark = len(text), ""
    for match in MARKS.finditer(text, max(0, len(text) - LONGEST_INLINE)):
        found = match.group()
        if found[0] in "\n`" or (mark and found == CLOSES[mark]):
            opened, mark = len(text), ""
        elif not mark and found in CLOSES and _mark(text, match.start()) == found:
            opened, mark = match.start(), found
    content = text[opened + len(mark) :]
    is_prose = mark == "$" and (WORDS.search(content) or CJK.search(content) or content[:1].isdigit())
    return len(text) if is_prose else opened
