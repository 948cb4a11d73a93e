"""The columns of the run table and their widths."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from engine import filter_fields
from engine.filter_fields import RunField
from engine.protocol import RunSummary
from engine.table_protocol import Query
from tui.data.annotation_text import tags_text
from tui.data.run_text import age_of, name_of, number_span, params_of, progress_or_status, sign_of
from tui.data.value_text import child_text, field_text
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.curve_colours import DASH_SIGNS, dash_of
from tui.ui.span import Row, Span, fitted, justified, row_width

NARROW = 64
NAME_ALONE = 34
"""width below which there is a column of names and no other"""
LEAST_NAME, MOST_NAME, LEAST_PARAMS = 10, 28, 12
COUNTS = 11
"""cells of the numbers of runs by status"""
SPREAD = 15
"""cells of mean and standard deviation"""
METRIC = 12
"""cells of the name of a metric"""
STEP = 4
"""cells by which columns of numbers become narrower"""


@dataclass(frozen=True, slots=True)
class TableStyle:
    """How a row is marked: hue and, without colours, letter of its curve; marked; the baseline; selected."""

    hue: int | None = None
    marked: bool = False
    baseline: bool = False
    letter: str = ""
    selected: bool = False


@dataclass(frozen=True, slots=True)
class RunColumn:
    """A column of the table of runs."""

    title: str
    width: int
    cell: Callable[[RunSummary, int], Row]
    sort: str = ""
    right: bool = False
    names_metric: bool = False
    """whether each cell names its metric"""
    name: str = ""
    """the field that it shows; empty: that of its title"""
    metric: str = ""
    """the metric on the chart"""

    @property
    def field(self) -> str:
        return self.name or self.title

    def resized(self, width: int) -> RunColumn:
        return replace(self, width=width)


def columns(
    width: int,
    metric: str,
    longest: int = MOST_NAME,
    params: Mapping[str, str] | None = None,
    *,
    with_spread: bool = False,
) -> tuple[RunColumn, ...]:
    """The columns that fit into `width` cells, behind the sign and the swatch.

    `with_spread`: those of values have room for mean and standard deviation.

    `longest` is the width of the longest name in cells; `params` is the text of the differing parameters by
    id of a run, else each has its non-default ones. Names get the room they need, parameters the rest.
    """
    if width < NAME_ALONE:
        return (RunColumn("name", max(LEAST_NAME, width - 1), _name, "name"),)
    roomy, ample = width >= 100, width >= 124
    last = partial(_metric, metric=metric)
    best = partial(_best, metric=metric, with_metric=ample)
    kept = [
        RunColumn("progress", COUNTS if with_spread else 24 if roomy else 20, progress_or_status, "status"),
        RunColumn(
            shortened(metric, METRIC if roomy else 8) or "last",
            SPREAD if with_spread else 12 if roomy else 8,
            last,
            metric,
            True,
            name=metric,
            metric=metric,
        ),
        RunColumn(
            "best",
            METRIC + SPREAD + 1
            if with_spread and ample
            else SPREAD
            if with_spread and roomy
            else METRIC + 10
            if ample
            else 9
            if roomy
            else 8,
            best,
            "best",
            True,
            ample,
            metric=metric,
        ),
        RunColumn("age", 4, lambda run, _: (Span(age_of(run), "muted"),), "created", True),
    ]
    if ample:
        kept[1:1] = map(_field_column, filter_fields.COLUMNS)
    if roomy:
        kept.insert(0, RunColumn("experiment", 12 if ample else 10, _experiment, "experiment"))
    if width < NARROW:
        kept = [column for column in kept if column.title != "best"]
    room = max(LEAST_NAME, width - sum(column.width + 1 for column in kept) - 1)
    name = max(LEAST_NAME, min(MOST_NAME, longest, room // 2))
    first = [
        RunColumn("name", name, _name, "name"),
        RunColumn("parameters", max(0, room - name), partial(_params, texts=params or {})),
    ]
    return (*first, *kept) if room - name >= LEAST_PARAMS else (RunColumn("name", room, _name, "name"), *kept)


def built_in_columns(metric: str, params: Mapping[str, str]) -> dict[str, RunColumn]:
    """The columns that the table has by itself, by the names under which they can be chosen."""
    best = partial(_best, metric=metric, with_metric=True)
    found = (
        RunColumn("name", MOST_NAME, _name, "name"),
        RunColumn("parameters", LEAST_PARAMS, partial(_params, texts=params)),
        RunColumn("experiment", 10, _experiment, "experiment"),
        RunColumn("progress", 20, progress_or_status, "status"),
        RunColumn("best", METRIC, best, "best", True, True, metric=metric),
        RunColumn("age", 4, lambda run, _: (Span(age_of(run), "muted"),), "created", True),
    )
    return {column.title: column for column in found}


def with_room_for_params(
    found: tuple[RunColumn, ...], rows: Sequence[Sequence[Row]]
) -> tuple[RunColumn, ...]:
    """The columns, where parameters that are cut take the room that cells beside them leave empty.

    `rows` are the cells of the rows in sight, each cell in as few characters as it can have. A column that is
    empty in all rows and sorts nothing is left out if its room is needed.
    """
    needed = [max(map(row_width, cells)) for cells in zip(*rows, strict=True)]
    missing = sum(
        size - column.width
        for column, size in zip(found, needed, strict=False)
        if column.title == "parameters"
    )
    widths = []
    for column, size in zip(found, needed, strict=False):
        taken = max(0, min(missing, column.width - _least_width(column, size)))
        widths.append(column.width - taken)
        missing -= taken
    gained = sum(column.width for column in found) - sum(widths)
    return tuple(
        replace(column, width=width + gained if column.title == "parameters" else width)
        for column, width in zip(found, widths, strict=False)
        if width >= 0
    )


def _least_width(column: RunColumn, needed: int) -> int:
    """The fewest cells for a content of `needed` cells and the title; -1, its gap, where it can be left out.

    In steps, so that a digit more or less in a number that changes does not move the columns.
    """
    if column.title in ("name", "parameters"):
        return column.width
    return (
        max(-(-needed // STEP) * STEP, len(column.title) + bool(column.sort)) if needed or column.sort else -1
    )


def shortened(metric: str, width: int) -> str:
    """The name of a metric in `width` cells: val_accuracy becomes val_acc where it does not fit."""
    name = plain(metric, limit=40)
    for text in (name, name.replace("accuracy", "acc").replace("perplexity", "ppl")):
        if len(text) <= width:
            return text
    return text[: width - 1] + glyphs().cut


def header(found: tuple[RunColumn, ...], query: Query) -> Row:
    spans = [Span("      ")]
    for column in found:
        title = column.title
        if column.sort == query.sort:
            title = f"{title}{glyphs().falling if query.descending else glyphs().rising}"
        text = justified(title, column.width, right=column.right)
        spans += [Span(text, "accent" if column.sort == query.sort else "muted"), Span(" ")]
    return tuple(spans)


def row_of(run: RunSummary, style: TableStyle, found: tuple[RunColumn, ...], indent: int = 0) -> Row:
    """The row of a run; its name is indented by `indent` cells."""
    cells = cells_of(run, found, indent)
    return (Span(" "), sign_of(run), Span(" "), *swatch(style), Span(" "), *laid_out(found, cells))


def cells_of(
    run: RunSummary, found: tuple[RunColumn, ...], indent: int = 0, *, short: bool = False
) -> list[Row]:
    """A cell per column; `short` ones have no more characters than they need."""
    cells = [column.cell(run, 0 if short else column.width) for column in found]
    if indent and found:
        cells[0] = (Span(" " * indent), *cells[0])
    return cells


def laid_out(found: tuple[RunColumn, ...], cells: Sequence[Row]) -> Row:
    """The cells, each cut or padded to the width of its column."""
    spans: list[Span] = []
    for column, cell in zip(found, cells, strict=True):
        size = row_width(cell)
        if size > column.width:
            cell, size = _cut(cell, column.width), column.width
        pad = Span(" " * (column.width - size))
        spans += [pad, *cell] if column.right else [*cell, pad]
        spans.append(Span(" "))
    return tuple(spans)


def swatch(style: TableStyle) -> Row:
    """The line of the curve of a row, in two cells."""
    if style.hue is None:
        return (Span("  "),)
    dash = 1 if style.baseline else 0 if style.selected else dash_of(style.hue)
    line = style.letter or (glyphs().swatch[1] if glyphs().ascii_only else DASH_SIGNS[dash])
    sign = glyphs().baseline if style.baseline else glyphs().mark if style.marked else glyphs().swatch[0]
    if style.letter and not (style.baseline or style.marked):
        sign = " "
    return (Span(sign + line, f"hue-{style.hue}"),)


def _cut(cell: Row, width: int) -> Row:
    return (*fitted(cell, width - 1), Span(glyphs().cut, "muted"))


def _name(run: RunSummary, width: int) -> Row:
    return (Span(name_of(run), "text"),)


def _experiment(run: RunSummary, width: int) -> Row:
    return (Span(plain(run.spec.experiment, limit=40), "muted"),)


def _params(run: RunSummary, width: int, *, texts: Mapping[str, str]) -> Row:
    child = child_text(run)
    text = texts[run.id] if run.id in texts else params_of(run)
    tags = (Span(f"{tags_text(run)} ", "accent"),) if run.tags else ()
    return (*tags, *((Span(f"{child} ", "text"),) if child else ()), Span(text, "muted"))


def _field_column(field: RunField) -> RunColumn:
    sort = field.name if field.about else ""
    cell = partial(_field, field=field)
    return RunColumn(field.title, field.width, cell, sort, right=not field.is_text, name=field.name)


def _field(run: RunSummary, width: int, *, field: RunField) -> Row:
    return (Span(field_text(run, field), "muted"),)


def _metric(run: RunSummary, width: int, *, metric: str) -> Row:
    return (number_span(run.metrics.get(metric)),)


def _best(run: RunSummary, width: int, *, metric: str, with_metric: bool) -> Row:
    """The best value, named if it is of another metric than that shown; without room for a name, empty."""
    if run.best is None or (run.best.metric != metric and not with_metric):
        return ()
    name = f"{plain(run.best.metric, limit=METRIC)} " if run.best.metric != metric else ""
    return (Span(name, "muted"), number_span(run.best.value))
