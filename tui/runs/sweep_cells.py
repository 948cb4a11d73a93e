"""The row of a sweep in the run table."""

from __future__ import annotations

import math
from collections.abc import Mapping

from rich.cells import cell_len

from engine.protocol import CauseKind, Status
from engine.table_protocol import SweepRow
from tui.data.run_text import age_since
from tui.data.value_text import plural
from tui.runs.run_columns import METRIC, RunColumn, laid_out
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.numbers import short
from tui.ui.span import Row, Span
from tui.ui.status_styles import STATUS_STYLES, status_sign

AT_WORK = (Status.RUNNING, Status.PAUSING, Status.STOPPING)
PRUNED = ("▽", "%")
"""the sign of pruned trials, as in the Sweep tab, and the one without Unicode"""


def name_of_sweep(sweep: SweepRow) -> str:
    return plain(sweep.name or sweep.id.split("-", 2)[-1], limit=80)


def sweep_title(sweep: SweepRow) -> str:
    """Name and number of trials: tpe1  9 trials"""
    return f"{name_of_sweep(sweep)}  {plural(sweep.trials, 'trial')}"


def row_of_sweep(sweep: SweepRow, found: tuple[RunColumn, ...], metric: str) -> Row:
    """The row of a sweep under the columns of runs; `metric` is that of the chart.

    The best value is in the column `best` if it is of that metric or there is room to name its own, else in
    the column of parameters, with its name. Columns that apply to runs alone are empty.
    """
    sign = glyphs().fold[sweep.is_open]
    style_name = STATUS_STYLES[Status.RUNNING] if any(map(sweep.counts.get, AT_WORK)) else "accent"
    cells = cells_of_sweep(sweep, found, metric)
    return (Span(" "), Span(sign, style_name), Span("    "), *laid_out(found, cells))


def cells_of_sweep(sweep: SweepRow, found: tuple[RunColumn, ...], metric: str) -> list[Row]:
    """A cell per column; those of parameters and best share the best value as `row_of_sweep` says."""
    is_best_shown = any(column.title == "best" and _has_best(sweep, column, metric) for column in found)
    return [
        _best_by_name(sweep, column.width)
        if column.title == "parameters" and not is_best_shown
        else _cell(sweep, column, metric)
        for column in found
    ]


def _has_best(sweep: SweepRow, column: RunColumn, metric: str) -> bool:
    """Whether the column of best values can show that of the sweep."""
    return column.names_metric or sweep.metric == metric


def _cell(sweep: SweepRow, column: RunColumn, metric: str) -> Row:
    match column.title:
        case "name":
            return (
                Span(name_of_sweep(sweep), "strong"),
                Span(f"  {plural(sweep.trials, 'trial')}", "muted"),
            )
        case "experiment":
            return (Span(plain(sweep.experiment, limit=40), "muted"),)
        case "progress":
            more = sweep.planned > sweep.trials
            return (*counts_row(sweep.counts), *((Span(f"of {sweep.planned:,}", "muted"),) if more else ()))
        case "best":
            is_shown = _has_best(sweep, column, metric)
            return _best(sweep, with_metric=sweep.metric != metric) if is_shown else ()
        case "age":
            return (Span(age_since(sweep.created_at), "muted"),)
    return ()


def counts_row(counts: Mapping[str, int]) -> Row:
    """The number of runs by status."""
    spans: list[Span] = []
    for word, count in sorted(counts.items(), key=lambda pair: _ORDER.index(pair[0])):
        spans += [_sign(word), Span(f"{count:,} ", "text")]
    return tuple(spans)


_ORDER = ("running", "pausing", "stopping", "queued", "done", "paused", "stopped", "pruned", "failed", "lost",
          "damaged", "imported")  # fmt: skip


def _sign(word: str) -> Span:
    if word == CauseKind.PRUNED:
        return Span(PRUNED[glyphs().ascii_only], "warn")
    return status_sign(Status(word))


def _best(sweep: SweepRow, *, with_metric: bool) -> Row:
    if sweep.best is None:
        return ()
    name = f"{plain(sweep.metric, limit=METRIC)} " if with_metric else ""
    return (Span(name, "muted"), Span(short(sweep.best), "text" if math.isfinite(sweep.best) else "bad"))


def _best_by_name(sweep: SweepRow, width: int) -> Row:
    """best val_accuracy 0.911, shortened to fit; empty where a digit would be cut."""
    if sweep.best is None:
        return ()
    name, value = plain(sweep.metric, limit=40), short(sweep.best)
    for text in (f"best {name}", name, name.replace("accuracy", "acc").replace("perplexity", "ppl")):
        if cell_len(f"{text} {value}") <= width:
            return (Span(f"{text} ", "muted"), Span(value, "text" if math.isfinite(sweep.best) else "bad"))
    return ()
