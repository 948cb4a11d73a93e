"""The row of a sweep in the run table."""

from __future__ import annotations

import math

from engine.protocol import CauseKind, Status, SweepRow
from tui.glyphs import glyphs
from tui.inks import STATUS_INKS
from tui.plain_text import plain
from tui.verbs.words import counted
from tui.widgets.numerals import short
from tui.widgets.run_columns import METRIC, Column, laid_out
from tui.widgets.run_words import age_since
from tui.widgets.span import Row, Span

AT_WORK = (Status.RUNNING, Status.PAUSING, Status.STOPPING)
PRUNED = ("▽", "%")
"""the sign of the Sweep tab for trials that were stopped early, and that without Unicode"""


def name_of_sweep(sweep: SweepRow) -> str:
    return plain(sweep.name or sweep.id.split("-", 2)[-1], limit=80)


def sweep_title(sweep: SweepRow) -> str:
    """tpe1  9 trials"""
    return f"{name_of_sweep(sweep)}  {counted(sweep.trials, 'trial')}"


def row_of_sweep(sweep: SweepRow, found: tuple[Column, ...]) -> Row:
    """Its cells under the columns of runs; a column that only a run has something for stays empty."""
    sign = glyphs().fold[sweep.is_open]
    ink = STATUS_INKS[Status.RUNNING] if any(map(sweep.counts.get, AT_WORK)) else "accent"
    cells = [_cell(sweep, column) for column in found]
    return (Span(" "), Span(sign, ink), Span("    "), *laid_out(found, cells))


def _cell(sweep: SweepRow, column: Column) -> Row:
    match column.title:
        case "name":
            return (
                Span(name_of_sweep(sweep), "strong"),
                Span(f"  {counted(sweep.trials, 'trial')}", "muted"),
            )
        case "experiment":
            return (Span(plain(sweep.experiment, limit=40), "muted"),)
        case "progress":
            return _counts(sweep)
        case "best":
            return _best(sweep, says_metric=column.width > METRIC)
        case "age":
            return (Span(age_since(sweep.created_at), "muted"),)
    return ()


def _counts(sweep: SweepRow) -> Row:
    """How many are done, at work, waiting, ended otherwise; of how many that are planned."""
    spans: list[Span] = []
    for word, count in sorted(sweep.counts.items(), key=lambda pair: _ORDER.index(pair[0])):
        sign, ink = _sign(word)
        spans += [Span(sign, ink), Span(f"{count:,} ", "text")]
    more = sweep.planned > sweep.trials
    return (*spans, Span(f"of {sweep.planned:,}", "muted")) if more else tuple(spans)


_ORDER = ("running", "pausing", "stopping", "queued", "done", "paused", "stopped", "pruned", "failed", "lost",
          "damaged")  # fmt: skip


def _sign(word: str) -> tuple[str, str]:
    if word == CauseKind.PRUNED:
        return PRUNED[glyphs().ascii_only], "warn"
    status = Status(word)
    return glyphs().statuses[status], STATUS_INKS[status]


def _best(sweep: SweepRow, *, says_metric: bool) -> Row:
    if sweep.best is None:
        return ()
    name = f"{plain(sweep.metric, limit=METRIC)} " if says_metric else ""
    return (Span(name, "muted"), Span(short(sweep.best), "text" if math.isfinite(sweep.best) else "bad"))
