"""All that a chart is drawn from."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from tui.chart.chart_view import ChartView, Range
from tui.chart.series import CurveSeries, pick
from tui.ui.curve_colours import BASELINE_DASH, DASHES, LETTERS, dash_of

if TYPE_CHECKING:
    from tui.chart.plot_area import Symbols


Kind = Literal["checkpoint", "pause", "set"]

SIGNS: dict[Kind, str] = {"checkpoint": "◆", "pause": "‖", "set": "▲"}
ASCII_SIGNS: dict[Kind, str] = {"checkpoint": "#", "pause": "=", "set": "^"}


@dataclass(frozen=True, slots=True)
class ChartMark:
    """`text` describes it, such as "lr 0.1 → 0.01"; empty where the sign is enough."""

    step: float
    kind: Kind
    text: str = ""


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

    @property
    def main(self) -> CurveSeries | None:
        return pick(self.series, self.selected)

    def is_one_of_many(self, series: CurveSeries) -> bool:
        """Whether the curve is not the selected one, among more curves than there are hues."""
        return len(self.series) > CROWD and self.main not in (None, series)

    @property
    def drawn(self) -> tuple[CurveSeries, ...]:
        """The series in drawing order: the selected one last, on top."""
        return tuple(sorted(self.series, key=lambda series: series is self.main))

    @property
    def x_name(self) -> str:
        return "time" if self.view.axis == "time" else self.unit

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
        if series.key == self.baseline:
            return BASELINE_DASH
        return () if series is self.main else DASHES[dash_of(series.hue)]

    def letter(self, series: CurveSeries) -> str:
        return LETTERS[self.series.index(series) % len(LETTERS)]

    def mark_text_at(self, position: float) -> str:
        """The texts of the marks nearest to a position, at most three; empty where none is near."""
        visible, main = self.visible_range(), self.main
        if visible is None or main is None:
            return ""
        step = position if self.view.axis == "step" else main.translated(position, "time")
        reach = (visible[1] - visible[0]) / NEARBY
        if self.view.axis == "time":
            reach = main.translated(position + reach, "time") - step
        near = [mark for mark in self.marks if mark.text and abs(mark.step - step) <= reach]
        near.sort(key=lambda mark: abs(mark.step - step))
        return ", ".join(dict.fromkeys(mark.text for mark in near[:MARKS_NAMED]))

    def full_range(self) -> Range | None:
        """The x range of all series, and of `within`; None without points."""
        spans = [span for series in self.series if (span := series.span(self.view.axis))]
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
