"""The heat map of a sweep: the mean of the metric over two axes, as numbers on colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tui.sweeps.picture_view import BUCKETS, PictureView, merits
from tui.sweeps.text import value_text
from tui.terminal.glyphs import glyphs
from tui.ui.span import Row, Span, fitted

LABEL = 10
LEAST, MOST, TALLEST = 6, 20, 6


def rows(answer: Mapping[str, Any], view: PictureView, width: int, height: int) -> Sequence[Row]:
    cells, xs, ys = answer["cells"], answer["xs"], answer["ys"]
    known = [value for line in cells for value in line if value is not None]
    if not known:
        return [view.nothing]
    titles, means = [value_text(x) for x in xs], [_mean_text(value) for value in known]
    least = max(LEAST, min(MOST, max(map(len, (*titles, *means)))))
    count = max(1, min(len(xs), (width - LABEL - 2) // (least + 1)))
    each = max(least, min(MOST, (width - LABEL - 2) // count - 1))
    tall = 1 if view.few_colours else max(1, min(TALLEST, (height - 3) // max(1, len(ys))))
    merit = iter(merits(known, view.largest))
    buckets = [[None if value is None else next(merit) for value in line] for line in cells]
    head = (
        Span(f" {answer['y']} ", "strong"), Span("down, ", "muted"), Span(f"{answer['x']} ", "strong"),
        Span(f"across; mean {view.spec.metric}", "muted"),
    )  # fmt: skip
    more = [Span(f" +{len(xs) - count}", "muted")] if count < len(xs) else []
    names = (
        Span(" " * (LABEL + 1)),
        *(Span(_fitted_text(title, each).rjust(each) + " ", "muted") for title in titles[:count]),
        *more,
    )
    lines: list[Row] = [head, fitted(names, width)]
    for y in range(len(ys) - 1, -1, -1):
        row = _line(ys[y], cells[y][:count], buckets[y], each, view, numbers=True)
        blank = _line("", cells[y][:count], buckets[y], each, view, numbers=False)
        lines += [*[blank] * ((tall - 1) // 2), row, *[blank] * (tall // 2)]
    return lines


def _line(
    name: object,
    values: Sequence[Any],
    merit: Sequence[int | None],
    each: int,
    view: PictureView,
    *,
    numbers: bool,
) -> Row:
    label = _fitted_text(value_text(name), LABEL - 1)
    spans = [Span(f" {label:>{LABEL - 1}} ", "muted")]
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
    return value_text(float(f"{value:.4g}"))


def _fitted_text(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + glyphs().cut
