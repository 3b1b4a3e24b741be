"""Runs of text broken into lines: between words, and between most Chinese characters."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

Colour = tuple[int, int, int]

INK: Colour = (29, 37, 38)
SOFT: Colour = (86, 97, 100)
FAINT: Colour = (93, 103, 106)
LINK: Colour = (23, 105, 107)

WIDE = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
ATOM = re.compile(rf"\r\n?|\n|[^\S\r\n]+|[{WIDE}]|[^\s{WIDE}]+")
NOT_FIRST = frozenset("，。、；：？！）】》」』〉〕”’…—,.;:?!)]}%")  # of a line
NOT_LAST = frozenset("（【《「『〈〔“‘([{")


@dataclass(frozen=True, slots=True)
class Style:
    """How a run looks. Sizes are points."""

    size: float = 10.5
    bold: bool = False
    mono: bool = False
    struck: bool = False
    colour: Colour = INK
    link: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """Text in one style."""

    text: str
    style: Style


Measure = Callable[[str, Style], float]


def broken(runs: Iterable[Run], width: float, measure: Measure) -> Iterator[list[Run]]:
    """Lines of at most ``width``, without the space at their ends. What has no place to break is broken anywhere."""
    line: list[Run] = []
    used = 0.0
    for piece in _pieces(runs):
        if piece[0].text == "\n":
            yield _trimmed(line)
            line, used = [], 0.0
            continue
        wide = _width(piece, measure)
        if used + wide > width and line and not piece[0].text.isspace():
            yield _trimmed(line)
            line, used = [], 0.0
        if wide > width and not piece[0].text.isspace():
            *full, line = _cut(piece, width, measure)
            yield from map(joined, full)
            used = _width(line, measure)
        elif line or not piece[0].text.isspace():
            line += piece
            used += wide
    if line:
        yield _trimmed(line)


def cut(text: str, style: Style, width: float, measure: Measure) -> Iterator[str]:
    """A line of code in pieces that fit, with all its spaces."""
    start, used = 0, 0.0
    for at, letter in enumerate(text):
        used += (wide := measure(letter, style))
        if used > width and at > start:
            yield text[start:at]
            start, used = at, wide
    yield text[start:]


def _pieces(runs: Iterable[Run]) -> Iterator[list[Run]]:
    """What stays together: a word in whatever styles, a character with its punctuation; a space; the end of a line."""
    piece: list[Run] = []
    for atom in _atoms(runs):
        text = atom.text
        if text.isspace():
            if piece:
                yield piece
            yield [atom]
            piece = []
        elif piece and not _hold_together(piece[-1].text, text):
            yield piece
            piece = [atom]
        else:
            piece.append(atom)
    if piece:
        yield piece


def _atoms(runs: Iterable[Run]) -> Iterator[Run]:
    for run in runs:
        for found in ATOM.findall(run.text):
            yield Run("\n" if found in {"\n", "\r", "\r\n"} else found.replace("\t", "    "), run.style)


def _hold_together(before: str, after: str) -> bool:
    if after[0] in NOT_FIRST or before[-1] in NOT_LAST:
        return True
    return not (_is_wide(before[-1]) or _is_wide(after[0]))


def _is_wide(letter: str) -> bool:
    return letter >= "\u2e80"


def _width(piece: Iterable[Run], measure: Measure) -> float:
    return sum(measure(run.text, run.style) for run in piece)


def _cut(piece: list[Run], width: float, measure: Measure) -> list[list[Run]]:
    lines: list[list[Run]] = [[]]
    used = 0.0
    for run in piece:
        for letter in run.text:
            wide = measure(letter, run.style)
            if used + wide > width and lines[-1]:
                lines.append([])
                used = 0.0
            lines[-1].append(Run(letter, run.style))
            used += wide
    return lines


def _trimmed(line: list[Run]) -> list[Run]:
    while line and line[-1].text.isspace():
        line = line[:-1]
    return joined(line)


def joined(line: Iterable[Run]) -> list[Run]:
    """Neighbours of one style as one."""
    whole: list[Run] = []
    for run in line:
        if whole and whole[-1].style == run.style:
            whole[-1] = Run(whole[-1].text + run.text, run.style)
        else:
            whole.append(run)
    return whole
