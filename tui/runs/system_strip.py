"""What a run used of its machine as strips of heat: a line for each quantity, since its training began."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from engine.system_metrics import DISK_WAIT, MACHINE_CPU, MEMORY, is_system
from tui.chart.curve_arrays import ChartCurve, Floats
from tui.data.system_text import Quantity, quantities_of
from tui.drawings.heat import shade_of
from tui.terminal.glyphs import glyphs
from tui.ui.span import Row, Span
from tui.ui.styles import LEVELS

LABEL, VALUE, HIGHEST_VALUE = 12, 9, 12
CALM = 1
"""the level of the colour of what has no limit that is near"""
HIGHEST = 0.86
"""of a cell: a strip does not touch the one above it"""
MARGIN = 1
"""blank cells behind the value, as behind the bar of the progress"""
LEAST = 6
"""cells of a strip"""
NOTABLE = {DISK_WAIT: 5.0, MEMORY: 50.0, MACHINE_CPU: 50.0}
"""percent that these have to reach for a line"""


def strip_rows(series: Mapping[str, ChartCurve], width: int, *, most: int, is_active: bool) -> Sequence[Row]:
    """At most so many lines, what matters first: the newest value beside each, of a run that has ended the
    highest. Empty where nothing was measured."""
    found = [one for one in quantities_of([*filter(is_system, series)]) if _is_notable(one, series)]
    curves = [series[one.metric] for one in found[:most]]
    end = max((span[1] for curve in curves if (span := curve.span("time")) is not None), default=0.0)
    cells = max(LEAST, width - LABEL - (VALUE if is_active else HIGHEST_VALUE) - 1 - MARGIN)
    rows = [
        _row(quantity, curve, cells, end, is_active=is_active)
        for quantity, curve in zip(found, curves, strict=False)
    ]
    more = len(found) - len(rows)
    return [*rows, (Span(f"{more} more on the charts", "muted"),)] if more else rows


def _is_notable(quantity: Quantity, series: Mapping[str, ChartCurve]) -> bool:
    """A share of the memory in bytes too has a line of its own already."""
    values = series[quantity.metric].values
    if quantity.unit == "B" or not np.isfinite(values).any():
        return False
    return float(np.nanmax(values)) >= NOTABLE.get(quantity.metric, 0.0)


def _row(quantity: Quantity, curve: ChartCurve, cells: int, end: float, *, is_active: bool) -> Row:
    finite = curve.values[np.isfinite(curve.values)]
    highest = float(finite.max())
    shares = means(curve.positions("time"), curve.values, cells, end) / (
        100 if quantity.is_share else highest or 1
    )
    newest = float(curve.values[-1])
    told = f"max {quantity.text(highest)}"
    if is_active:
        told = quantity.text(newest) if np.isfinite(newest) else ""
    return (
        Span(f"{quantity.label:<{LABEL}}", "muted"),
        *strip(shares, quantity.is_share),
        Span(f" {told:>{VALUE if is_active else HIGHEST_VALUE}}", "text"),
    )


def means(times: Floats, values: Floats, cells: int, end: float) -> Floats:
    """The mean in each of `cells` equal parts of the time from 0 to `end`; NaN where nothing is known.

    A value stands for the time since the one before it.
    """
    edges = np.linspace(0.0, end, cells + 1)
    first, last = np.searchsorted(times, edges[:-1], "right"), np.searchsorted(times, edges[1:], "left")
    last = np.minimum(np.maximum(last, first) + 1, len(values))  # with the value that reaches beyond the part
    known = np.isfinite(values)
    total = np.concatenate(([0.0], np.cumsum(np.where(known, values, 0.0))))
    count = np.concatenate(([0], np.cumsum(known)))
    first = np.minimum(first, last)
    with np.errstate(invalid="ignore"):
        found: Floats = (total[last] - total[first]) / (count[last] - count[first])
    return found


def strip(shares: Floats, are_warm: bool = True) -> Row:
    """A sign as high as the share, in a colour as warm, or of one colour; a dot where it is not known."""
    return tuple(_cell(float(share), are_warm) for share in shares)


def _cell(share: float, is_warm: bool) -> Span:
    if share != share:
        return Span(glyphs().dot, "line")
    level = min(LEVELS - 1, max(0, int(share * LEVELS)))
    sign = shade_of(share, "ascii") if glyphs().ascii_only else glyphs().level(min(share, 1.0) * HIGHEST)
    return Span(sign, f"level-{level if is_warm else CALM}")
