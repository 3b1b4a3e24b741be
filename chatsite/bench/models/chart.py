"""The chart: time to first token, end to end and tokens a second, of each model's sides beside one another."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from chatsite.bench import machine
from chatsite.bench.figures import Row
from chatsite.bench.models import report
from chatsite.bench.models.sides import BARE

WIDTH, MARGINS, PLACE, DPI = 1600, 170, 84, 100  # pixels: of the picture, beside all bars, of a model; and of an inch
PANELS = (
    ("Time to first token, ms", "ttft_ms", 1, "{:.0f}"),
    ("End to end, s", "e2e_ms", 1000, "{:.2f}"),
    ("Tokens a second", "tokens_per_s", 1, "{:.1f}"),
)
COLOURS = {"html": "#2f6fb0", "text": "#5fa8d8", "api": "#5a9f6e", BARE: "#8a8f98"}
CLAIMED = "#d9a441"
EARLIER = 0.45  # how dense the colours of earlier runs are
THICK, THICKEST = 0.8, 0.4  # all bars of a model, and one of them, of its place

Group = tuple[str, Sequence[Row]]


def draw(path: Path, result: dict[str, Any], compared: Sequence[Row]) -> None:
    """A PNG of three panels, ``WIDTH`` wide and as high as there are models."""
    groups = grouped(result["rows"], compared)
    figure = Figure(figsize=(WIDTH / DPI, height(groups) / DPI), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)  # drawn in memory: a machine of no screen has it, too
    for axes, (title, key, unit, form) in zip(figure.subplots(1, len(PANELS), sharey=True), PANELS, strict=True):
        _panel(axes, groups, key, unit, form)
        axes.set_title(title, fontsize=11)
    _label(figure.axes[0], groups)
    handles = {label: bar for axes in figure.axes for bar, label in zip(*axes.get_legend_handles_labels(), strict=True)}
    figure.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=len(handles), frameon=False)
    asked = f"{result['requests']} requests in a row, mean and deviation without the first and last tenth"
    figure.supxlabel(f"{asked}; {machine.in_words(result['machine'])}", fontsize=9)
    figure.savefig(path, format="png")


def height(groups: Sequence[Group]) -> int:
    """Pixels."""
    return MARGINS + PLACE * len(groups)


def grouped(rows: Sequence[Row], compared: Sequence[Row]) -> list[Group]:
    """What stands side by side: a model's rows of a run, the site's first."""
    groups: dict[str, list[Row]] = {}
    for row in (*rows, *compared):
        hardware = "" if row["side"] in COLOURS else f", {row['side']}"
        groups.setdefault(f"{row['model']}\n{row['engine']}{hardware}\n{row.get('run', '')}", []).append(row)
    return [(name, sorted(group, key=lambda row: row["side"] == BARE)) for name, group in groups.items()]


def _panel(axes: Axes, groups: Sequence[Group], key: str, unit: float, form: str) -> None:
    for place, (_, rows) in enumerate(groups):
        thick = THICK / len(rows)
        for number, row in enumerate(rows):
            mean, deviation = row.get(f"{key}_mean"), row.get(f"{key}_deviation")
            if mean is None:
                continue
            bars = axes.barh(
                place + (number - (len(rows) - 1) / 2) * thick,
                mean / unit,
                min(thick, THICKEST) * 0.92,
                xerr=deviation / unit if deviation else None,
                capsize=2,
                **_look(row),
            )
            axes.bar_label(bars, fmt=form.format, fontsize=8, padding=3)
    axes.margins(x=0.15)
    axes.spines[["top", "right"]].set_visible(False)


def _look(row: Row) -> dict[str, Any]:
    if row["side"] not in COLOURS:
        return {"color": CLAIMED, "label": "the article's claims"}
    if "run" in row:
        return {"color": COLOURS[row["side"]], "alpha": EARLIER, "label": f"{report.side(row)}, earlier"}
    return {"color": COLOURS[row["side"]], "label": report.side(row)}


def _label(axes: Axes, groups: Sequence[Group]) -> None:
    """Names of the models, the first on top, for all panels: they share the axis."""
    axes.set_yticks(range(len(groups)), [name for name, _ in groups], fontsize=8)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(groups) - 0.5, -0.5)
