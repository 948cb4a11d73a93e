"""The row of a group in the run table: runs that differ in the seed alone."""

from __future__ import annotations

from collections.abc import Mapping

from engine.protocol import RunSummary, Status
from engine.table_protocol import GroupRow, GroupStatistics
from tui.data.group_text import equal_params, newest_of
from tui.data.run_fields import cell_text
from tui.data.run_text import age_of, name_of
from tui.data.value_text import format_params, plural
from tui.runs.run_columns import METRIC, RunColumn, TableStyle, laid_out, swatch
from tui.runs.sweep_cells import AT_WORK, counts_row
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.numbers import short, two_digits
from tui.ui.span import Row, Span
from tui.ui.status_styles import STATUS_STYLES


def group_title(group: GroupRow) -> str:
    """Number of runs and name of the newest: 5 runs  mnist-a1b2"""
    return f"{plural(group.count, 'run')}  {name_of(newest_of(group))}"


def row_of_group(
    group: GroupRow, style: TableStyle, found: tuple[RunColumn, ...], texts: Mapping[str, str]
) -> Row:
    """The row of a group under the columns of runs, with mean and standard deviation in those of numbers.

    `texts` are the parameters in which groups differ, by id of a group.
    """
    sign = glyphs().fold[group.is_open]
    style_name = STATUS_STYLES[Status.RUNNING] if any(map(group.counts.get, AT_WORK)) else "accent"
    cells = cells_of_group(group, found, texts)
    return (Span(" "), Span(sign, style_name), Span(" "), *swatch(style), Span(" "), *laid_out(found, cells))


def cells_of_group(
    group: GroupRow, found: tuple[RunColumn, ...], texts: Mapping[str, str], *, short: bool = False
) -> list[Row]:
    """A cell per column; `short` ones have no more characters than they need."""
    return [_cell(group, column, texts, 0 if short else column.width) for column in found]


def _cell(group: GroupRow, column: RunColumn, texts: Mapping[str, str], width: int) -> Row:
    newest = newest_of(group)
    match column.field:
        case "name":
            return (Span(plural(group.count, "run"), "strong"), Span(f"  {name_of(newest)}", "muted"))
        case "parameters":
            return (Span(texts.get(group.id) or params_text(newest), "muted"),)
        case "experiment":
            return (Span(plain(newest.spec.experiment, limit=40), "muted"),)
        case "progress":
            return counts_row(group.counts)
        case "age":
            return (Span(age_of(newest), "muted"),)
        case "best":
            return _best(group, column, width)
    if (found := group.metrics.get(column.field)) is not None and found.valued:
        return (Span(mean_text(found, group.count, width), "text"),)
    text = "" if column.metric or column.field in newest.metrics else cell_text(newest, column.field)
    return (Span(text, "muted"),) if text else ()


def _best(group: GroupRow, column: RunColumn, width: int) -> Row:
    """With the name of its metric where that is not the one on the chart; without room for it, empty."""
    metric = group.metric
    if not group.best.valued or (metric != column.metric and not column.names_metric):
        return ()
    name = f"{plain(metric, limit=METRIC)} " if metric != column.metric else ""
    room = max(0, width - len(name))
    return (Span(name, "muted"), Span(mean_text(group.best, group.count, room), "text"))


def mean_text(found: GroupStatistics, count: int, width: int = 0) -> str:
    """0.9123 ±0.0041, behind it the number of runs that have a value where some have none.

    As much of it as fits into `width` cells, the mean always; 0: all of it.
    """
    if found.mean is None:
        return ""
    mean = short(found.mean)
    spread = "" if found.spread is None else f" {glyphs().plus_minus}{two_digits(found.spread)}"
    some = f" ({found.valued})" if found.valued < count else ""
    texts = (f"{mean}{spread}{some}", f"{mean}{spread}", mean)
    return next((text for text in texts if not width or len(text) <= width), mean)


def params_text(run: RunSummary) -> str:
    return plain(format_params(equal_params(run)), limit=300)
