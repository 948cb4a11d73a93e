"""The legend above the plot: the metric, the curves with their values, the options of the view."""

from __future__ import annotations

import math

from rich.cells import cell_len

from tui.chart.scene import Scene
from tui.chart.series import CurvePoint, CurveSeries
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.numbers import clock, short, whole
from tui.ui.palette import DASH_SIGNS, dash_of, style_name_of
from tui.ui.span import Row, Span, fitted, row_width

LONGEST_LABEL = 28
VALUE_WIDTH = 7
MORE = 11
"""cells for how many curves have no room"""
BETWEEN = Span("   ")


def header(scene: Scene, width: int, most: int) -> list[Row]:
    """At most `most` rows: title and curves in one row where they fit, else the curves below the title."""
    title: Row = (Span(plain(scene.view.metric or "metric", limit=40), "title"),)
    tags = _tags(scene)
    found = entries(scene)
    room = width - row_width(tags) - 2
    if len(_joined([title, *found], room)) > len(found) or not found:
        return [_split(_flat([title, *found]), tags, width)]
    if most == 1:
        return [_in_one(scene, title, found, tags, width)]
    return [_split(title, tags, width), *_wrapped(found, width, most - 1)]


def entries(scene: Scene) -> list[Row]:
    """An entry per curve with its value, then one per run without the metric."""
    found = [_entry(scene, series) for series in _in_order(scene)]
    return found + [_missing_entry(scene, label) for label in scene.lacking]


def _in_one(scene: Scene, title: Row, found: list[Row], tags: Row, width: int) -> Row:
    """With values, else without, where all fit; else as many names as fit and the count of the others."""
    names = [_name(scene, series) for series in _in_order(scene)]
    for some, right in ((found, tags), (found, ()), (names, tags), (names, ())):
        room = width - (row_width(right) + 2 if right else 0)
        if row_width(_flat([title, *some])) <= room and len(some) == len(found):
            return _split(_flat([title, *some]), right, width)
    return fitted(_with_rest([title, *names], width, len(found)), width)


def _with_rest(some: list[Row], width: int, count: int) -> Row:
    """The title, as many of the curves as fit, and how many of `count` do not."""
    kept = _joined(some, width - MORE)
    left = count - (len(kept) - 1)
    return (*_flat(kept), Span(f"   +{left} more", "tag")) if left else _flat(kept)


def _in_order(scene: Scene) -> list[CurveSeries]:
    """The baseline first, then the selected one, then the others in their order."""
    return sorted(scene.series, key=lambda one: (one.key != scene.baseline, one is not scene.main))


def _name(scene: Scene, series: CurveSeries) -> Row:
    label = Span(plain(series.label, limit=LONGEST_LABEL), "label" if len(scene.series) > 1 else "tag")
    return (Span(_swatch(scene, series) + " ", style_name_of(series.hue)), label)


def _entry(scene: Scene, series: CurveSeries) -> Row:
    view = scene.view
    point = series.last()
    if view.crosshair is not None:
        point = series.near(view.crosshair, view.axis)
    spans = [*_name(scene, series)]
    if point is None:
        return (*spans, Span(" –".ljust(VALUE_WIDTH + 1), "tag"))
    value = short(point.value)
    spans.append(Span(f" {value:<{VALUE_WIDTH}}", "value" if math.isfinite(point.value) else "alert"))
    spans += _difference(scene, series, point)
    if view.amount:
        smooth = scene.smooth_near(series, point.step if view.axis == "step" else point.time)
        spans.append(Span(f" {'raw' if smooth is None else f'~{short(smooth)}':<{VALUE_WIDTH + 1}}", "tag"))
    return tuple(spans)


def _difference(scene: Scene, series: CurveSeries, point: CurvePoint) -> Row:
    """The difference to the baseline: at the crosshair, else between the last values."""
    base = next((one for one in scene.series if one.key == scene.baseline), None)
    if base is None or base is series:
        return (Span(" baseline", "tag"),) if base is series else ()
    view = scene.view
    there = base.last() if view.crosshair is None else base.near(view.crosshair, view.axis)
    difference = point.value - there.value if there is not None else math.nan
    if not math.isfinite(difference):
        return ()
    text = f"{'+' if difference >= 0 else '-'}{short(abs(difference))}"
    return (Span(f" {text:<{VALUE_WIDTH}}", "tag"),)


def _missing_entry(scene: Scene, label: str) -> Row:
    """xor-8f8b: no val_loss"""
    text = f"{plain(label, limit=LONGEST_LABEL)}: no {plain(scene.view.metric, limit=40)}"
    return (Span(text, "tag"),)


def _swatch(scene: Scene, series: CurveSeries) -> str:
    if scene.letters and len(scene.series) > 1:
        return scene.letter(series)
    if scene.symbols == "ascii":
        return scene.letter(series) if len(scene.series) > 1 else "*"
    if series.key == scene.baseline:
        return glyphs().baseline + DASH_SIGNS[1]
    return 2 * DASH_SIGNS[dash_of(series.hue)]


def _tags(scene: Scene) -> Row:
    view = scene.view
    spans = [Span(_crosshair_text(scene), "crosshair")] if view.crosshair is not None else []
    if view.smoothing:
        spans.append(Span("raw" if view.raw else f"smoothing {view.smoothing:g}", "tag"))
    if view.log:
        spans.append(Span("log", "tag"))
    if view.trimmed:
        spans.append(Span("outliers ignored", "tag"))
    if view.x is not None:
        spans.append(Span("zoom", "tag"))
    if scene.live:
        spans.append(Span("live", "live") if view.x is None or view.follow else Span("held", "tag"))
    return tuple(part for span in spans for part in (Span(" · ", "axis"), span))[1:]


def _crosshair_text(scene: Scene) -> str:
    """The position of the crosshair, and the marks there."""
    view = scene.view
    assert view.crosshair is not None
    place = f"{scene.unit} {whole(view.crosshair)}" if view.axis == "step" else clock(view.crosshair)
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


def _wrapped(entries: list[Row], width: int, most: int) -> list[Row]:
    rows: list[Row] = []
    left = entries
    while left and len(rows) < most:
        last = len(rows) == most - 1
        kept = _joined(left, width)
        if last and len(kept) < len(left):
            kept = _joined(left, width - MORE)
            more = Span(f"   +{len(left) - len(kept)} more", "tag")
            return [*rows, fitted((*_flat(kept), more), width)]
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
