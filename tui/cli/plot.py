"""`dltui plot`: curves, drawn as in the app."""

from __future__ import annotations

import math
import os
import shutil
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.style import Style
from rich.text import Text

from engine.fold import CurvePoints
from engine.protocol import RunSummary
from tui.cli.engine_call import call_engine, print_json, print_stderr
from tui.cli.export import RunCurves, curves_json, read_all
from tui.cli.shell_completion import complete_run
from tui.data.value_text import seed_text, unique_labels
from tui.terminal.plain_text import plain
from tui.ui.curve_colours import DARK, LIGHT, SIXTEEN
from tui.ui.span import Row

if TYPE_CHECKING:
    from tui.chart.chart_rows import CurveSeries


STYLES = {
    "title": Style(bold=True),
    "value": Style(bold=True),
    "alert": Style(color="red", bold=True),
    "axis": Style(dim=True),
    "grid": Style(dim=True),
    "tag": Style(dim=True),
}
"""styles of names that are not of a curve; unknown names have none"""


class RowPrinter:
    """Prints rows; Rich chooses the colours by TERM, COLORTERM, NO_COLOR and FORCE_COLOR."""

    def __init__(self) -> None:
        self._console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False, soft_wrap=True)
        self.has_colours = self._console.color_system is not None and not self._console.no_color
        self._styles = STYLES | (_series_styles(self._console.color_system) if self.has_colours else {})

    def print_rows(self, rows: Iterable[Row]) -> None:
        for row in rows:
            line = Text("", end="")
            for span in row:
                line.append(span.text, self._styles.get(span.style_name, Style.null()))
            line.rstrip()
            self._console.print(line)

    def print_notes(self, lines: Iterable[str]) -> None:
        for line in lines:
            self._console.print(Text(plain(line), self._styles["tag"]))


def _series_styles(colours: str | None) -> dict[str, Style]:
    hues = SIXTEEN if colours == "standard" else LIGHT if _is_light() else DARK
    return {f"series-{index}": Style(color=code) for index, code in enumerate(hues)}


def _is_light() -> bool:
    """Whether COLORFGBG says that the background is light; where it is not set, dark is assumed."""
    background = os.environ.get("COLORFGBG", "").rpartition(";")[2]
    return background in ("7", "15")


RunsWithCurves = list[tuple[RunSummary, RunCurves]]

RUNS = typer.Argument(metavar="RUN", help="id, unique prefix, name, or @last", autocompletion=complete_run)
IN_A_PIPE = (100, 24)
LEAST_WIDTH, LEAST_HEIGHT = 20, 8
PROMPT_ROWS = 2
"""rows of the terminal left free below a plot"""


def plot(
    runs: Annotated[list[str], RUNS],
    metric: Annotated[
        str, typer.Option(help="metric: loss, val_accuracy, ... (default: the first that all runs have)")
    ] = "",
    log: Annotated[bool, typer.Option("--log", help="logarithmic y axis")] = False,
    width: Annotated[
        int | None, typer.Option(min=LEAST_WIDTH, max=400, help="width in columns (default: the terminal's)")
    ] = None,
    height: Annotated[
        int | None, typer.Option(min=LEAST_HEIGHT, max=200, help="height in rows (default: the terminal's)")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="runs and their curves as JSON")] = False,
) -> None:
    """Draw the curves of runs in one chart."""
    found = call_engine(lambda client: read_all(client, runs))
    chosen = metric or _shared_metric([curves for _, curves in found])
    if json:
        print_json([curves_json(run, curves, {metric} if metric else None) for run, curves in found])
        return
    drawn = [(run, curves.by_metric[chosen]) for run, curves in found if chosen in curves.by_metric]
    if not drawn:
        known = sorted({name for _, curves in found for name in curves.by_metric})
        print_stderr(f"No point of {chosen or 'any metric'} yet. Available: {', '.join(known) or 'nothing'}.")
        sys.exit(1)
    for run, curves in found:
        if chosen not in curves.by_metric:
            print_stderr(f"{run.spec.name or run.id} has no {chosen}.")
    _draw(drawn, chosen, log, *_size(width, height))


def _shared_metric(found: list[RunCurves]) -> str:
    """The first metric that all runs have, else the first one of the first run."""
    names = list(found[0].by_metric)
    shared = [name for name in names if all(name in curves.by_metric for curves in found)]
    return next(iter(shared or names), "")


def _size(width: int | None, height: int | None) -> tuple[int, int]:
    if not sys.stdout.isatty():
        return width or IN_A_PIPE[0], height or IN_A_PIPE[1]
    columns, lines = shutil.get_terminal_size(IN_A_PIPE)
    return width or max(columns, LEAST_WIDTH), height or max(lines - PROMPT_ROWS, LEAST_HEIGHT)


def _draw(
    drawn: list[tuple[RunSummary, CurvePoints]], metric: str, log: bool, width: int, height: int
) -> None:
    from tui.chart.chart_rows import Scene, picture
    from tui.chart.chart_view import ChartView
    from tui.cli.plot import RowPrinter
    from tui.terminal.glyphs import chart_symbols

    series, printer = _series(drawn), RowPrinter()
    lost = [(one.label, nonfinite_text(curve)) for one, (_, curve) in zip(series, drawn, strict=True)]
    notes = [f"{label}: {words}" for label, words in lost if words]
    scene = Scene(
        ChartView(metric, log=log), series, symbols=chart_symbols(), letters=not printer.has_colours
    )
    printer.print_rows(picture(scene, width, max(height - len(notes), LEAST_HEIGHT)))
    printer.print_notes(notes)


def _series(drawn: list[tuple[RunSummary, CurvePoints]]) -> tuple[CurveSeries, ...]:
    from tui.chart.chart_rows import CurveSeries
    from tui.chart.curve_arrays import ChartCurve
    from tui.ui.curve_colours import hues_of

    hues = hues_of([run.id for run, _ in drawn])
    found = []
    runs = [run for run, _ in drawn]
    for (run, curve), label in zip(drawn, unique_labels(runs), strict=True):
        points = ChartCurve()
        points.extend(curve.steps, curve.values, curve.times)
        title = f"{label} {seed_text(run, runs)}".strip()
        found.append(CurveSeries(run.id, title, points, hues[run.id]))
    return tuple(found)


def nonfinite_text(curve: CurvePoints) -> str:
    """The points that cannot be plotted: "3 NaN, first at step 120"; empty where all are finite."""
    kinds = {"NaN": math.isnan, "infinite": math.isinf}
    parts = []
    for word, is_such in kinds.items():
        steps = [step for step, value in zip(curve.steps, curve.values, strict=True) if is_such(value)]
        if steps:
            parts.append(f"{len(steps):,} {word}, first at step {steps[0]:,}")
    return "; ".join(parts)
