"""`dltui plot` and `dltui export`: curves in a shell."""

from __future__ import annotations

import csv as csv_format
import sys
from typing import Annotated

import typer

from engine.client import Client
from engine.protocol import RunSummary, number_to_json, summary_to_json
from tui.curves import Curve, Curves
from tui.plain_text import plain
from tui.verbs.ask import ask, say_json, tell
from tui.verbs.look import Run

Labelled = list[tuple[str, Curve]]


def plot(
    runs: Annotated[list[str], typer.Argument(metavar="RUN", help="id, unique prefix, name, or @last")],
    metric: Annotated[
        str, typer.Option(help="loss, val_accuracy, ...; the first all have when left out")
    ] = "",
    log: Annotated[bool, typer.Option("--log", help="logarithmic y axis")] = False,
    width: Annotated[int, typer.Option(min=20, max=400)] = 100,
    height: Annotated[int, typer.Option(min=8, max=200)] = 24,
    json: Annotated[bool, typer.Option("--json", help="the runs and their curves")] = False,
) -> None:
    """Draw curves over one axis."""
    told = ask(lambda client: _read_all(client, runs))
    chosen = metric or _shared_metric([curves for _, curves in told])
    if json:
        say_json([_curves_json(run, curves, {metric} if metric else None) for run, curves in told])
        return
    drawn: Labelled = [
        (run.spec.name or run.id, curves.by_metric[chosen])
        for run, curves in told
        if chosen in curves.by_metric
    ]
    if not drawn:
        known = sorted({name for _, curves in told for name in curves.by_metric})
        tell(f"No point of {chosen or 'any metric'} yet. There is: {', '.join(known) or 'nothing'}.")
        sys.exit(1)
    print(draw(drawn, chosen, log, width, height))


def _shared_metric(told: list[Curves]) -> str:
    """The first that all have, else the first of the first run."""
    names = list(told[0].by_metric)
    shared = [name for name in names if all(name in curves.by_metric for curves in told)]
    return next(iter(shared or names), "")


async def _read_all(client: Client, runs: list[str]) -> list[tuple[RunSummary, Curves]]:
    return [await _read(client, run) for run in runs]


async def _read(client: Client, run: str) -> tuple[RunSummary, Curves]:
    """What has been told so far; a live run is not waited for."""
    found = await client.show(run)
    curves = Curves()
    async for batch in client.events(found.id):
        curves.add(batch.events)
        if batch.caught_up or batch.ended:
            break
    return found, curves


def draw(curves: Labelled, metric: str, log: bool, width: int, height: int) -> str:
    """plotext needs a second for 100,000 points, so each curve is cut to its extremes per column first."""
    import plotext

    plotext.clear_figure()
    plotext.plotsize(width, height)
    plotext.theme("clear")
    plotext.title(plain(metric))
    plotext.xlabel("step")
    for label, curve in curves:
        xs, ys = extremes(curve, 2 * width, positive=log)
        plotext.plot(xs, ys, label=plain(label), marker="braille")
    if log:
        plotext.yscale("log")
    return str(plotext.build() if sys.stdout.isatty() else plotext.uncolorize(plotext.build()))


def extremes(curve: Curve, buckets: int, *, positive: bool = False) -> tuple[list[int], list[float]]:
    """The smallest and the largest finite point of each of `buckets` slices, in order."""
    points = [
        (step, value)
        for step, value in zip(curve.steps, curve.values, strict=True)
        if abs(value) != float("inf") and value == value and (value > 0 or not positive)
    ]
    size = max(1, -(-len(points) // buckets))
    kept: list[tuple[int, float]] = []
    for start in range(0, len(points), size):
        part = points[start : start + size]
        ends = {min(part, key=lambda p: p[1]), max(part, key=lambda p: p[1])}
        kept += sorted(ends)
    return [step for step, _ in kept], [value for _, value in kept]


def export(
    run: Run,
    csv: Annotated[bool, typer.Option("--csv", help="step and one column per metric (the default)")] = False,
    json: Annotated[bool, typer.Option("--json", help="the run and its curves")] = False,
) -> None:
    """Print the curves of a run for another program."""
    found, curves = ask(lambda client: _read(client, run))
    if json and not csv:
        say_json(_curves_json(found, curves))
        return
    _write_csv(curves)


def _curves_json(run: RunSummary, curves: Curves, only: set[str] | None = None) -> dict[str, object]:
    points = {
        metric: {"step": c.steps, "at": c.times, "value": [number_to_json(value) for value in c.values]}
        for metric, c in curves.by_metric.items()
        if only is None or metric in only
    }
    return {"run": summary_to_json(run), "curves": points}


def _write_csv(curves: Curves) -> None:
    by_step: dict[int, dict[str, float]] = {}
    for metric, curve in curves.by_metric.items():
        for step, value in zip(curve.steps, curve.values, strict=True):
            by_step.setdefault(step, {})[metric] = value
    table = csv_format.DictWriter(sys.stdout, ["step", *curves.by_metric])
    table.writeheader()
    for step in sorted(by_step):
        table.writerow({"step": step, **by_step[step]})
