"""The words above the lines: the metric, the curves with their values, how it is looked at."""

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
    """At most `most` rows: all in one where it fits, else the curves below the title."""
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
    """Every curve with its value, then the runs that have none."""
    found = [_entry(scene, series) for series in _by_weight(scene)]
    return found + [_lacks(scene, label) for label in scene.lacking]


def _in_one(scene: Scene, title: Row, found: list[Row], tags: Row, width: int) -> Row:
    """Names without values, where all of those fit; else as many curves as fit, and how many do not."""
    names = [_name(scene, series) for series in _by_weight(scene)]
    for some, right in ((found, tags), (found, ()), (names, tags), (names, ())):
        room = width - (row_width(right) + 2 if right else 0)
        if row_width(_flat([title, *some])) <= room and len(some) == len(found):
            return _split(_flat([title, *some]), right, width)
    return fitted(_with_rest([title, *names], width, len(found)), width)


def _with_rest(some: list[Row], width: int, count: int) -> Row:
    """The title and as many of the curves as fit; how many of `count` do not."""
    kept = _joined(some, width - MORE)
    left = count - (len(kept) - 1)
    return (*_flat(kept), Span(f"   +{left} more", "tag")) if left else _flat(kept)


def _by_weight(scene: Scene) -> list[CurveSeries]:
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
    words = [*_name(scene, series)]
    if point is None:
        return (*words, Span(" –".ljust(VALUE_WIDTH + 1), "tag"))
    value = short(point.value)
    words.append(Span(f" {value:<{VALUE_WIDTH}}", "value" if math.isfinite(point.value) else "alert"))
    words += _difference(scene, series, point)
    if view.amount:
        smooth = scene.smooth_near(series, point.step if view.axis == "step" else point.time)
        words.append(Span(f" {'raw' if smooth is None else f'~{short(smooth)}':<{VALUE_WIDTH + 1}}", "tag"))
    return tuple(words)


def _difference(scene: Scene, series: CurveSeries, point: CurvePoint) -> Row:
    """From the baseline at the same place, else at the end of both."""
    base = next((one for one in scene.series if one.key == scene.baseline), None)
    if base is None or base is series:
        return (Span(" baseline", "tag"),) if base is series else ()
    view = scene.view
    there = base.last() if view.crosshair is None else base.near(view.crosshair, view.axis)
    difference = point.value - there.value if there is not None else math.nan
    if not math.isfinite(difference):
        return ()
    words = f"{'+' if difference >= 0 else '-'}{short(abs(difference))}"
    return (Span(f" {words:<{VALUE_WIDTH}}", "tag"),)


def _lacks(scene: Scene, label: str) -> Row:
    """xor-8f8b: no val_loss"""
    words = f"{plain(label, limit=LONGEST_LABEL)}: no {plain(scene.view.metric, limit=40)}"
    return (Span(words, "tag"),)


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
    words = [Span(_place(scene), "crosshair")] if view.crosshair is not None else []
    if view.smoothing:
        words.append(Span("raw" if view.raw else f"smoothing {view.smoothing:g}", "tag"))
    if view.log:
        words.append(Span("log", "tag"))
    if view.trimmed:
        words.append(Span("outliers ignored", "tag"))
    if view.x is not None:
        words.append(Span("zoom", "tag"))
    if scene.live:
        words.append(Span("live", "live") if view.x is None or view.follow else Span("held", "tag"))
    return tuple(part for word in words for part in (Span(" · ", "axis"), word))[1:]


def _place(scene: Scene) -> str:
    """Where the crosshair stands, and what happened there."""
    view = scene.view
    assert view.crosshair is not None
    place = f"{scene.unit} {whole(view.crosshair)}" if view.axis == "step" else clock(view.crosshair)
    text = scene.said_at(view.crosshair)
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
    """One at the left edge, the other at the right, the left one cut where they meet."""
    room = width - row_width(right)
    if not right or room < 10:
        return fitted(left, width)
    return (*fitted((*fitted(left, room - 1), Span(" ")), room), *right)
