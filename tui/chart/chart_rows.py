"""A whole chart: what it is drawn from, and its legend, plot and axes as rows of spans with style names."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from tui.chart.chart_legend import header, missing_sign
from tui.chart.chart_view import ChartView, Range
from tui.chart.scale import Tick, x_ticks
from tui.ui.curve_colours import (
    BASELINE_DASH,
    DASHES,
    LETTERS,
    PART_DASH,
    dash_of,
)
from tui.ui.span import Row, Span, fitted, row_text
from tui.ui.wrap import wrap_text

if TYPE_CHECKING:
    from tui.chart.curve_arrays import ChartCurve
    from tui.chart.plot_area import Canvas, Plot, Symbols
    from tui.chart.scale import YScale


Kind = Literal["checkpoint", "pause", "set"]

SIGNS: dict[Kind, str] = {"checkpoint": "◆", "pause": "‖", "set": "▲"}
ASCII_SIGNS: dict[Kind, str] = {"checkpoint": "#", "pause": "=", "set": "^"}


@dataclass(frozen=True, slots=True)
class ChartMark:
    """`text` describes it, such as "lr 0.1 → 0.01"; empty where the sign is enough."""

    step: float
    kind: Kind
    text: str = ""


@dataclass(frozen=True, slots=True)
class CurveSeries:
    """A labelled curve; `key` identifies its run or metric."""

    key: str
    label: str
    curve: ChartCurve
    hue: int = 0
    part: str = ""
    """distinguishes curves of one key: empty, or `val` for the validation beside the training"""

    def __len__(self) -> int:
        return len(self.curve)


HEADROOM = 16
NEARBY = 120
MARKS_NAMED = 3
CROWD = 8
"""with more curves than this the raw values of the selected one stand out"""


@dataclass(frozen=True, slots=True)
class Scene:
    """`letters`: curves are distinguished by letters, for terminals without colours."""

    view: ChartView = field(default_factory=ChartView)
    series: tuple[CurveSeries, ...] = ()
    selected: str | None = None
    marks: tuple[ChartMark, ...] = ()
    live: bool = False
    symbols: Symbols = "braille"
    letters: bool = False
    lacking: tuple[str, ...] = ()
    """labels of the shown runs that have no such metric"""
    unplaced: tuple[str, ...] = ()
    """labels of those that have the metric and no such x axis"""
    baseline: str = ""
    """key of the curve that the others are compared with"""
    within: Range | None = None
    """x range that is shown at least while the view has no range of its own"""
    least_gutter: int = 6
    """cells left of the plot at least, so that charts above one another have aligned x axes"""
    unit: str = "step"
    """name of the x axis while it does not show time"""
    columns: int = 2
    """columns of dots; a curve with fewer points is not smoothed"""
    legend_key: str = ""
    """the key that lists all curves, named where some have no room in the legend"""
    empty: str = "no points yet"
    """text while there is nothing to draw"""
    title: str = ""
    """empty: the name of the metric"""
    small: bool = False
    """one of many charts, which share a legend: above the plot are only title and value"""
    chosen: bool = False
    """whether a small one is under the cursor"""

    @property
    def main(self) -> CurveSeries | None:
        """The selected one, else the first; None without curves."""
        first = self.series[0] if self.series else None
        return next((series for series in self.series if series.key == self.selected), first)

    def is_one_of_many(self, series: CurveSeries) -> bool:
        """Whether the curve is not the selected one, among more curves than there are hues."""
        main = self.main
        return main is not None and series.key != main.key and len(self.keys) > CROWD

    def has_part(self, key: str) -> bool:
        """Whether a curve of validation is drawn over the one of training."""
        return any(one.part and one.key == key and len(one) for one in self.series)

    @property
    def keys(self) -> list[str]:
        """Of the runs, in their order; one may have several curves."""
        return list(dict.fromkeys(series.key for series in self.series))

    @property
    def drawn(self) -> tuple[CurveSeries, ...]:
        """The series in drawing order: validation over all training, then the selected run over others."""
        main = self.main
        selected = main.key if main is not None else ""
        return tuple(sorted(self.series, key=lambda one: (bool(one.part), one.key == selected)))

    def has_groups(self) -> bool:
        """Whether a curve is the mean of a group of runs."""
        return any(series.curve.note(None, self.view.axis) for series in self.series)

    @property
    def x_name(self) -> str:
        return self.unit if self.view.axis == "step" else self.view.axis

    def is_smoothed(self, series: CurveSeries) -> bool:
        """False for a curve of few points: smoothing would draw values that were not measured."""
        return self.view.amount > 0 and len(series) >= self.columns

    def smooth_near(self, series: CurveSeries, position: float) -> float | None:
        """The value of the smoothed line nearest to a position; None where there is none."""
        visible = self.visible_range()
        if visible is None or not self.is_smoothed(series):
            return None
        where, values = series.curve.smoothed(self.view.axis, visible, self.columns, self.view.amount)
        if not len(where):
            return None
        value = float(values[abs(where - position).argmin()])
        return value if math.isfinite(value) else None

    def dash(self, series: CurveSeries) -> tuple[int, ...]:
        """Columns of dots drawn and left out in turn; empty for a solid line: gaps in the selected curve
        would read as missing values."""
        if self.symbols == "ascii":
            return ()  # lines of letters
        if series.part:
            return PART_DASH
        if series.key == self.baseline:
            return BASELINE_DASH
        return () if series is self.main else DASHES[dash_of(series.hue)]

    def letter(self, series: CurveSeries) -> str:
        place = self.keys.index(series.key)
        if any(one.part for one in self.series):  # those of a part in small letters
            letter = LETTERS[place % (len(LETTERS) // 2)]
            return letter.lower() if series.part else letter
        return LETTERS[place % len(LETTERS)]

    def mark_text_at(self, position: float) -> str:
        """The texts of the marks nearest to a position, at most three; empty where none is near."""
        visible, main = self.visible_range(), self.main
        if visible is None or main is None:
            return ""
        axis = self.view.axis
        step = main.curve.translated(position, axis, "step")
        reach = (visible[1] - visible[0]) / NEARBY
        if axis != "step":
            reach = main.curve.translated(position + reach, axis, "step") - step
        near = [mark for mark in self.marks if mark.text and abs(mark.step - step) <= reach]
        near.sort(key=lambda mark: abs(mark.step - step))
        return ", ".join(dict.fromkeys(mark.text for mark in near[:MARKS_NAMED]))

    def full_range(self) -> Range | None:
        """The x range of all series, and of `within`; None without points."""
        spans = [span for series in self.series if (span := series.curve.span(self.view.axis))]
        if not spans:
            return None
        spans += [self.within] if self.within is not None else []
        return min(span[0] for span in spans), max(span[1] for span in spans)

    def visible_range(self) -> Range | None:
        """The visible x range; None without points. A live one has spare room on its right, so that new
        points rarely change it."""
        whole = self.full_range()
        if whole is None:
            return None
        if self.view.x is None:
            return _roomy(whole) if self.live else _wide(whole)
        low, high = self.view.x
        if low >= whole[1] or high <= whole[0]:
            return _wide(whole)  # the range of another, longer run: nothing of this one would be visible
        if self.live and self.view.follow and whole[1] > high:
            jump = (high - low) / 8
            shift = math.ceil((whole[1] - high) / jump) * jump
            low, high = low + shift, high + shift
        return low, high


def _roomy(whole: Range) -> Range:
    low, high = _wide(whole)
    room = 2.0 ** math.ceil(math.log2((high - low) / HEADROOM))
    return low, low + math.ceil((high - low) / room + 1e-9) * room


def _wide(whole: Range) -> Range:
    low, high = whole
    if high > low:
        return (0.0 if 0 < low <= (high - low) / 50 else low), high
    pad = max(abs(low) * 0.01, 1.0)
    return low - pad, high + pad


LEAST_WIDTH, LEAST_HEIGHT = 20, 5
DOTS_ACROSS = {"braille": 2, "block": 2, "ascii": 1}
"""columns of dots in a cell; not read from the canvas, so that a chart without points needs no NumPy"""
LINES = {"side": "│", "tick": "┤", "corner": "└", "floor": "─", "under": "┬"}
ASCII_LINES = {"side": "|", "tick": "+", "corner": "+", "floor": "-", "under": "+"}


@dataclass(slots=True)
class KeptCurves:
    """Scale and curves of the last picture: while only the crosshair moves they are not drawn again."""

    _key: object = None
    _scale: YScale | None = None
    _curves: Canvas | None = None

    def scale(self, scene: Scene, visible: Range, size: tuple[int, int]) -> YScale | None:
        from tui.chart.plot_area import fit_scale

        view = replace(scene.view, crosshair=None)
        bare = replace(scene, view=view, chosen=False, marks=(), lacking=(), title="", empty="")
        key = bare, visible, size, tuple(series.curve.version for series in scene.series)
        if key != self._key:
            self._key, self._curves = key, None
            self._scale = fit_scale(scene, visible, size[1])
        return self._scale

    def curves(self, plot: Plot) -> Canvas:
        """Those of the scale that was asked for last."""
        if self._curves is None:
            self._curves = plot.curves()
        return self._curves


def picture(scene: Scene, width: int, height: int, kept: KeptCurves | None = None) -> list[Row]:
    """`height` rows of exactly `width` cells; `kept` is that of the last picture of this chart."""
    kept = kept or KeptCurves()
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return _message([], f"chart: needs {LEAST_WIDTH}x{LEAST_HEIGHT}", width, height)
    scene = with_columns(scene, width)
    head = header(scene, width, _header_rows(height))
    visible = scene.visible_range()
    if visible is None:
        return _message(head, scene.empty, width, height)
    from tui.chart.plot_area import Plot

    scene = drawn_scene(scene, visible)
    scale = kept.scale(scene, visible, (width, height - len(head) - 2))
    if scale is None and scene.small and scene.view.log:  # beside others that have positive values
        scene = replace(scene, view=replace(scene.view, log=False))
        scale = kept.scale(scene, visible, (width, height - len(head) - 2))
    if scale is None:
        return _message(head, _nothing(scene), width, height)
    gutter = _gutter(scene, scale)
    plot = Plot(scene, visible, width - gutter - 1, scale)
    return [*head, *_body(plot, gutter, kept.curves(plot)), *_foot(plot, gutter, width)]


def with_columns(scene: Scene, width: int) -> Scene:
    """The scene with `columns` set from a width in cells; it decides which curves are smoothed."""
    return replace(scene, columns=width * DOTS_ACROSS[scene.symbols])


def drawn_scene(scene: Scene, visible: Range) -> Scene:
    """The scene with what is drawn of each curve in a range; its `columns` are set."""
    view = scene.view
    return replace(
        scene,
        series=tuple(
            replace(series, curve=series.curve.drawn(view.axis, visible, scene.columns))
            for series in scene.series
        ),
    )


def plot_area(scene: Scene, width: int, height: int) -> tuple[int, int] | None:
    """First column and width of the plot in cells, or None where no curve is drawn."""
    visible = scene.visible_range()
    if visible is None or width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return None
    from tui.chart.plot_area import fit_scale

    scene = with_columns(scene, width)
    drawn = drawn_scene(scene, visible)
    scale = fit_scale(drawn, visible, height - len(header(scene, width, _header_rows(height))) - 2)
    if scale is None:
        return None
    gutter = _gutter(scene, scale)
    return gutter, width - gutter - 1


def stepped_crosshair(scene: Scene, width: int, height: int, cells: int) -> float | None:
    """The position of the next point of the selected curve about that many cells away.

    The newest visible one where there is no crosshair in sight; None where it stays where it is.
    """
    main, visible, area = scene.main, scene.visible_range(), plot_area(scene, width, height)
    if main is None or not len(main) or visible is None or area is None:
        return None
    axis, now = scene.view.axis, scene.view.crosshair
    if now is None or not visible[0] <= now <= visible[1]:
        return main.curve.nearest_position(visible[1], axis)
    there = main.curve.beyond(now, axis, cells * (visible[1] - visible[0]) / area[1])
    return there if there is not None and visible[0] <= there <= visible[1] else None


def _gutter(scene: Scene, scale: YScale) -> int:
    """Cells for the y labels and the axis line; at least `least_gutter`, so that labels rarely change it."""
    return max(scene.least_gutter, 2 + max((len(label) for _, label in scale.labels), default=0))


def _header_rows(height: int) -> int:
    return 1 if height < 9 else 2 if height < 16 else 3 if height < 28 else 4 if height < 36 else 8


def _nothing(scene: Scene) -> str:
    low, high = scene.visible_range() or (0.0, 0.0)
    if scene.view.x is not None:
        return f"nothing to show between {low:g} and {high:g}"
    from tui.chart.plot_area import fit_scale

    is_any_finite = fit_scale(replace(scene, view=replace(scene.view, log=False)), (low, high), 5) is not None
    return "no positive value for the log axis" if is_any_finite else "no finite value"


def _message(head: list[Row], message: str, width: int, height: int) -> list[Row]:
    rows = list(head[:height])
    texts = [row_text(row) for row in wrap_text(message, width, "tag")]
    first = max(len(rows), (len(rows) + height + 1 - len(texts)) // 2)
    while len(rows) < height:
        line = len(rows) - first
        text = texts[line].center(width) if 0 <= line < len(texts) else ""
        rows.append(fitted((Span(text, "tag"),), width))
    return rows


def _lines(scene: Scene) -> dict[str, str]:
    return ASCII_LINES if scene.symbols == "ascii" else LINES


def _body(plot: Plot, gutter: int, curves: Canvas) -> list[Row]:
    labels, lines = dict(plot.scale.labels), _lines(plot.scene)
    rows = []
    for number, row in enumerate(plot.canvas(curves).lines()):
        label = labels.get(number, "")
        side = lines["tick" if label else "side"]
        rows.append((Span(label.rjust(gutter - 1), "label"), Span(side, "axis"), *row, Span(" ")))
    return rows


def _foot(plot: Plot, gutter: int, width: int) -> list[Row]:
    room = (len(plot.scene.x_name) + 1 - gutter, plot.cells + 1)
    ticks = x_ticks(*plot.visible, plot.cells, plot.scene.view.axis, room=room)
    return [_floor(plot, ticks, gutter, width), _labels(plot.scene, ticks, gutter, width)]


def _floor(plot: Plot, ticks: list[Tick], gutter: int, width: int) -> Row:
    lines, signs, missing = _lines(plot.scene), plot.signs(), plot.missing_cells()
    spans = [Span(" " * (gutter - 1) + lines["corner"], "axis")]
    under, counts = {tick.cell for tick in ticks}, plot.count_letters()
    for cell in range(plot.cells):
        if cell in counts:
            spans.append(Span(counts[cell], "label"))
        elif cell in missing:
            spans.append(Span(missing_sign(plot.scene.symbols), "alert"))
        elif cell in signs:
            sign, mark = signs[cell]
            spans.append(Span(sign, f"mark-{mark.kind}"))
        else:
            spans.append(Span(lines["under" if cell in under else "floor"], "axis"))
    return fitted(_merged(spans), width)


def _labels(scene: Scene, ticks: list[Tick], gutter: int, width: int) -> Row:
    text = " " * width
    for tick in ticks:
        start = tick.start + gutter
        text = text[:start] + tick.label + text[start + len(tick.label) :]
    name = scene.x_name
    return fitted((Span(name, "tag"), Span(text[len(name) :], "label")), width)


def _merged(spans: list[Span]) -> Row:
    rows: list[Span] = []
    for span in spans:
        if rows and rows[-1].style_name == span.style_name:
            rows[-1] = Span(rows[-1].text + span.text, span.style_name)
        else:
            rows.append(span)
    return tuple(rows)
