"""The words above the lines: the metric, the curves with their values, how it is looked at."""

from __future__ import annotations

import math

from rich.cells import cell_len

from tui.plain_text import plain
from tui.widgets.numerals import clock, short, whole
from tui.widgets.palette import ink_of
from tui.widgets.scene import Scene
from tui.widgets.series import Series
from tui.widgets.span import Row, Span, fitted, row_width

LONGEST_LABEL = 28
VALUE_WIDTH = 7
BETWEEN = Span("   ")


def header(scene: Scene, width: int, most: int) -> list[Row]:
    """At most `most` rows: all in one where it fits, else the curves below the title."""
    title = Span(plain(scene.view.metric or "metric", limit=40), "title")
    tags = _tags(scene)
    entries = [_entry(scene, series) for series in _by_weight(scene)]
    entries += [_lacks(scene, label) for label in scene.lacking]
    inline = _joined([(title,), *entries], width - row_width(tags) - 2)
    if len(inline) > len(entries) or most == 1 or not entries:
        return [_split(_flat(inline), tags, width)]
    return [_split((title,), tags, width), *_wrapped(entries, width, most - 1)]


def _by_weight(scene: Scene) -> list[Series]:
    """The selected series first, then the others in their order."""
    return sorted(scene.series, key=lambda series: series is not scene.main)


def _entry(scene: Scene, series: Series) -> Row:
    view = scene.view
    point = series.last()
    if view.crosshair is not None:
        point = series.near(view.crosshair, view.axis)
    ink = ink_of(series.hue)
    name = Span(plain(series.label, limit=LONGEST_LABEL), "label" if len(scene.series) > 1 else "tag")
    words = [Span(_swatch(scene, series) + " ", ink), name]
    if point is None:
        return (*words, Span(" –".ljust(VALUE_WIDTH + 1), "tag"))
    value = short(point.value)
    words.append(Span(f" {value:<{VALUE_WIDTH}}", "value" if math.isfinite(point.value) else "alert"))
    if view.amount:
        smooth = scene.smooth_near(series, point.step if view.axis == "step" else point.time)
        words.append(Span(f" {'raw' if smooth is None else f'~{short(smooth)}':<{VALUE_WIDTH + 1}}", "tag"))
    return tuple(words)


def _lacks(scene: Scene, label: str) -> Row:
    """xor-8f8b: no val_loss"""
    words = f"{plain(label, limit=LONGEST_LABEL)}: no {plain(scene.view.metric, limit=40)}"
    return (Span(words, "tag"),)


def _swatch(scene: Scene, series: Series) -> str:
    if scene.letters and len(scene.series) > 1:
        return scene.letter(series)
    if scene.symbols == "ascii":
        return scene.letter(series) if len(scene.series) > 1 else "*"
    return "━━"


def _tags(scene: Scene) -> Row:
    view = scene.view
    words = [Span(_place(scene), "crosshair")] if view.crosshair is not None else []
    if view.smoothing:
        words.append(Span("raw" if view.raw else f"smoothing {view.smoothing:g}", "tag"))
    if view.log:
        words.append(Span("log", "tag"))
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
            kept = _joined(left, width - 12)
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
