"""The legend of a chart: title, swatch, name and value of each curve, as the rows above the plot."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len

from engine.system_metrics import is_system
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.curve_colours import DASH_SIGNS, PART_SIGN, PART_SWATCH, dash_of, style_name_of
from tui.ui.numbers import clock, short, wall_clock, whole
from tui.ui.span import Row, Span, clipped, fitted, row_width

if TYPE_CHECKING:
    from tui.chart.chart_rows import CurveSeries, Scene
    from tui.chart.chart_view import Axis, Band
    from tui.chart.curve_arrays import CurvePoint
    from tui.chart.plot_area import Symbols

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
    found = _curve_entries(scene)
    without = _without(scene)
    for spans in ((*without, *_tags(scene)), _tags(scene)):
        tags = _between(spans)
        room = width - row_width(tags) - 2
        if len(_joined([title, *found], room)) > len(found) or not found:
            return [_split(_flat([title, *found]), tags, width)]
    if most == 1:
        return [_in_one(scene, title, found, tags, width)]
    names = _names(scene)
    are_named = len(names) == len(found) and scene.view.crosshair is None
    if are_named and _fits(names, width, most - 1) and not _fits(found, width, most - 1):
        found = names
    tags = _between((*without, *_tags(scene)))
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
    found = _curve_entries(scene)
    found += [_missing_entry(scene, label) for label in scene.lacking]
    return found + [_unplaced_entry(scene, label) for label in scene.unplaced]


def _curve_entries(scene: Scene) -> list[Row]:
    return [
        tuple(span for series in group for span in _entry(scene, series, series is not group[0]))
        for group in _groups(scene)
    ]


def _without(scene: Scene) -> Row:
    """How many of the shown runs have no such curve, by name where it is one: 3 runs: no val_loss"""
    found: list[Span] = []
    for labels, entry in ((scene.lacking, _missing_entry), (scene.unplaced, _unplaced_entry)):
        if labels:
            found += entry(scene, labels[0] if len(labels) == 1 else f"{len(labels):,} runs")
    return tuple(found)


def _between(spans: Row) -> Row:
    return tuple(part for span in spans for part in (Span(" · ", "axis"), span))[1:]


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
    return tuple(spans)


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


def missing_sign(symbols: Symbols) -> str:
    """On the x axis, below a value that is no number."""
    return "x" if symbols == "ascii" else "×"
