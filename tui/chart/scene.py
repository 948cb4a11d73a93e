"""Everything a picture of a chart is made from."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui.chart.chart_view import ChartView, Range
from tui.chart.mark import ChartMark
from tui.chart.series import CurveSeries, pick
from tui.ui.palette import BASELINE_DASH, DASHES, LETTERS, dash_of

if TYPE_CHECKING:
    from tui.chart.canvas import Symbols

HEADROOM = 16
NEARLY = 120
SAID = 3


@dataclass(frozen=True, slots=True)
class Scene:
    """`letters` tells the lines apart where colours cannot."""

    view: ChartView = field(default_factory=ChartView)
    series: tuple[CurveSeries, ...] = ()
    selected: str | None = None
    marks: tuple[ChartMark, ...] = ()
    live: bool = False
    symbols: Symbols = "braille"
    letters: bool = False
    lacking: tuple[str, ...] = ()
    """names of runs that are shown and have no such metric"""
    baseline: str = ""
    """key of the curve the others are compared with"""
    within: Range | None = None
    """what the x axis shows at least, where it shows all there is"""
    least_gutter: int = 6
    """cells left of the lines, so that charts above one another have their ticks in the same places"""
    unit: str = "step"
    """what the x axis counts where it does not show time"""
    columns: int = 2
    """of dots, that many points a curve has at least if it is smoothed"""
    empty: str = "no points yet"
    """what is said while there is nothing to draw"""

    @property
    def main(self) -> CurveSeries | None:
        return pick(self.series, self.selected)

    @property
    def drawn(self) -> tuple[CurveSeries, ...]:
        """The series in painting order: the selected one last, on top."""
        return tuple(sorted(self.series, key=lambda series: series is self.main))

    @property
    def x_name(self) -> str:
        return "time" if self.view.axis == "time" else self.unit

    def is_smoothed(self, series: CurveSeries) -> bool:
        """Smoothing a curve of few points would draw values that nobody measured."""
        return self.view.amount > 0 and len(series) >= self.columns

    def smooth_near(self, series: CurveSeries, position: float) -> float | None:
        """The value of the smoothed line nearest to a position; None where there is none."""
        seen = self.seen()
        if seen is None or not self.is_smoothed(series):
            return None
        where, values = series.curve.smoothed(self.view.axis, seen, self.columns, self.view.amount)
        if not len(where):
            return None
        value = float(values[abs(where - position).argmin()])
        return value if math.isfinite(value) else None

    def dash(self, series: CurveSeries) -> tuple[int, ...]:
        """Columns of dots drawn and left out in turn; none for a whole line."""
        if self.symbols == "ascii":
            return ()  # lines of letters
        return BASELINE_DASH if series.key == self.baseline else DASHES[dash_of(series.hue)]

    def letter(self, series: CurveSeries) -> str:
        return LETTERS[self.series.index(series) % len(LETTERS)]

    def said_at(self, position: float) -> str:
        """What the marks that are as good as at a position say."""
        seen, main = self.seen(), self.main
        if seen is None or main is None:
            return ""
        step = position if self.view.axis == "step" else main.translated(position, "time")
        reach = (seen[1] - seen[0]) / NEARLY
        if self.view.axis == "time":
            reach = main.translated(position + reach, "time") - step
        near = [mark for mark in self.marks if mark.text and abs(mark.step - step) <= reach]
        near.sort(key=lambda mark: abs(mark.step - step))
        return ", ".join(dict.fromkeys(mark.text for mark in near[:SAID]))

    def whole(self) -> Range | None:
        """From the first to the last point of all series."""
        spans = [span for series in self.series if (span := series.span(self.view.axis))]
        if not spans:
            return None
        spans += [self.within] if self.within is not None else []
        return min(span[0] for span in spans), max(span[1] for span in spans)

    def seen(self) -> Range | None:
        """The x range drawn. A live one has room on its right, so that it rarely has to be drawn anew."""
        whole = self.whole()
        if whole is None:
            return None
        if self.view.x is None:
            return _roomy(whole) if self.live else _wide(whole)
        low, high = self.view.x
        if low >= whole[1] or high <= whole[0]:
            return _wide(whole)  # the range of another, longer run: nothing of this one would be in sight
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
