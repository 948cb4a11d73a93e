"""An image, text, table or histogram as rows, alone or minus another one; and the request for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from rich.cells import cell_len

from engine.errors import DltuiError
from engine.session_protocol.media import (
    HistogramDifference,
    HistogramDifferenceRequest,
    HistogramHistory,
    HistogramHistoryRequest,
    LoggedTable,
    LoggedTableRequest,
    LoggedText,
    LoggedTextRequest,
    MediaPlace,
    Picture,
    PictureDifference,
    PictureDifferenceRequest,
    PictureRequest,
    TextDifference,
    TextDifferenceRequest,
)
from engine.session_protocol.request import Request
from tui.data.code_text import diff_style
from tui.data.media_text import cell_text, distribution_text
from tui.data.value_text import short_number
from tui.drawings.heat import ColourMode
from tui.drawings.pixel_rows import Colour, amount_rows, amounts, decoded, picture_rows
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.span import Row, Span, justified
from tui.ui.wrap import wrap_text

LABEL = 9
"""cells of the numbers beside a histogram"""
LEAST_PLOT = 4
FACTS = 76
"""cells of the longest text about a histogram"""
TEXT_LINES = 2_000
LINE_LIMIT = 1_000


@dataclass(frozen=True, slots=True)
class MediaStyle:
    """How the terminal draws: its colours, and those of -1, 0 and 1 in a difference."""

    mode: ColourMode
    low: Colour
    zero: Colour
    high: Colour
    most_spans: int = 0
    """of an image, see `half_blocks`; 0: any number"""


def request_of(
    kind: str, place: MediaPlace, width: int, height: int, beside: Sequence[str] = ()
) -> Request[Any]:
    """For `width` x `height` cells; histograms get one range with those of the runs `beside`."""
    if kind == "image":
        return PictureRequest(place, *_pixels(width, height))
    if kind == "histogram":
        rows = 2 * _plot_height(width, height)
        return HistogramHistoryRequest(place, max(2, width - LABEL), max(2, rows), tuple(beside))
    return LoggedTextRequest(place) if kind == "text" else LoggedTableRequest(place)


def difference_request_of(
    kind: str, before: MediaPlace, after: MediaPlace, width: int, height: int
) -> Request[Any] | None:
    """None for a table: both are at hand, see `table_difference`."""
    if kind == "image":
        return PictureDifferenceRequest(before, after, *_pixels(width, height))
    if kind == "histogram":
        return HistogramDifferenceRequest(before, after, _plot_height(width, height))
    return TextDifferenceRequest(before, after) if kind == "text" else None


def _pixels(width: int, height: int) -> tuple[int, int]:
    return max(1, width), max(1, 2 * height)


def _plot_height(width: int, height: int) -> int:
    """Rows of a histogram without its mark and the lines about it."""
    return max(LEAST_PLOT, height - 1 - -(-FACTS // max(1, width)))


def rows_of(answer: Any, width: int, height: int, style: MediaStyle, left: int = 0) -> list[Row]:
    """The rows of an answer; of a table from column `left` on."""
    if isinstance(answer, DltuiError):
        return wrap_text(plain(answer.message, limit=400), width, "bad")
    if isinstance(answer, Picture):
        return [*_picture(answer, width, height, style), _note(_picture_facts(answer))]
    if isinstance(answer, PictureDifference):
        return _picture_difference(answer, width, height, style)
    if isinstance(answer, LoggedText):
        return _text(answer, width)
    if isinstance(answer, TextDifference):
        return _text_difference(answer, width)
    if isinstance(answer, LoggedTable):
        return table_rows(answer, width, left)
    if isinstance(answer, HistogramHistory):
        return _histogram(answer, width, height, style)
    return _histogram_difference(cast(HistogramDifference, answer), width, height, style)


def _note(text: str) -> Row:
    return (Span(text, "muted"),)


# --- images -----------------------------------------------------------------------------------------------


def _picture(found: Picture, width: int, height: int, style: MediaStyle) -> list[Row]:
    pixels = decoded(found.pixels, found.rows, found.columns)
    return picture_rows(pixels, width, max(1, height - 1), style.mode, style.most_spans)


def _picture_facts(found: Picture) -> str:
    shrunk = " (shown smaller)" if (found.columns, found.rows) != (found.width, found.height) else ""
    return f"{found.width:,} x {found.height:,}{shrunk}"


def _picture_difference(found: PictureDifference, width: int, height: int, style: MediaStyle) -> list[Row]:
    if not found.most:
        return [_note("no pixel differs")]
    values = amounts(found.levels, found.rows, found.columns)
    colours = (style.low, style.zero, style.high)
    more = "orange" if style.mode == "colour" else "full"
    less = "blue" if style.mode == "colour" else "dashes"
    facts = (
        f"most {found.most:.0f} of 255, mean {short_number(found.mean)}, {found.changed:.0%} of the pixels",
        f"{more} is brighter, {less} darker; full at {found.most:.0f}",
    )
    drawn = amount_rows(values, width, max(1, height - 2), style.mode, colours, style.most_spans)
    return [*drawn, *(line for fact in facts for line in wrap_text(fact, width, "muted"))]


# --- texts ------------------------------------------------------------------------------------------------


def _text(found: LoggedText, width: int) -> list[Row]:
    rows: list[Row] = []
    for line in found.text.split("\n")[:TEXT_LINES]:
        shown = plain(line.expandtabs(4), limit=20 * LINE_LIMIT)
        rows += wrap_text(shown, width, "text") or [()]
    if found.is_cut or found.text.count("\n") >= TEXT_LINES:
        rows.append(_note("the rest: dltui media RUN TAG --save FILE"))
    return rows


def _text_difference(found: TextDifference, width: int) -> list[Row]:
    if not found.lines:
        return [_note("no line differs")]
    return [
        row
        for line in found.lines
        for row in wrap_text(plain(line.expandtabs(4), limit=LINE_LIMIT), width, diff_style(line))
    ]


# --- tables -----------------------------------------------------------------------------------------------


def table_rows(found: LoggedTable, width: int, left: int = 0) -> list[Row]:
    """Columns as wide as their cells: numbers to the right. The first stays, others begin with `left`."""
    cells = [[cell_text(value) for value in row] for row in found.rows]
    are_numbers = [_is_numeric([row[place] for row in found.rows]) for place in range(len(found.columns))]
    names = [plain(name, limit=40) for name in found.columns]
    widths = [
        max(cell_len(names[place]), *(cell_len(row[place]) for row in cells), 1)
        if cells
        else cell_len(names[place])
        for place in range(len(names))
    ]
    shown = [0, *range(1 + min(left, max(0, len(names) - 2)), len(names))]
    rows = [_table_row(names, shown, widths, are_numbers, "muted")]
    rows += [_table_row(row, shown, widths, are_numbers, "text") for row in cells]
    wide = sum(widths[place] + 2 for place in shown) - 2
    hidden = min(left, max(0, len(names) - 2))
    if wide > width or hidden:
        rows.append(_note(f"< > others of {len(names)} columns"))
    return rows


def _table_row(
    texts: Sequence[str], shown: Sequence[int], widths: Sequence[int], are_numbers: Sequence[bool], style: str
) -> Row:
    parts = (justified(texts[place], widths[place], right=are_numbers[place]) for place in shown)
    return (Span("  ".join(parts).rstrip(), style),)


def _is_numeric(values: Sequence[object]) -> bool:
    return all(isinstance(one, int | float) or one is None for one in values)


def table_difference(before: LoggedTable, after: LoggedTable) -> LoggedTable | str:
    """Numbers of the second table minus those of the first, other cells as BEFORE -> AFTER; else why not."""
    if list(before.columns) != list(after.columns) or len(before.rows) != len(after.rows):
        shapes = [f"{len(one.rows):,} rows x {len(one.columns)} columns" for one in (before, after)]
        return "the tables differ in their columns or rows: " + ", ".join(shapes)
    rows = [
        [_cell_difference(*pair) for pair in zip(one, other, strict=True)]
        for one, other in zip(before.rows, after.rows, strict=True)
    ]
    return LoggedTable(after.step, after.columns, rows)


def _cell_difference(before: Any, after: Any) -> Any:
    if before == after and not (_is_number(before) and isinstance(before, float)):
        return after if not _is_number(after) else 0
    if _is_number(before) and _is_number(after):
        return after - before
    return cell_text(after) if before == after else f"{cell_text(before)} -> {cell_text(after)}"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


# --- histograms -------------------------------------------------------------------------------------------


def _histogram(found: HistogramHistory, width: int, height: int, style: MediaStyle) -> list[Row]:
    """A column per step, low values at the bottom, brighter where more numbers are; a mark below the step."""
    shares = np.array(found.shares, np.float64)[::-1]
    across, down = max(1, width - LABEL), _plot_height(width, height)
    columns = shares.shape[1]
    wide = shares[:, np.arange(across) * columns // across] if across > columns else shares
    colours = (style.low, style.zero, style.high)
    drawn = amount_rows(wide, across, down, style.mode, colours)
    labels = [_axis_label(place, len(drawn), found.low, found.high) for place in range(len(drawn))]
    rows: list[Row] = [(Span(label, "muted"), *row) for label, row in zip(labels, drawn, strict=True)]
    at = found.steps.index(found.step) if found.step in found.steps else 0
    sign = "^" if glyphs().ascii_only else "▲"
    mark = int((at + 0.5) * wide.shape[1] / columns)
    rows.append((Span(" " * LABEL), Span(" " * mark + sign, "accent")))
    return [*rows, *wrap_text(distribution_text(found.distribution), width, "muted")]


def _axis_label(place: int, count: int, low: float, high: float) -> str:
    """At the top, in the middle and at the bottom."""
    if place not in (0, count // 2, count - 1):
        return " " * LABEL
    value = high - (high - low) * (place + 0.5) / count
    return justified(short_number(value), LABEL - 1, right=True) + " "


def _histogram_difference(
    found: HistogramDifference, width: int, height: int, style: MediaStyle
) -> list[Row]:
    """A row per bucket: a bar to the right where the second has a larger share, to the left a smaller one."""
    before, after = np.array(found.before, np.float64), np.array(found.after, np.float64)
    gains = (after - before)[::-1]
    most = float(np.abs(gains).max(initial=0.0))
    half = max(3, (width - LABEL - 1) // 2)
    full = glyphs().bar[0] if not glyphs().ascii_only else "="
    rows: list[Row] = []
    for place, gain in enumerate(gains.tolist()):
        length = round(half * abs(gain) / most) if most else 0
        left = (" " * (half - length) + full * length) if gain < 0 else " " * half
        rows.append(
            (
                Span(_axis_label(place, len(gains), found.low, found.high), "muted"),
                Span(left, "done"),
                Span(glyphs().upright, "line"),
                Span(full * length if gain > 0 else "", "accent"),
            )
        )
    moved = float(np.abs(gains).sum()) / 2
    fact = f"{moved:.0%} of the numbers lie elsewhere; the longest bar is {most:.1%}"
    return [*rows, *wrap_text(fact if most else "the same distribution", width, "muted")]


def side_by_side(columns: Sequence[Sequence[Row]], width: int, gap: int) -> list[Row]:
    """Rows of equal columns beside each other."""
    from tui.ui.line_widget import fit_or_cut

    height = max(map(len, columns), default=0)
    blank: Row = (Span(" " * width),)
    between: Row = (Span(" " * gap),)
    rows: list[Row] = []
    for y in range(height):
        row: list[Span] = []
        for place, column in enumerate(columns):
            row += between if place else ()
            row += fit_or_cut(column[y], width) if y < len(column) else blank
        rows.append(tuple(row))
    return rows
