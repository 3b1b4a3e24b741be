"""The fonts of a PDF, which go into it as far as they are used: one for all, one for code."""

import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from fpdf import FPDF

from exports.formats.pdf.lines import Style

TEXT, CODE = "text", "code"
BOX = "□"  # in place of a letter that neither font has


class Faces:
    """Which font has a character, and how wide it is."""

    def __init__(self, pdf: FPDF) -> None:
        for name, path in _paths().items():
            pdf.add_font(name, "", path)
        self._fonts: dict[str, Any] = {name: pdf.fonts[name] for name in (TEXT, CODE)}
        self._known: dict[tuple[str, bool], tuple[str, str, float]] = {}

    def width(self, text: str, style: Style) -> float:
        """In points."""
        return sum(self._of(letter, style.mono)[2] for letter in text) * style.size

    def parts(self, text: str, style: Style) -> Iterator[tuple[str, str, float]]:
        """Font, letters and width of each part that one font has."""
        font, letters, width = "", "", 0.0
        for letter in text:
            its, shown, wide = self._of(letter, style.mono)
            if its != font and letters:
                yield font, letters, width * style.size
                letters, width = "", 0.0
            font, letters, width = its, letters + shown, width + wide
        if letters:
            yield font, letters, width * style.size

    def _of(self, letter: str, mono: bool) -> tuple[str, str, float]:
        key = (letter, mono)
        if key not in self._known:
            self._known[key] = self._found(letter, (CODE, TEXT) if mono else (TEXT, CODE))
        return self._known[key]

    def _found(self, letter: str, order: tuple[str, str]) -> tuple[str, str, float]:
        if unicodedata.category(letter) in {"Cc", "Cf", "Mn"} and not self._having(letter, order):
            return order[0], "", 0.0  # nothing to see
        name = self._having(letter, order)
        shown = letter if name else self._named(letter)
        font = name or TEXT
        return font, shown, sum(self._fonts[font].cw[ord(one)] for one in shown) / 1000

    def _having(self, letter: str, order: tuple[str, str]) -> str | None:
        return next((name for name in order if ord(letter) in self._fonts[name].cmap), None)

    def _named(self, letter: str) -> str:
        """A symbol by its name, as "[grinning face]"; a letter of another script as a box."""
        name = unicodedata.name(letter, "") if unicodedata.category(letter) == "So" else ""
        return f"[{name.lower()}]" if name else BOX


@cache
def _paths() -> dict[str, Path]:
    text = files("pylopdf_fonts_zh_cn") / "NotoSansSC-Regular.otf"
    code = files("fontpkg_ibm_plex_mono") / "files" / "IBMPlexMono-Regular.ttf"
    return {TEXT: Path(str(text)), CODE: Path(str(code))}
