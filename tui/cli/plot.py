"""`dltui plot`: curves, drawn as in the app."""

from __future__ import annotations

import math
import os
import shutil
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.style import Style
from rich.text import Text

from engine.errors import InputError
from engine.fold import CurvePoints
from engine.protocol import RunSummary
from engine.system_metrics import is_system
from tui.cli.engine_call import call_engine, exit_on_error, fail, print_json, print_stderr, print_stdout
from tui.cli.export import RunCurves, curves_json, read_all
from tui.cli.shell_completion import complete_run
from tui.data.value_text import seed_text, unique_labels
from tui.terminal.plain_text import plain
from tui.ui.curve_colours import DARK, LIGHT, SIXTEEN
from tui.ui.span import Row

if TYPE_CHECKING:
    from tui.chart.chart_rows import CurveSeries, Scene
    from tui.data.metric_pairs import MetricChart


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


VALIDATION = "val"
"""the part of a curve of validation that is drawn beside one of training"""
RunsWithCurves = list[tuple[RunSummary, RunCurves]]

RUNS = typer.Argument(metavar="RUN", help="id, unique prefix, name, or @last", autocompletion=complete_run)
IN_A_PIPE, IN_A_FILE = (100, 24), (120, 30)
LEAST_WIDTH, LEAST_HEIGHT = 20, 8
PROMPT_ROWS = 2
"""rows of the terminal left free below a plot"""


def plot(
    runs: Annotated[list[str], RUNS],
    metric: Annotated[
        str, typer.Option(help="metric: loss, system/cpu, ... (default: the first that all runs have)")
    ] = "",
    log: Annotated[bool, typer.Option("--log", help="logarithmic y axis")] = False,
    width: Annotated[
        int | None, typer.Option(min=LEAST_WIDTH, max=400, help="width in columns (default: the terminal's)")
    ] = None,
    height: Annotated[
        int | None, typer.Option(min=LEAST_HEIGHT, max=200, help="height in rows (default: the terminal's)")
    ] = None,
    alone: Annotated[
        bool, typer.Option("--alone", help="without its metric of validation, as val_loss beside loss")
    ] = False,
    svg: Annotated[
        Path | None, typer.Option("--svg", metavar="FILE", help="write the picture to a file instead")
    ] = None,
    png: Annotated[Path | None, typer.Option("--png", metavar="FILE", help="as --svg, in pixels")] = None,
    light: Annotated[bool, typer.Option("--light", help="a white background in --svg and --png")] = False,
    json: Annotated[bool, typer.Option("--json", help="runs and their curves as JSON")] = False,
) -> None:
    """Draw the curves of runs in one chart, as the app does.

    The metric of validation is drawn beside that of training. A file of --svg or --png is replaced.
    """
    _check_picture(svg, ".svg")
    _check_picture(png, ".png")
    found = call_engine(lambda client: read_all(client, runs, has_system=is_system(metric)))
    if json:
        print_json([curves_json(run, curves, {metric} if metric else None) for run, curves in found])
        return
    chart = _chart_of(metric, [curves for _, curves in found], paired=not alone)
    drawn = [run_curves for run_curves in found if _has_any(run_curves[1], chart)]
    if not drawn:
        known = sorted({name for _, curves in found for name in curves.by_metric})
        name = chart.metric or "any metric"
        print_stderr(f"No point of {name} yet. Available: {', '.join(known) or 'nothing'}.")
        sys.exit(1)
    for run, curves in found:
        if not _has_any(curves, chart):
            print_stderr(f"{run.spec.name or run.id} has no {chart.metric}.")
    if svg or png:
        size = width or IN_A_FILE[0], height or IN_A_FILE[1]
        _write(drawn, chart, log, size, light, [path for path in (svg, png) if path])
    else:
        _draw(drawn, chart, log, *_size(width, height))


def _check_picture(path: Path | None, ending: str) -> None:
    if path is not None and path.suffix.lower() != ending:
        fail(InputError(f"{path}: expected a name that ends with {ending}."))


def _has_any(curves: RunCurves, chart: MetricChart) -> bool:
    return any(name in curves.by_metric for name in chart.names)


def _chart_of(metric: str, found: list[RunCurves], *, paired: bool) -> MetricChart:
    """The chart of the metric; without a name, of the first one that all runs have."""
    from tui.data.metric_pairs import MetricChart, chart_of, charts_of

    names = list(dict.fromkeys(name for curves in found for name in curves.by_metric))
    chosen = metric or _shared_metric(found)
    if not paired:
        return MetricChart(chosen)
    chart = chart_of(chosen, charts_of(names))
    return MetricChart(chosen) if metric and metric != chart.metric else chart


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


def _draw(drawn: RunsWithCurves, chart: MetricChart, log: bool, width: int, height: int) -> None:
    from tui.chart.chart_rows import picture

    printer = RowPrinter()
    scene, notes = _scene(drawn, chart, log, letters=not printer.has_colours), _notes(drawn, chart)
    printer.print_rows(picture(scene, width, max(height - len(notes), LEAST_HEIGHT)))
    printer.print_notes(notes)


def _write(
    drawn: RunsWithCurves,
    chart: MetricChart,
    log: bool,
    size: tuple[int, int],
    light: bool,
    paths: list[Path],
) -> None:
    from tui.chart.chart_rows import picture
    from tui.chart.chart_shapes import ON_DARK, ON_WHITE, chart_picture
    from tui.chart.picture_file import write_picture

    scene = replace(_scene(drawn, chart, log, letters=False), symbols="braille")
    shapes = chart_picture(picture(scene, *size), size[0], ON_WHITE if light else ON_DARK)
    for path in paths:
        with exit_on_error():
            write_picture(path.expanduser().absolute(), shapes, chart.title)
        print_stdout(str(path))
    for note in _notes(drawn, chart):
        print_stderr(plain(note))


def _scene(drawn: RunsWithCurves, chart: MetricChart, log: bool, *, letters: bool) -> Scene:
    from tui.chart.chart_rows import Scene
    from tui.chart.chart_view import ChartView
    from tui.terminal.glyphs import chart_symbols

    view = ChartView(chart.metric, log=log)
    series = _series(drawn, chart)
    return Scene(view, series, symbols=chart_symbols(), letters=letters, title=chart.title)


def _notes(drawn: RunsWithCurves, chart: MetricChart) -> list[str]:
    """The points of each curve that cannot be plotted."""
    notes = []
    for (_, curves), label in zip(drawn, unique_labels([run for run, _ in drawn]), strict=True):
        for name in chart.names:
            is_told = name in curves.by_metric and not is_system(name)  # there it is a gap
            words = nonfinite_text(curves.by_metric[name]) if is_told else ""
            if words:
                notes.append(f"{label}{f' {name}' if chart.validation else ''}: {words}")
    return notes


def _series(drawn: RunsWithCurves, chart: MetricChart) -> tuple[CurveSeries, ...]:
    from tui.chart.chart_rows import CurveSeries
    from tui.chart.curve_arrays import ChartCurve
    from tui.ui.curve_colours import hues_of

    hues = hues_of([run.id for run, _ in drawn])
    found = []
    runs = [run for run, _ in drawn]
    for (run, curves), label in zip(drawn, unique_labels(runs), strict=True):
        title = f"{label} {seed_text(run, runs)}".strip()
        for name in chart.names:
            if (curve := curves.by_metric.get(name)) is not None:
                points = ChartCurve()
                points.extend(curve.steps, curve.values, curve.times)
                part = VALIDATION if name == chart.validation else ""
                found.append(CurveSeries(run.id, title, points, hues[run.id], part))
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
