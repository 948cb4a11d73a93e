"""The plot area: curves as dots, the range of every column of them; grid, marks and crosshair on a canvas."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.system_metrics import is_system
from tui.chart.chart_rows import ASCII_SIGNS, SIGNS, ChartMark, CurveSeries, Scene
from tui.chart.chart_view import ChartView, Range
from tui.chart.curve_arrays import Floats, Indices, ValueBlocks
from tui.chart.group_curve import BELOW_ALL, SampledGroup
from tui.chart.scale import YScale, linear_scale, log_scale
from tui.drawings import braille_cells
from tui.ui.curve_colours import PART_SIGN, style_name_of
from tui.ui.span import Row, Span

Symbols = Literal["braille", "block", "ascii"]

BLANK = ord(" ")
QUARTERS = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"


@dataclass(frozen=True, slots=True)
class DotTrace:
    """Rows of dots counted from the top, one pair per column of dots; empty where top > bottom."""

    top: NDArray[np.int64]
    bottom: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class DotPen:
    """How dots become characters.

    `across` x `down` dots per cell, the bit of each dot, and the character for every sum of bits.
    """

    across: int
    down: int
    weights: NDArray[np.uint8]
    characters: NDArray[np.uint32]


@cache
def dot_pen(symbols: Symbols, letter: str = "*") -> DotPen:
    if symbols == "braille":
        characters = [BLANK, *range(braille_cells.BLANK + 1, braille_cells.BLANK + 256)]
        return DotPen(2, 4, np.array(braille_cells.WEIGHTS, np.uint8), np.array(characters, np.uint32))
    if symbols == "block":
        weights = np.array([[1, 2], [4, 8]], np.uint8)
        return DotPen(2, 2, weights, np.array([ord(quarter) for quarter in QUARTERS], np.uint32))
    return DotPen(1, 1, np.array([[1]], np.uint8), np.array([BLANK, ord(letter)], np.uint32))


class Canvas:
    """`rows` x `columns` cells; a later drawing replaces, cell by cell, an earlier one."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns = columns
        self.rows = rows
        self._characters = np.full((rows, columns), BLANK, np.uint32)
        self._style_numbers = np.zeros((rows, columns), np.int64)
        self._names: list[str] = [""]

    def copy(self) -> Canvas:
        made = Canvas(self.columns, self.rows)
        made._characters[:], made._style_numbers[:] = self._characters, self._style_numbers
        made._names = self._names.copy()
        return made

    def paint(self, trace: DotTrace, pen: DotPen, style_name: str, *, textured: bool = False) -> None:
        """Draw a line of `columns * pen.across` columns of dots; `textured`: only some of its dots."""
        bits = _bits(trace, pen, self.rows)
        if textured:
            bits &= _texture(pen)
        marked = bits > 0
        self._characters[marked] = pen.characters[bits[marked]]
        self._style_numbers[marked] = self._style_number(style_name)

    def paint_dots(self, dots: NDArray[np.bool_], pen: DotPen, style_name: str) -> None:
        """Draw a mask of dots of shape (rows * pen.down, columns * pen.across)."""
        cells = dots.reshape(self.rows, pen.down, self.columns, pen.across)
        bits = (cells * pen.weights[None, :, None, :]).sum(axis=(1, 3), dtype=np.uint8)
        marked = bits > 0
        self._characters[marked] = pen.characters[bits[marked]]
        self._style_numbers[marked] = self._style_number(style_name)

    def write(self, row: int, column: int, text: str, style_name: str) -> None:
        """Write text over what is drawn; what lies outside the canvas is dropped."""
        for place, character in enumerate(text):
            self.put(row, column + place, character, style_name)

    def put(self, row: int, column: int, character: str, style_name: str) -> None:
        """Write one character over what is drawn; outside the canvas nothing happens."""
        if 0 <= row < self.rows and 0 <= column < self.columns:
            self._characters[row, column] = ord(character)
            self._style_numbers[row, column] = self._style_number(style_name)

    def fill(self, rows: slice, columns: slice, character: str, style_name: str) -> None:
        """Write one character into the cells of an area that are still blank."""
        area = self._characters[rows, columns] == BLANK
        self._characters[rows, columns][area] = ord(character)
        self._style_numbers[rows, columns][area] = self._style_number(style_name)

    def lines(self) -> Iterable[Row]:
        """The rows as spans of one style; blank cells take the style of the span before them."""
        places = np.where(self._style_numbers > 0, np.arange(self.columns), 0)
        styles = np.take_along_axis(self._style_numbers, np.maximum.accumulate(places, axis=1), axis=1)
        for characters, row_styles in zip(self._characters, styles, strict=True):
            yield self._row(characters, row_styles)

    def _row(self, characters: NDArray[np.uint32], styles: NDArray[np.int64]) -> Row:
        text = characters.astype("<u4").tobytes().decode("utf-32-le")
        cuts = [0, *(np.flatnonzero(np.diff(styles)) + 1).tolist(), self.columns]
        return tuple(
            Span(text[start:stop], self._names[styles[start]])
            for start, stop in pairwise(cuts)
            if stop > start
        )

    def _style_number(self, name: str) -> int:
        if name not in self._names:
            self._names.append(name)
        return self._names.index(name)


def _bits(trace: DotTrace, pen: DotPen, rows: int) -> NDArray[np.uint8]:
    """(rows, columns): the sum of the bits of the dots that the trace covers in each cell."""
    tops = np.arange(rows)[:, None] * pen.down
    start = np.clip(trace.top - tops, 0, pen.down)
    stop = np.clip(trace.bottom - tops + 1, 0, pen.down)
    filled = _bits_of_ranges(pen)
    side = np.arange(len(trace.top)) % pen.across
    bits = filled[side, start, stop].reshape(rows, -1, pen.across)
    return np.asarray(bits.sum(axis=2, dtype=np.uint8))


@cache
def _texture(pen: DotPen) -> np.uint8:
    """The bits of every second dot, as on a chessboard; of a pen of one dot that dot."""
    rows, columns = np.indices(pen.weights.shape)
    return np.uint8(pen.weights[(rows + columns) % 2 == 0].sum())


@cache
def _bits_of_ranges(pen: DotPen) -> NDArray[np.uint8]:
    """[side, start, stop]: sum of the bits of the dots start .. stop - 1 in that dot column of a cell."""
    sums = np.zeros((pen.across, pen.down + 1, pen.down + 1), np.uint8)
    for start in range(pen.down):
        for stop in range(start + 1, pen.down + 1):
            sums[:, start, stop] = pen.weights[start:stop].sum(axis=0)
    return sums


RINGS = f"°{PART_SIGN}o"
"""in the upper part of a cell, its middle and its lower part"""


def _ring(within: int, pen: DotPen) -> str:
    return RINGS[round(within / (pen.down - 1) * (len(RINGS) - 1))]


FLAT = 3
"""a column of a dashed line is left out where it is less than this many rows of dots high"""


@dataclass(frozen=True, slots=True)
class Viewport:
    """The visible part: [low, high] on the x axis over `columns` of dots, `scale` over rows of cells.

    The first and the last column of dots are centred on `low` and `high`.
    """

    low: float
    high: float
    columns: int
    per_cell: int
    scale: YScale

    @property
    def height(self) -> int:
        return self.scale.rows * self.per_cell

    def column(self, positions: Floats) -> Floats:
        return (positions - self.low) / (self.high - self.low) * (self.columns - 1)

    def bounds(self, positions: Floats) -> Indices:
        """Indices of the first point of every column of dots, and of the first point past the last."""
        edges = self.low + (np.arange(self.columns + 1) - 0.5) / (self.columns - 1) * (self.high - self.low)
        edges[0], edges[-1] = self.low, np.nextafter(self.high, np.inf)
        return np.searchsorted(positions, edges).astype(np.int64)

    def rows(self, values: Floats) -> Floats:
        """Rows of dots, rounded to 6 digits so that equal values on the boundary of two rows stay equal."""
        return np.round(rows_of(self.scale, values, self.per_cell), 6)


def rows_of(scale: YScale, values: Floats, per_cell: int) -> Floats:
    """Rows of dots counted from the top; the value of a row of cells lies at the middle of its dots."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        heights = np.log10(values) if scale.log else values
        upward = heights / scale.per_row - scale.bottom / scale.per_row
        return np.clip((scale.rows - 0.5 - upward) * per_cell - 0.5, -1e7, 1e7)


def trace(positions: Floats, blocks: ValueBlocks, viewport: Viewport) -> DotTrace:
    """The range of every column, and the straight lines between the columns."""
    bounds = viewport.bounds(positions)
    low, high = blocks.extremes(bounds)
    top, bottom = viewport.rows(high), viewport.rows(low)
    drawn = DotTrace(np.full(viewport.columns, viewport.height), np.full(viewport.columns, -1))
    filled = np.flatnonzero(~np.isnan(low))
    _cover(drawn, filled, top[filled], bottom[filled], viewport.height)
    _connect(drawn, positions, blocks, bounds, viewport)
    return drawn


def dashed(line: DotTrace, dash: tuple[int, ...]) -> DotTrace:
    """The line with gaps: so many columns drawn, left out, drawn, and so on; steep columns stay."""
    if not dash:
        return line
    pattern = np.repeat(np.arange(len(dash)) % 2 == 1, dash)
    gap = pattern[np.arange(len(line.top)) % len(pattern)] & (line.bottom - line.top < FLAT)
    return DotTrace(np.where(gap, line.bottom.max(initial=0) + 1, line.top), np.where(gap, -1, line.bottom))


def _connect(
    drawn: DotTrace, positions: Floats, blocks: ValueBlocks, bounds: Indices, viewport: Viewport
) -> None:
    before, after = _neighbours(blocks, bounds)
    joined = blocks.joined(before, after)
    before, after = before[joined], after[joined]
    if not len(before):
        return
    values = blocks.values
    x0, x1 = viewport.column(positions[before]), viewport.column(positions[after])
    y0, y1 = viewport.rows(values[before]), viewport.rows(values[after])
    first = np.clip(np.rint(x0), 0, viewport.columns - 1).astype(np.int64)
    last = np.clip(np.rint(x1), 0, viewport.columns - 1).astype(np.int64)
    counts = last - first + 1
    which = np.repeat(np.arange(len(counts)), counts)
    column = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts) + first[which]
    start, stop = x0[which], x1[which]
    width = np.maximum(stop - start, 1e-12)
    slope = (y1[which] - y0[which]) / width
    left = y0[which] + slope * np.clip(np.maximum(column - 0.5, 0) - start, 0, width)
    right = y0[which] + slope * np.clip(np.minimum(column + 0.5, viewport.columns - 1) - start, 0, width)
    _cover(drawn, column, np.fmin(left, right), np.fmax(left, right), viewport.height)


def _neighbours(blocks: ValueBlocks, bounds: Indices) -> tuple[Indices, Indices]:
    """Last number of each non-empty column and first of the next, with one beyond either side."""
    wide = np.concatenate(([0], bounds, [len(blocks)]))
    first, last = blocks.ends(wide)
    filled = first <= last
    return last[filled][:-1], first[filled][1:]


def _cover(drawn: DotTrace, column: Indices, top: Floats, bottom: Floats, height: int) -> None:
    upper, lower = np.rint(top).astype(np.int64), np.rint(bottom).astype(np.int64)
    visible = (lower >= 0) & (upper < height)
    column, upper, lower = column[visible], upper[visible], lower[visible]
    np.minimum.at(drawn.top, column, np.maximum(upper, 0))
    np.maximum.at(drawn.bottom, column, np.minimum(lower, height - 1))


LETTER_EVERY = 24
NEAR_CELLS = 2
SPARSE = 4
"""cells per point from which on every point of a curve gets a sign"""
FEW = 20
"""fewer values than this have no outliers: a twentieth of them is less than one"""
SAMPLED = 20_000
"""values of a curve, evenly spaced, from which its percentiles are computed"""
SHARES = frozenset(("accuracy", "acc", "precision", "recall", "f1", "auc"))


@dataclass(frozen=True, slots=True)
class Plot:
    """The plot of a scene over the x range `visible`: `cells` wide, as many rows as `scale` has."""

    scene: Scene
    visible: Range
    cells: int
    scale: YScale

    @property
    def _pen(self) -> DotPen:
        return dot_pen(self.scene.symbols)

    def canvas(self, curves: Canvas | None = None) -> Canvas:
        """The whole plot, on a copy of `curves` where those are given."""
        canvas = (self.curves() if curves is None else curves).copy()
        self._draw_crosshair(canvas)
        self._draw_marks(canvas)
        self._draw_grid(canvas)
        return canvas

    def curves(self) -> Canvas:
        """The plot without crosshair, marks and grid."""
        canvas = Canvas(self.cells, self.scale.rows)
        self._draw_bands(canvas)
        self._draw_raw(canvas)
        areas = set[str]()
        traces = [(series, self._draw(canvas, series, areas)) for series in self.scene.drawn if len(series)]
        self._draw_points(canvas)
        self._draw_infinities(canvas)
        if self.scene.view.trimmed or self.scene.view.y_range is not None:
            self._draw_beyond(canvas)
        has_letters = self.scene.letters and len(traces) > 1
        for series, line in traces:
            if (has_letters or series.part) and self.scene.symbols != "ascii":
                self._draw_signs(canvas, series, line, self.scene.letter(series) if has_letters else "")
        return canvas

    def signs(self) -> dict[int, tuple[str, ChartMark]]:
        """The signs on the x axis: column -> sign and mark.

        In one cell a pause hides a change of a parameter, and that a checkpoint.
        """
        table = ASCII_SIGNS if self.scene.symbols == "ascii" else SIGNS
        order = {"checkpoint": 0, "set": 1, "pause": 2}
        marks = sorted(self.scene.marks, key=lambda mark: order[mark.kind])
        placed = ((self.mark_cell(mark), mark) for mark in marks)
        return {cell: (table[mark.kind], mark) for cell, mark in placed if cell is not None}

    def mark_cell(self, mark: ChartMark) -> int | None:
        position = mark.step
        if self.scene.main:
            position = self.scene.main.curve.translated(mark.step, "step", self.scene.view.axis)
        return self.cell(position)

    def cell(self, position: float) -> int | None:
        low, high = self.visible
        if not low <= position <= high:
            return None
        across = dot_pen(self.scene.symbols).across
        return round((position - low) / (high - low) * (self.cells * across - 1)) // across

    def _draw(self, canvas: Canvas, series: CurveSeries, areas: set[str]) -> DotTrace:
        """Training that is an area, not a line, is dim below its validation, which is drawn solid then.

        `areas` are the keys of such curves that were drawn.
        """
        pen = dot_pen(self.scene.symbols, self.scene.letter(series) if len(self.scene.series) > 1 else "*")
        is_smoothed = self.scene.is_smoothed(series)
        line = self._smooth_trace(series, pen) if is_smoothed else self._trace(series, pen)
        is_faint = self.scene.is_one_of_many(series) and not is_smoothed
        if self.scene.has_part(series.key) and not series.part and is_broad(line, pen):
            is_faint = True
            areas.add(series.key)
        dash = () if series.part and series.key in areas else self.scene.dash(series)
        canvas.paint(dashed(line, dash), pen, style_name_of(series.hue, faint=is_faint))
        return line

    def _draw_bands(self, canvas: Canvas) -> None:
        """Around the mean of each group, as a texture that leaves its line legible also without colours."""
        view, pen = self.scene.view, dot_pen(self.scene.symbols, ":")
        viewport = self._viewport(pen)
        for series in self.scene.drawn:
            band = band_of(series, view)
            if band is not None:
                positions = series.curve.positions(view.axis)
                low, high = (trace(positions, blocks, viewport) for blocks in band)
                both = DotTrace(np.minimum(high.top, low.top), np.maximum(low.bottom, high.bottom))
                canvas.paint(both, pen, style_name_of(series.hue, faint=True), textured=True)

    def count_letters(self) -> dict[int, str]:
        """On the x axis, where the number of runs of the selected group changes: n5, a letter by its cell."""
        main, found = self.scene.main, dict[int, str]()
        if main is None or not isinstance(main.curve, SampledGroup):
            return found
        low, high = self.visible
        for position, count in main.curve.changes():
            cell = self.cell(min(max(position, low), high)) or 0
            text = f"n{count}"
            start = min(cell, self.cells - len(text))
            if not any(at in found for at in range(start - 1, start + len(text))):
                found |= {start + place: letter for place, letter in enumerate(text)}
        return found

    def _draw_raw(self, canvas: Canvas) -> None:
        """Logged values of smoothed curves, faint, behind all lines; of many, the selected one's only."""
        pen = dot_pen(self.scene.symbols, ".")
        for series in self.scene.drawn:
            if self.scene.is_smoothed(series) and not self.scene.is_one_of_many(series):
                canvas.paint(self._trace(series, pen), pen, style_name_of(series.hue, faint=True))

    def _trace(self, series: CurveSeries, pen: DotPen) -> DotTrace:
        view, curve = self.scene.view, series.curve
        return trace(curve.positions(view.axis), curve.blocks(view.log), self._viewport(pen))

    def _smooth_trace(self, series: CurveSeries, pen: DotPen) -> DotTrace:
        """One dot per column, connected."""
        view, viewport, blocks = self.scene.view, self._viewport(pen), ValueBlocks()
        where, values = series.curve.smoothed(view.axis, self.visible, viewport.columns, view.amount)
        blocks.extend(np.where(values > 0, values, np.nan) if view.log else values)
        return trace(where, blocks, viewport)

    def _viewport(self, pen: DotPen) -> Viewport:
        return Viewport(*self.visible, self.cells * pen.across, pen.down, self.scale)

    def _draw_points(self, canvas: Canvas) -> None:
        """A sign for every point of a curve with few points; without colours the letter of the curve."""
        has_letters = self.scene.letters and len(self.scene.series) > 1
        for series in self.scene.drawn:
            if not self._is_sparse(series):
                continue
            positions = series.curve.positions(self.scene.view.axis)
            for position, value in zip(positions.tolist(), series.curve.values.tolist(), strict=True):
                cell, dot = self.cell(position), self._row(value, self._pen.down)
                if cell is not None and dot is not None:
                    row, within = divmod(dot, self._pen.down)
                    letter = self.scene.letter(series) if has_letters else ""
                    sign = letter or self._point_sign(series, within)
                    canvas.put(row, cell, sign, style_name_of(series.hue))

    def _point_sign(self, series: CurveSeries, within: int) -> str:
        """The sign of a point at a row of dots of its cell: a square of dots, of validation a ring."""
        if self.scene.symbols == "ascii":
            return "o"
        if series.part:
            return _ring(within, self._pen)
        rows = slice(max(within - 1, 0), within + 2)
        return chr(int(self._pen.characters[int(self._pen.weights[rows].sum())]))

    def _is_sparse(self, series: CurveSeries) -> bool:
        return 0 < len(series) * SPARSE <= self.cells

    def _draw_infinities(self, canvas: Canvas) -> None:
        sign = "!" if self.scene.symbols == "ascii" else "∞"
        for series in self.scene.drawn:
            if not len(series) or not len(series.curve.infinite):
                continue
            curve = series.curve
            upward = curve.values[curve.infinite] > 0
            for row, which in ((0, upward), (canvas.rows - 1, ~upward)):
                for cell in self._cells_with(series, curve.infinite[which]):
                    canvas.put(row, cell, sign, "alert")

    def _draw_beyond(self, canvas: Canvas) -> None:
        """Signs at the upper and the lower edge where finite values lie beyond it."""
        signs = "^v" if self.scene.symbols == "ascii" else "▲▼"
        viewport = Viewport(*self.visible, max(self.cells, 2), 1, self.scale)
        for series in self.scene.drawn:
            positions = series.curve.positions(self.scene.view.axis)
            low, high = series.curve.blocks(self.scene.view.log).extremes(viewport.bounds(positions))
            with np.errstate(invalid="ignore"):
                above, below = viewport.rows(high) < -0.5, viewport.rows(low) > self.scale.rows - 0.5
            for row, sign, cells in ((0, signs[0], above), (canvas.rows - 1, signs[1], below)):
                for cell in np.flatnonzero(cells).tolist():
                    canvas.put(row, cell, sign, style_name_of(series.hue))

    def missing_cells(self) -> set[int]:
        """The columns of cells with a value that is no number; of the machine's metrics it is a gap."""
        if is_system(self.scene.view.metric):
            return set()
        return {
            cell
            for series in self.scene.series
            if len(series) and len(series.curve.missing)
            for cell in self._cells_with(series, series.curve.missing)
        }

    def _cells_with(self, series: CurveSeries, points: NDArray[np.int64]) -> list[int]:
        """The columns of cells with at least one of these points, given by their indices in the curve."""
        viewport = Viewport(*self.visible, max(self.cells, 2), 1, self.scale)
        bounds = viewport.bounds(series.curve.positions(self.scene.view.axis))
        counts = np.diff(np.searchsorted(points, bounds))
        cells: list[int] = np.flatnonzero(counts).tolist()
        return cells

    def _draw_signs(self, canvas: Canvas, series: CurveSeries, line: DotTrace, letter: str) -> None:
        """The letter of a curve, or a ring, at even distances; not where each point has one."""
        if self._is_sparse(series):
            return
        pen = self._pen
        start = 4 + 5 * self.scene.series.index(series)
        for column in range(start * pen.across, len(line.top), LETTER_EVERY * pen.across):
            if line.top[column] <= line.bottom[column]:
                row, within = divmod(int(line.top[column] + line.bottom[column]) // 2, pen.down)
                canvas.put(row, column // pen.across, letter or _ring(within, pen), style_name_of(series.hue))

    def _draw_crosshair(self, canvas: Canvas) -> None:
        view = self.scene.view
        cell = self.cell(view.crosshair) if view.crosshair is not None else None
        if cell is None or view.crosshair is None:
            return
        ascii_only = self.scene.symbols == "ascii"
        for series in self.scene.drawn:
            sign = "O" if ascii_only else PART_SIGN if series.part else "●"
            point = series.curve.near(view.crosshair, view.axis)
            if point is not None:
                smooth = self.scene.smooth_near(series, view.crosshair)
                row = self._row(point.value if smooth is None else smooth)
                if row is not None:
                    canvas.put(row, cell, sign, style_name_of(series.hue))
        canvas.fill(slice(None), slice(cell, cell + 1), self._vertical("│"), "crosshair")

    def _row(self, value: float, per_cell: int = 1) -> int | None:
        """The row of cells, or of dots, of a value; None where it is not visible."""
        if not np.isfinite(value) or (self.scale.log and value <= 0):
            return None
        row = int(np.rint(rows_of(self.scale, np.array([value]), per_cell)[0]))
        return row if 0 <= row < self.scale.rows * per_cell else None

    def _draw_marks(self, canvas: Canvas) -> None:
        """A vertical line at the marks near the crosshair; the others have their sign on the axis alone."""
        view = self.scene.view
        here = self.cell(view.crosshair) if view.crosshair is not None else None
        if here is None:
            return
        for cell in self.signs():
            if abs(cell - here) <= NEAR_CELLS:
                canvas.fill(slice(None), slice(cell, cell + 1), self._vertical("┊"), "grid")

    def _draw_grid(self, canvas: Canvas) -> None:
        for row, _ in self.scale.labels:
            dots = "." if self.scene.symbols == "ascii" else "┈"
            step = 4 if self.scene.symbols == "ascii" else 1
            canvas.fill(slice(row, row + 1), slice(step - 1, None, step), dots, "grid")

    def _vertical(self, line: str) -> str:
        return "|" if self.scene.symbols == "ascii" else line


def is_broad(line: DotTrace, pen: DotPen) -> bool:
    """Whether it is an area rather than a line: half of its columns are half a row of cells high or more."""
    heights = (line.bottom - line.top)[line.top <= line.bottom]
    return len(heights) > 0 and 2 * float(np.median(heights)) >= pen.down


def band_of(series: CurveSeries, view: ChartView) -> tuple[ValueBlocks, ValueBlocks] | None:
    """The lower and the upper end of the band around the mean of a group; None for other curves."""
    return series.curve.band(view.band, log=view.log) if isinstance(series.curve, SampledGroup) else None


def fit_scale(scene: Scene, visible: Range, rows: int) -> YScale | None:
    """The y scale of the visible values, or of those without outliers; None where no value is visible."""
    lows, highs = [], []
    for series in scene.series:
        if len(series):
            band = band_of(series, scene.view)
            positions = series.curve.positions(scene.view.axis)
            bounds = np.searchsorted(positions, [visible[0], np.nextafter(visible[1], np.inf)]).astype(
                np.int64
            )
            for blocks in (series.curve.blocks(scene.view.log), *(band or ())):
                low, high = blocks.extremes(_with_neighbours(bounds, len(series)))
                lows.append(low[0] if low[0] != BELOW_ALL else np.nan)
                highs.append(high[0])
    if not lows or np.all(np.isnan(lows)):
        return None
    lowest, highest = float(np.nanmin(lows)), float(np.nanmax(highs))
    if scene.view.y_range is not None:
        lowest, highest = scene.view.y_range
    elif scene.view.trimmed:
        lowest, highest = _without_outliers(scene, visible, (lowest, highest))
    if scene.view.log:
        return log_scale(lowest, highest, rows)
    return linear_scale(lowest, highest, rows, ceiling_of(scene.view.metric))


def _without_outliers(scene: Scene, visible: Range, ends: Range) -> Range:
    """The 5th to the 95th percentile of the visible values, a tenth wider at both ends, within `ends`."""
    log, found = scene.view.log, []
    for series in scene.series:
        positions = series.curve.positions(scene.view.axis)
        first, last = np.searchsorted(positions, [visible[0], np.nextafter(visible[1], np.inf)])
        values = series.curve.values[first : last : max(1, (last - first) // SAMPLED)]
        found.append(values[np.isfinite(values) & ((values > 0) | (not log))])
    values = np.concatenate(found)
    if len(values) < FEW:
        return ends
    low, high = np.percentile(np.log10(values) if log else values, (5, 95))
    spare = (high - low) / 10
    low, high = (10.0**end if log else end for end in (low - spare, high + spare))
    return max(ends[0], float(low)), min(ends[1], float(high))


def ceiling_of(metric: str) -> float | None:
    """The largest possible value of a metric: 1 for accuracy and the like, by name; None where unknown."""
    last = metric.lower().replace("/", "_").rpartition("_")[2]
    return 1.0 if last in SHARES else None


def _with_neighbours(bounds: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """Bounds that include, where no point is visible, the points on both sides of the range."""
    if bounds[0] < bounds[1]:
        return bounds
    return np.array([max(bounds[0] - 1, 0), min(bounds[1] + 1, length)])
