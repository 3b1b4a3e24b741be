"""The pages, and where on them the next line goes. Lengths are millimetres, sizes of letters points."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from fpdf import FPDF
from fpdf.enums import TextMode

from exports.formats.pdf.faces import CODE, Faces
from exports.formats.pdf.lines import FAINT, Colour, Run, Style, broken, cut

LEFT, TOP, BOTTOM = 22.0, 20.0, 22.0
POINT = 25.4 / 72
LEADING = 1.5
NARROWEST = 50.0  # of a column, however deep it is nested
PAPER: Colour = (241, 239, 231)
TINT: Colour = (226, 238, 235)
RULE: Colour = (222, 219, 207)
BAR: Colour = (217, 154, 28)


@dataclass(frozen=True, slots=True)
class Column:
    """Where lines go: between ``left`` and ``right``, with a bar beside them at each of ``bars``, on ``ground``."""

    left: float
    right: float
    bars: tuple[float, ...] = ()
    ground: Colour | None = None

    @property
    def width(self) -> float:
        return self.right - self.left


class _Document(FPDF):
    """With the number of the page below."""

    def footer(self) -> None:
        self.set_font(CODE, "", 8)
        self.set_text_color(*FAINT)
        number = str(self.page_no())
        self.text((self.w - self.get_string_width(number)) / 2, self.h - 10, number)


class Sheet:
    """Lines are put one below the other; a new page begins by itself."""

    def __init__(self, title: str, language: str, at: datetime | None) -> None:
        self._pdf = pdf = _Document(format="A4")
        pdf.set_auto_page_break(auto=False)
        pdf.set_title(title)
        pdf.set_lang(language)
        pdf.set_creator("Chatsite")
        pdf.set_creation_date(at or datetime.fromtimestamp(0, UTC))
        self._faces = Faces(pdf)
        self._column = Column(LEFT, pdf.w - LEFT)
        self._marker: Run | None = None
        self._y = 0.0
        self._turn()

    def output(self) -> bytes:
        return bytes(self._pdf.output())

    def measure(self, text: str, style: Style) -> float:
        return self._faces.width(text, style) * POINT

    @property
    def width(self) -> float:
        return self._column.width

    def gap(self, height: float) -> None:
        if self._y + height < self._pdf.h - BOTTOM:
            self._behind(height)
        self._y += height

    def keep_together(self, lines: int) -> None:
        """Begin a page where there is no room for so many."""
        self._room(lines * 10.5 * LEADING * POINT)

    def rule(self) -> None:
        self._room(4)
        self._pdf.set_draw_color(*RULE)
        self._pdf.set_line_width(0.2)
        self._pdf.line(self._column.left, self._y + 1, self._column.right, self._y + 1)
        self._y += 4

    def paragraph(self, runs: Sequence[Run], after: float = 2.0) -> None:
        for line in broken(runs, self.width, self.measure):
            self.line(line)
        self.gap(after)

    def line(self, runs: Iterable[Run]) -> None:
        """One line, as it is."""
        runs = list(runs)
        size = max((run.style.size for run in runs), default=10.5)
        height = size * LEADING * POINT
        self._room(height)
        self._behind(height)
        baseline = self._y + height / 2 + size * POINT * 0.36
        self._mark(baseline)
        self._put(self._column.left, baseline, runs)
        self._y += height

    def code(self, source: str, style: Style) -> None:
        """Lines with all their spaces, on a ground of their own."""
        with self._within(
            replace(self._column, left=self._column.left + 3, right=self._column.right - 3, ground=PAPER)
        ):
            self.gap(1)
            for text in source.expandtabs(4).splitlines() or [""]:
                for piece in cut(text, style, self.width, self.measure):
                    self.line([Run(piece, style)])
            self.gap(1)
        self.gap(2.5)

    def row(self, cells: Sequence[Sequence[Sequence[Run]]], starts: Sequence[float], after: float = 1.0) -> None:
        """Lines of cells side by side, each from its start (from the left of the column), and a rule below them."""
        for at in range(max(map(len, cells), default=0)):
            size = max((run.style.size for lines in cells for line in lines[at : at + 1] for run in line), default=9.5)
            height = size * LEADING * POINT
            self._room(height + after)
            self._behind(height)
            baseline = self._y + height / 2 + size * POINT * 0.36
            for lines, start in zip(cells, starts, strict=True):
                if at < len(lines):
                    self._put(self._column.left + start, baseline, lines[at])
            self._y += height
        self._y += after
        self._pdf.set_draw_color(*RULE)
        self._pdf.set_line_width(0.2)
        self._pdf.line(self._column.left, self._y, self._column.right, self._y)
        self._y += after

    @contextmanager
    def indented(self, marker: Run | None = None, by: float = 6.0) -> Iterator[None]:
        """What is put inside stands further in, its first line behind the marker."""
        column = self._column
        self._marker = marker
        with self._within(replace(column, left=min(column.left + by, column.right - NARROWEST))):
            yield

    @contextmanager
    def quoted(self) -> Iterator[None]:
        column = self._column
        left = min(column.left + 5, column.right - NARROWEST)
        with self._within(replace(column, left=left, bars=(*column.bars, column.left + 1))):
            yield

    @contextmanager
    def tinted(self) -> Iterator[None]:
        column = self._column
        with self._within(replace(column, left=column.left + 3, right=column.right - 3, ground=TINT)):
            yield

    @contextmanager
    def _within(self, column: Column) -> Iterator[None]:
        before, self._column = self._column, column
        try:
            yield
        finally:
            self._column = before

    def _turn(self) -> None:
        self._pdf.add_page()
        self._y = TOP

    def _room(self, height: float) -> None:
        if self._y + height > self._pdf.h - BOTTOM:
            self._turn()

    def _behind(self, height: float) -> None:
        column = self._column
        if column.ground:
            self._pdf.set_fill_color(*column.ground)
            self._pdf.rect(column.left - 3, self._y, column.width + 6, height + 0.1, style="F")
        for bar in column.bars:
            self._pdf.set_fill_color(*BAR)
            self._pdf.rect(bar, self._y, 0.6, height + 0.1, style="F")

    def _mark(self, baseline: float) -> None:
        if self._marker:
            width = self.measure(self._marker.text, self._marker.style)
            self._put(self._column.left - 1.5 - width, baseline, [self._marker])
            self._marker = None

    def _put(self, x: float, baseline: float, runs: Iterable[Run]) -> None:
        for run in runs:
            style = run.style
            self._ink(style)
            begun = x
            for font, letters, width in self._faces.parts(run.text, style):
                self._pdf.set_font(font, "", style.size)
                self._pdf.text(x, baseline, letters)
                x += width * POINT
            if style.struck:
                self._pdf.line(begun, baseline - style.size * POINT * 0.3, x, baseline - style.size * POINT * 0.3)
            if style.link:
                size = style.size * POINT
                self._pdf.link(begun, baseline - size, x - begun, size * 1.2, link=style.link)

    def _ink(self, style: Style) -> None:
        """Neither font has a bold face: its letters get a line around them."""
        self._pdf.set_text_color(*style.colour)
        self._pdf.set_draw_color(*style.colour)
        self._pdf.set_fill_color(255, 255, 255)  # another than the text's: then each text keeps its state to itself
        self._pdf.set_line_width(style.size * POINT * 0.024 if style.bold else 0.2)
        self._pdf.text_mode = TextMode.FILL_STROKE if style.bold else TextMode.FILL
