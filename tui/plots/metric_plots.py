"""Plots of the metric: over a parameter, over trials as they ended, importance bars, the heat map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tui.chart.plot_area import Canvas, dot_pen, rows_of
from tui.chart.scale import YScale, linear_scale, log_scale
from tui.data.value_text import short_value
from tui.plots.brush import BrushScale as Across
from tui.plots.brush import is_wide
from tui.plots.plot_state import BUCKETS, PlotState, merits
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.span import Row, Span, fitted
from tui.ui.wrap import wrap_text

LABEL = 8
LEAST = 34
"""least width of a panel beside another"""
MANY = 300
"""more points than this are drawn as dots, fewer as signs"""
BAR_NAME, BAR_NUMBER = 14, 7
TALLEST_BAR = 5
"""rows of a bar of importance"""
CELL_LABEL = 10
NARROWEST, WIDEST, TALLEST = 6, 20, 6
"""columns and rows of a cell of the heat map"""


@dataclass(frozen=True, slots=True)
class Points:
    """Points by their share of the x axis, value, bucket and trial."""

    shares: Sequence[float]
    values: Sequence[float]
    merit: Sequence[int]
    trials: Sequence[int]


def slices(answer: Mapping[str, Any], view: PlotState, width: int, height: int) -> Sequence[Row]:
    """A panel per parameter, as many as fit side by side, from the one under the cursor on."""
    panels = answer["params"]
    if not panels or not panels[0]["points"]:
        return [view.nothing]
    count = max(1, min(len(panels), width // LEAST))
    here = min(view.axis, len(panels) - 1)
    first = max(0, min(here, len(panels) - count))
    each = width // count
    drawn = [_panel(panels[at], view, each, height - 1, at == here) for at in range(first, first + count)]
    rows = [tuple(span for row in line for span in fitted(row, each)) for line in zip(*drawn, strict=True)]
    return [*rows, fitted(_legend(view), width)]


def _panel(param: Mapping[str, Any], view: PlotState, width: int, height: int, here: bool) -> list[Row]:
    given = [point for point in param["points"] if point[0] is not None]
    values = [float(point[1]) for point in given]
    across = _across(param, [point[0] for point in given])
    points = Points(
        [across.share(point[0]) for point in given], values, merits(values, view.largest),
        [point[2] for point in given],
    )  # fmt: skip
    style_name = "picked" if here and view.focused else "strong"
    title = (Span(" " * LABEL), Span(across.title, style_name), Span(f"  {view.subject.metric}", "muted"))
    return [title, *_picture(points, view, width, height - 2, line=False), _ends(across, width)]


def _across(param: Mapping[str, Any], values: Sequence[Any]) -> Across:
    choices = tuple(param["choices"] or ())
    numbers = [float(value) for value in values] if not choices else []
    low, high = min(numbers, default=0.0), max(numbers, default=1.0)
    return Across(param["name"], param["name"], low, high, bool(param["log"]) and low > 0, choices)


def best_so_far(answer: Mapping[str, Any], view: PlotState, width: int, height: int) -> Sequence[Row]:
    """Every trial as a point, the best value so far as a line."""
    found = answer["points"]
    if not found:
        return [view.nothing]
    trials = [int(point[0]) for point in found]
    values = [float(point[1]) for point in found]
    across = Across(
        view.subject.thing, view.subject.thing, float(trials[0]), float(max(trials[-1], trials[0] + 1))
    )
    shares = [across.share(trial) for trial in trials]
    points = Points(shares, values, merits(values, view.largest), trials)
    best = found[-1][2]
    at = next(trial for trial, value in zip(trials, values, strict=True) if value == best)
    title = (
        Span(f" {view.subject.metric}: best so far ", "muted"), Span(short_value(best), "strong"),
        Span(f" since {view.subject.thing} {at}", "muted"),
    )  # fmt: skip
    line = [float(point[2]) for point in found]
    rows = [title, *_picture(points, view, width, height - 3, line=line), _ends(across, width)]
    return [*rows, fitted(_legend(view), width)]


def _picture(
    points: Points, view: PlotState, width: int, height: int, *, line: Sequence[float] | bool
) -> list[Row]:
    room, height = max(4, width - LABEL - 2), max(2, height)
    scale = _scale(points.values, view, height)
    canvas = Canvas(room, height)
    shares, values = np.array(points.shares), np.array(points.values)
    _scatter(canvas, points, shares, scale, view)
    if not isinstance(line, bool):
        _staircase(canvas, shares, np.array(line), scale, view)
        _mark(canvas, points, shares, values, scale, view)
    else:
        _mark(canvas, points, shares, values, scale, view)
    labels = dict(scale.labels)
    bar = glyphs().upright
    return [
        (Span(f"{labels.get(row, ''):>{LABEL - 1}}", "muted"), Span(bar, "line"), *cells)
        for row, cells in enumerate(canvas.lines())
    ]


def _scale(values: Sequence[float], view: PlotState, rows: int) -> YScale:
    low, high = min(values), max(values)
    log = is_wide(low, high) if view.log is None else view.log and low > 0
    return (log_scale if log and low > 0 else linear_scale)(low, high, rows)


def _scatter(canvas: Canvas, points: Points, shares: Any, scale: YScale, view: PlotState) -> None:
    pen = dot_pen(view.symbols if len(points.values) > MANY else "ascii", "o" if glyphs().ascii_only else "•")
    high, wide = canvas.rows * pen.down, canvas.columns * pen.across
    y = np.rint(rows_of(scale, np.array(points.values), pen.down)).astype(int).clip(0, high - 1)
    x = np.rint(shares * (wide - 1)).astype(int).clip(0, wide - 1)
    merit = np.array(points.merit)
    for bucket in range(BUCKETS):
        dots = np.zeros((high, wide), bool)
        dots[y[merit == bucket], x[merit == bucket]] = True
        canvas.paint_dots(dots, pen, view.style_name(bucket))


def _staircase(canvas: Canvas, shares: Any, best: Any, scale: YScale, view: PlotState) -> None:
    """The best value so far as a step function."""
    pen = dot_pen(view.symbols, "-")
    high, wide = canvas.rows * pen.down, canvas.columns * pen.across
    x = np.rint(shares * (wide - 1)).astype(int)
    y = np.rint(rows_of(scale, best, pen.down)).astype(int).clip(0, high - 1)
    dots = np.zeros((high, wide), bool)
    for place in range(len(x)):
        stop = x[place + 1] if place + 1 < len(x) else wide - 1
        dots[y[place], x[place] : stop + 1] = True
        if place:
            low, top = sorted((y[place - 1], y[place]))
            dots[low : top + 1, x[place]] = True
    canvas.paint_dots(dots, pen, "accent")


def _mark(canvas: Canvas, points: Points, shares: Any, values: Any, scale: YScale, view: PlotState) -> None:
    """Mark the best trial and the selected one."""
    rows = np.rint(rows_of(scale, values, 1)).astype(int).clip(0, canvas.rows - 1)
    columns = np.rint(shares * (canvas.columns - 1)).astype(int)
    best = int(values.argmax() if view.largest else values.argmin())
    for place, sign, style_name in ((best, glyphs().mark, "accent"), (_place(points, view), "@", "strong")):
        if place is not None:
            canvas.put(int(rows[place]), int(columns[place]), sign, style_name)


def _legend(view: PlotState) -> Row:
    """The signs of trials and the colours of their values."""
    signs = (Span(f"   {glyphs().mark}", "accent"), Span(f" best {view.subject.thing}   ", "muted"))
    chosen = (Span("@", "strong"), Span(f" selected {view.subject.thing}", "muted"))
    return (*view.colour_legend, *signs, *chosen)


def _place(points: Points, view: PlotState) -> int | None:
    return points.trials.index(view.trial) if view.trial in points.trials else None


def _ends(across: Across, width: int) -> Row:
    room = max(4, width - LABEL - 2)
    if across.choices:
        cells = [" "] * room
        for place, choice in enumerate(across.choices):
            text = short_value(choice)[: max(3, room // len(across.choices) - 1)]
            at = round(across.share_of_choice(place) * (room - 1)) - len(text) // 2
            at = max(0, min(at, room - len(text)))
            cells[at : at + len(text)] = list(text)
        return (Span(" " * LABEL), Span("".join(cells)[:room], "muted"))
    low, high = (short_value(float(f"{end:.4g}")) for end in (across.low, across.high))
    scale = f"{across.title}{' (log)' if across.log else ''}"
    middle = scale.center(max(0, room - len(low) - len(high)))
    return (Span(" " * LABEL), Span(f"{low}{middle}{high}"[:room], "muted"))


def importance(answer: Mapping[str, Any], view: PlotState, width: int, height: int) -> Sequence[Row]:
    """The importance of each axis for reaching the best trials (PED-ANOVA), as bars."""
    text = f" importance for reaching the best 10 % of {plain(view.subject.metric, limit=30)} (PED-ANOVA)"
    head = fitted((Span(text, "muted"),), width)
    if answer["why"]:
        return [head, (), *wrap_text(f"none: {plain(answer['why'], limit=200)}", width - 2, "warn")]
    found = answer["importance"]
    most = max((share for _, share in found), default=0.0)
    each = (height - 1) // max(1, len(found))
    lines: list[Row] = [head]
    for name, share in found:
        lines += [()] * (each > 1)
        lines += _bar(name, share, share == most, width, min(TALLEST_BAR, each - 1))
    return lines


def _bar(name: str, share: float, is_largest: bool, width: int, tall: int) -> list[Row]:
    """A bar whose full width is 100 %, on `tall` rows, its name and number on the middle one."""
    room = max(4, width - BAR_NAME - BAR_NUMBER - 4)
    full = round(share * room)
    done, ahead = ("=", "-") if glyphs().ascii_only else ("█", "·")
    title = Span(f" {plain(name, limit=BAR_NAME):>{BAR_NAME}} ", "strong")
    bar = Span(done * full, "accent" if is_largest else "done")
    rows: list[Row] = [(Span(" " * (BAR_NAME + 2)), bar)] * max(1, tall)
    number = Span(f" {share:6.1%}", "text")
    rows[len(rows) // 2] = (title, bar, Span(ahead * (room - full), "line"), number)
    return rows


def heat_map(answer: Mapping[str, Any], view: PlotState, width: int, height: int) -> Sequence[Row]:
    """The mean of the metric over two axes, as numbers on colours."""
    cells, xs, ys = answer["cells"], answer["xs"], answer["ys"]
    known = [value for line in cells for value in line if value is not None]
    if not known:
        return [view.nothing]
    titles, means = [short_value(x) for x in xs], [_mean_text(value) for value in known]
    least = max(NARROWEST, min(WIDEST, max(map(len, (*titles, *means)))))
    count = max(1, min(len(xs), (width - CELL_LABEL - 2) // (least + 1)))
    each = max(least, min(WIDEST, (width - CELL_LABEL - 2) // count - 1))
    tall = 1 if view.few_colours else max(1, min(TALLEST, (height - 3) // max(1, len(ys))))
    merit = iter(merits(known, view.largest))
    buckets = [[None if value is None else next(merit) for value in line] for line in cells]
    head = (
        Span(f" {answer['y']} ", "strong"), Span("down, ", "muted"), Span(f"{answer['x']} ", "strong"),
        Span(f"across; mean {view.subject.metric}", "muted"),
    )  # fmt: skip
    more = [Span(f" +{len(xs) - count}", "muted")] if count < len(xs) else []
    names = (
        Span(" " * (CELL_LABEL + 1)),
        *(Span(_fitted_text(title, each).rjust(each) + " ", "muted") for title in titles[:count]),
        *more,
    )
    lines: list[Row] = [head, fitted(names, width)]
    for y in range(len(ys) - 1, -1, -1):
        row = _cells(ys[y], cells[y][:count], buckets[y], each, view, numbers=True)
        blank = _cells("", cells[y][:count], buckets[y], each, view, numbers=False)
        lines += [*[blank] * ((tall - 1) // 2), row, *[blank] * (tall // 2)]
    return lines


def _cells(
    name: object,
    values: Sequence[Any],
    merit: Sequence[int | None],
    each: int,
    view: PlotState,
    *,
    numbers: bool,
) -> Row:
    label = _fitted_text(short_value(name), CELL_LABEL - 1)
    spans = [Span(f" {label:>{CELL_LABEL - 1}} ", "muted")]
    for value, bucket in zip(values, merit, strict=False):
        if value is None or bucket is None:
            spans.append(Span((glyphs().dot if numbers else "").rjust(each) + " ", "line"))
            continue
        text = _mean_text(value) if numbers else ""
        best = bucket == BUCKETS - 1
        few = "picked" if best else "muted" if bucket < 2 else view.style_name(bucket)
        style_name = few if view.few_colours else f"ground-{bucket}"
        spans += [Span(text.rjust(each), style_name), Span(" ")]
    return tuple(spans)


def _mean_text(value: float) -> str:
    return short_value(float(f"{value:.4g}"))


def _fitted_text(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + glyphs().cut
