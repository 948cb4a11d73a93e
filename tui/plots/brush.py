"""Brushes: intervals on axes; the trials inside all of them are selected."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tui.data.value_text import format_exact

STEP = 0.05
LEAST = 0.05
HALF = 0.5
Interval = tuple[float, float]
"""lower and upper end as shares of the axis, 0 at its lower end"""
VALUE = "value"
"""the name of the metric in a filter"""


@dataclass(frozen=True, slots=True)
class BrushScale:
    """A vertical axis: of numbers, linear or logarithmic, or of evenly spaced choices."""

    name: str
    title: str
    low: float = 0.0
    high: float = 1.0
    log: bool = False
    choices: tuple[Any, ...] = ()

    def share(self, value: object) -> float:
        """The position of a value: 0 at the lower end, 1 at the upper; NaN where it has none."""
        if self.choices:
            place = next(
                (p for p, one in enumerate(self.choices) if one == value and type(one) is type(value)), None
            )
            return math.nan if place is None else self.share_of_choice(place)
        if not isinstance(value, int | float):
            return math.nan
        return self._share_of(float(value))

    def _share_of(self, value: float) -> float:
        low, high, value = (self._warped(one) for one in (self.low, self.high, value))
        return (value - low) / (high - low) if high > low else HALF

    def share_of_choice(self, place: int) -> float:
        return place / (len(self.choices) - 1) if len(self.choices) > 1 else HALF

    def value_at(self, share: float) -> float:
        low, high = self._warped(self.low), self._warped(self.high)
        value = low + share * (high - low)
        return math.exp(value) if self.log else value

    def _warped(self, value: float) -> float:
        return math.log(value) if self.log and value > 0 else value


def scales_of(answer: Mapping[str, Any], metric: str) -> list[BrushScale]:
    """The axes of a response of the `parallel` analysis, the metric last."""
    found = [_scale(column) for column in answer["columns"]]
    values = [row["value"] for row in answer["rows"]]
    low, high = min(values, default=0.0), max(values, default=1.0)
    return [*found, BrushScale(VALUE, metric, low, high, is_wide(low, high))]


def is_wide(low: float, high: float) -> bool:
    """Whether a log scale suits the range: positive, over more than a factor of 50."""
    return low > 0 and high / low > 50


def _scale(column: Mapping[str, Any]) -> BrushScale:
    name, choices = str(column["name"]), tuple(column["choices"] or ())
    low, high = float(column["low"] or 0), float(column["high"] or 0)
    return BrushScale(name, name, low, high, bool(column["log"]) and low > 0, choices)


def toggled(brush: Interval | None) -> Interval | None:
    """A new brush over the upper half, or none where there was one."""
    return (HALF, 1.0) if brush is None else None


def shifted(brush: Interval | None, way: int) -> Interval:
    """Moved up (`way` 1) or down by STEP; without a brush, a new one over that half."""
    if brush is None:
        return (HALF, 1.0) if way > 0 else (0.0, HALF)
    low, high = brush
    by = min(STEP, 1 - high) if way > 0 else -min(STEP, low)
    return _rounded(low + by, high + by)


def widened(brush: Interval | None, way: int) -> Interval | None:
    if brush is None:
        return (HALF, 1.0) if way < 0 else None
    low, high = brush
    if way > 0:
        return _rounded(max(0.0, low - STEP), min(1.0, high + STEP))
    middle = (low + high) / 2
    half = max(LEAST / 2, (high - low) / 2 - STEP)
    return _rounded(max(0.0, middle - half), min(1.0, middle + half))


def _rounded(low: float, high: float) -> Interval:
    return round(low, 4), round(high, 4)


def holds(brush: Interval, share: float) -> bool:
    return brush[0] - 1e-9 <= share <= brush[1] + 1e-9


def clause_of(scale: BrushScale, brush: Interval) -> str:
    """The brush as a filter expression; empty where all values pass."""
    if scale.choices:
        kept = [
            choice for place, choice in enumerate(scale.choices) if holds(brush, scale.share_of_choice(place))
        ]
        if len(kept) == len(scale.choices):
            return ""
        return "(" + " or ".join(equals(scale.name, choice) for choice in kept) + ")" if kept else "trial<0"
    parts = []
    if brush[0] > 0:
        parts.append(f"{scale.name}>={scale.value_at(brush[0]):.6g}")
    if brush[1] < 1:
        parts.append(f"{scale.name}<={scale.value_at(brush[1]):.6g}")
    return " and ".join(parts)


def where_of(scales: Sequence[BrushScale], brushes: Mapping[str, Interval]) -> str:
    """All brushes as one filter expression."""
    clauses = [clause_of(scale, brushes[scale.name]) for scale in scales if scale.name in brushes]
    return " and ".join(clause for clause in clauses if clause)


def combined(where: str, brushed: str) -> str:
    """The filter that was typed and that of the brushes, combined."""
    return f"({where}) and {brushed}" if where and brushed else where or brushed


def readable(brushed: str, metric: str) -> str:
    """The filter of the brushes for display: the metric by its name, numbers with 3 digits."""
    named = re.sub(rf"\b{VALUE}(?=[<>]=)", metric, brushed)
    return re.sub(r"(?<=[<>]=)[-+.\de]+", lambda found: f"{float(found[0]):.3g}", named)


def equals(name: str, value: Any) -> str:
    """The filter clause `name=value`."""
    return f"{name}={_quoted(name, value)}"


def _quoted(name: str, value: Any) -> str:
    text = format_exact(name, value)
    if isinstance(value, int | float):
        return text
    return text if text.replace("_", "").replace(".", "").isalnum() else f'"{text}"'
