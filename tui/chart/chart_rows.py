"""A whole chart: what it is drawn from, and its legend, plot and axes as rows of spans with style names."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from rich.cells import cell_len

from engine.system_metrics import is_system
from tui.chart.chart_view import Axis, Band, ChartView, Range
from tui.chart.scale import Tick, x_ticks
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.curve_colours import (
    BASELINE_DASH,
    DASH_SIGNS,
    DASHES,
    LETTERS,
    PART_DASH,
    PART_SIGN,
    PART_SWATCH,
    dash_of,
    style_name_of,
)
from tui.ui.numbers import clock, short, wall_clock, whole
from tui.ui.span import Row, Span, clipped, fitted, row_text, row_width
from tui.ui.wrap import wrap_text

if TYPE_CHECKING:
    from tui.chart.curve_arrays import ChartCurve, CurvePoint
    from tui.chart.plot_area import Canvas, Plot, Symbols
    from tui.chart.scale import YScale


Kind = Literal["checkpoint", "pause", "set"]

SIGNS: dict[Kind, str] = {"checkpoint": "◆", "pause": "‖", "set": "▲"}
ASCII_SIGNS: dict[Kind, str] = {"checkpoint": "#", "pause": "=", "set": "^"}


def missing_sign(symbols: Symbols) -> str:
    """On the x axis, below a value that is no number."""
    return "x" if symbols == "ascii" else "×"


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

    @property
    def keys(self) -> list[str]:
        """Of the runs, in their order; one may have several curves."""
        return list(dict.fromkeys(series.key for series in self.series))

    @property
    def drawn(self) -> tuple[CurveSeries, ...]:
        """The series in drawing order: those of the selected run last, on top, validation over training."""
        main = self.main
        selected = main.key if main is not None else ""
        return tuple(sorted(self.series, key=lambda one: (one.key == selected, bool(one.part))))

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


BAND_TEXTS: Mapping[Band, str] = {
    "range": "mean, min to max", "error": "mean, standard error", "none": "mean"
}  # fmt: skip
LONGEST_LABEL = 28
VALUE_WIDTH = 7
MORE = 11
"""cells for how many curves have no room, besides the key that lists them"""
BETWEEN = Span("   ")


def header(scene: Scene, width: int, most: int) -> list[Row]:
    """At most `most` rows: title and curves in one row where they fit, else the curves below the title.

    Last values are left out where all curves are named only without them and there is no crosshair.
    """
    if scene.small:
        return [_small_header(scene, width)]
    title: Row = (Span(plain(scene.title or scene.view.metric or "metric", limit=40), "title"),)
    tags = _tags(scene)
    found = entries(scene)
    room = width - row_width(tags) - 2
    if len(_joined([title, *found], room)) > len(found) or not found:
        return [_split(_flat([title, *found]), tags, width)]
    if most == 1:
        return [_in_one(scene, title, found, tags, width)]
    names = _names(scene)
    are_named = len(names) == len(found) and scene.view.crosshair is None
    if are_named and _fits(names, width, most - 1) and not _fits(found, width, most - 1):
        found = names
    return [_split(title, tags, width), *_wrapped(found, width, most - 1, scene.legend_key)]


def _small_header(scene: Scene, width: int) -> Row:
    """The title, and on its right the values of the selected run: at the crosshair, else the last ones."""
    main, sign = scene.main, glyphs().choice[1] if scene.chosen else " "
    values = _values(scene, [one for one in scene.series if main is not None and one.key == main.key])
    text = plain(scene.title or scene.view.metric, limit=200)
    title = Span(sign + text, "chosen" if scene.chosen else "title")
    room = width - row_width(values) - 1
    return (*fitted((*clipped((title,), room - 1), Span(" ")), room), *values, Span(" "))


def _values(scene: Scene, curves: Sequence[CurveSeries]) -> Row:
    spans: list[Span] = []
    for series in curves:
        if (point := value_point(scene, series)) is not None:
            sign = f" {PART_SIGN}" if series.part and spans else PART_SIGN if series.part else ""
            style_name = "value" if math.isfinite(point.value) else "alert"
            spans += [Span(sign, style_name_of(series.hue)), Span(short(point.value), style_name)]
    return tuple(spans)


def value_point(scene: Scene, series: CurveSeries) -> CurvePoint | None:
    """The point whose value a legend shows: that at the crosshair, else the last one. None for a gap, too."""
    place = scene.view.crosshair
    curve = series.curve
    found = curve.last() if place is None else curve.near(place, scene.view.axis)
    is_gap = found is not None and math.isnan(found.value) and is_system(scene.view.metric)
    return None if is_gap else found


def entries(scene: Scene) -> list[Row]:
    """An entry per run with the value of each of its curves, then one per run without the metric."""
    found = [
        tuple(span for series in group for span in _entry(scene, series, series is not group[0]))
        for group in _groups(scene)
    ]
    found += [_missing_entry(scene, label) for label in scene.lacking]
    return found + [_unplaced_entry(scene, label) for label in scene.unplaced]


def _in_one(scene: Scene, title: Row, found: list[Row], tags: Row, width: int) -> Row:
    """With values, else without, where all fit; else as many names as fit and the count of the others."""
    names = _names(scene)
    for some, right in ((found, tags), (found, ()), (names, tags), (names, ())):
        room = width - (row_width(right) + 2 if right else 0)
        if row_width(_flat([title, *some])) <= room and len(some) == len(found):
            return _split(_flat([title, *some]), right, width)
    return fitted(_with_rest([title, *names], width, len(found), scene.legend_key), width)


def _with_rest(some: list[Row], width: int, count: int, key: str) -> Row:
    """The title, as many of the curves as fit, and how many of `count` do not."""
    kept = _joined(some, width - _room_for_more(key))
    left = count - (len(kept) - 1)
    return (*_flat(kept), *_more(left, key)) if left else _flat(kept)


def _room_for_more(key: str) -> int:
    return MORE + (len(f" ({key})") if key else 0)


def _more(count: int, key: str) -> Row:
    """+4 more (i)"""
    return (Span(f"   +{count} more" + (f" ({key})" if key else ""), "tag"),)


def _groups(scene: Scene) -> list[list[CurveSeries]]:
    """The curves of each run: the baseline first, then the selected one, then the others in their order.

    With a crosshair the highest value there first.
    """
    selected = scene.main.key if scene.main is not None else ""
    keys = sorted(scene.keys, key=lambda key: (key != scene.baseline, key != selected))
    found = [[series for series in scene.series if series.key == key] for key in keys]
    return (
        found
        if scene.view.crosshair is None
        else sorted(found, key=lambda group: from_the_top(scene, group[0]))
    )


def from_the_top(scene: Scene, series: CurveSeries) -> tuple[int, float]:
    """A sort key: the highest value at the crosshair first, then NaN, then curves without a value there."""
    point = value_point(scene, series)
    if point is None:
        return 2, 0.0
    return (1, 0.0) if math.isnan(point.value) else (0, -point.value)


def _names(scene: Scene) -> list[Row]:
    """The name of each run, with the swatches of its curves."""
    return [
        tuple(span for series in group for span in _name(scene, series, series is not group[0]))
        for group in _groups(scene)
    ]


def _name(scene: Scene, series: CurveSeries, follows: bool = False) -> Row:
    """`follows`: behind the name of the run, which is not repeated."""
    swatch = Span(swatch_of(scene, series) + " ", style_name_of(series.hue))
    if follows:
        return (Span(" "), swatch, Span(series.part, "tag"))
    part = f" {series.part}" if series.part else ""
    style_name = "label" if len(scene.keys) > 1 else "tag"
    return (swatch, Span(plain(series.label, limit=LONGEST_LABEL) + part, style_name))


def _entry(scene: Scene, series: CurveSeries, follows: bool = False) -> Row:
    view = scene.view
    point = value_point(scene, series)
    spans = [*_name(scene, series, follows)]
    if point is None:
        return (*spans, Span(f" {_where_it_is(scene, series):<{VALUE_WIDTH}}", "tag"))
    value = short(point.value)
    spans.append(Span(f" {value:<{VALUE_WIDTH}}", "value" if math.isfinite(point.value) else "alert"))
    spans += _difference(scene, series, point)
    if note := series.curve.note(view.crosshair, view.axis):
        spans.append(Span(note, "tag"))
    if view.amount:
        smooth = scene.smooth_near(series, series.curve.translated(point.step, "step", view.axis))
        spans.append(Span(f" {'raw' if smooth is None else f'~{short(smooth)}':<{VALUE_WIDTH + 1}}", "tag"))
    return tuple(spans)


def _where_it_is(scene: Scene, series: CurveSeries) -> str:
    """Where a curve without a value at the crosshair begins or ends: ends at 400"""
    axis, place = scene.view.axis, scene.view.crosshair
    span = series.curve.span(axis)
    if span is None:
        return "no points"
    if place is None or span[0] <= place <= span[1]:
        return "not measured"
    word, end = ("starts", span[0]) if place < span[0] else ("ends", span[1])
    return f"{word} at {_position_text(axis, end)}"


def _position_text(axis: Axis, position: float) -> str:
    return {"time": clock, "clock": wall_clock}.get(axis, whole)(position)


def _difference(scene: Scene, series: CurveSeries, point: CurvePoint) -> Row:
    """The difference to the baseline: at the crosshair, else between the last values."""
    key, part = scene.baseline, series.part
    base = next((one for one in scene.series if one.key == key and one.part == part), None)
    if base is None or base is series:
        return (Span(" baseline", "tag"),) if base is series else ()
    view = scene.view
    there = base.curve.last() if view.crosshair is None else base.curve.near(view.crosshair, view.axis)
    difference = point.value - there.value if there is not None else math.nan
    if not math.isfinite(difference):
        return ()
    text = f"{'+' if difference >= 0 else '-'}{short(abs(difference))}"
    return (Span(f" {text:<{VALUE_WIDTH}}", "tag"),)


def _missing_entry(scene: Scene, label: str) -> Row:
    """xor-8f8b: no val_loss"""
    metric = plain((scene.title or scene.view.metric).replace(" + ", " or "), limit=40)
    text = f"{plain(label, limit=LONGEST_LABEL)}: no {metric}"
    return (Span(text, "tag"),)


def _unplaced_entry(scene: Scene, label: str) -> Row:
    """xor-8f8b: no epoch"""
    return (Span(f"{plain(label, limit=LONGEST_LABEL)}: no {scene.x_name}", "tag"),)


def swatch_of(scene: Scene, series: CurveSeries) -> str:
    if scene.letters and len(scene.series) > 1:
        return scene.letter(series)
    if scene.symbols == "ascii":
        return scene.letter(series) if len(scene.series) > 1 else "*"
    if series.part:
        return PART_SWATCH
    if series.key == scene.baseline:
        return glyphs().baseline + DASH_SIGNS[1]
    return 2 * DASH_SIGNS[0 if series is scene.main else dash_of(series.hue)]


def _tags(scene: Scene) -> Row:
    view = scene.view
    spans = [Span(_crosshair_text(scene), "crosshair")] if view.crosshair is not None else []
    if view.smoothing:
        spans.append(Span("raw" if view.raw else f"smoothing {view.smoothing:g}", "tag"))
    has_missing = any(len(series) and len(series.curve.missing) for series in scene.series)
    if has_missing and not is_system(view.metric):
        spans.append(Span(f"{missing_sign(scene.symbols)} NaN", "alert"))
    if view.log:
        spans.append(Span("log", "tag"))
    if scene.has_groups():
        spans.append(Span(BAND_TEXTS[view.band], "tag"))
    if view.y_range is not None:
        spans.append(Span(f"y {short(view.y_range[0])} to {short(view.y_range[1])}", "tag"))
    elif view.trimmed:
        spans.append(Span("outliers ignored", "tag"))
    if view.x is not None:
        spans.append(Span("zoom", "tag"))
    if scene.live:
        spans.append(Span("live", "live") if view.x is None or view.follow else Span("held", "tag"))
    return tuple(part for span in spans for part in (Span(" · ", "axis"), span))[1:]


def place_text(scene: Scene) -> str:
    """The position of the crosshair: step 1,200"""
    view = scene.view
    assert view.crosshair is not None
    name = "" if view.axis in ("time", "clock") else f"{scene.x_name} "
    return f"{name}{_position_text(view.axis, view.crosshair)}"


def _crosshair_text(scene: Scene) -> str:
    """The position of the crosshair, and the marks there."""
    view, place = scene.view, place_text(scene)
    assert view.crosshair is not None
    text = scene.mark_text_at(view.crosshair)
    return f"{place} · {plain(text, limit=40)}" if text else place


def _joined(entries: list[Row], width: int) -> list[Row]:
    """As many entries as fit, the first one always."""
    kept, room = entries[:1], width - row_width(entries[0])
    for entry in entries[1:]:
        room -= row_width(entry) + cell_len(BETWEEN.text)
        if room < 0:
            break
        kept.append(entry)
    return kept


def _fits(entries: list[Row], width: int, most: int) -> bool:
    """Whether all entries fit into `most` rows."""
    for _ in range(most):
        entries = entries[len(_joined(entries, width)) :] if entries else entries
    return not entries


def _wrapped(entries: list[Row], width: int, most: int, key: str) -> list[Row]:
    rows: list[Row] = []
    left = entries
    while left and len(rows) < most:
        last = len(rows) == most - 1
        kept = _joined(left, width)
        if last and len(kept) < len(left):
            kept = _joined(left, width - _room_for_more(key))
            more = _more(len(left) - len(kept), key)
            room = width - row_width(more)
            shown = _flat(kept) if row_width(_flat(kept)) <= room else fitted(_flat(kept), room)
            return [*rows, fitted((*shown, *more), width)]
        rows.append(fitted(_flat(kept), width))
        left = left[len(kept) :]
    return rows


def _flat(entries: list[Row]) -> Row:
    return tuple(span for entry in entries for span in (BETWEEN, *entry))[1:]


def _split(left: Row, right: Row, width: int) -> Row:
    """`left` and `right` aligned to the edges; `left` is cut where they meet."""
    room = width - row_width(right)
    if not right or room < 10:
        return fitted(left, width)
    return (*fitted((*fitted(left, room - 1), Span(" ")), room), *right)


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
