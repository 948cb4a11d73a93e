"""How a picture of a sweep is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.sweep_protocol import SweepSpec
from tui.chart.canvas import Symbols
from tui.sweeps.brush import Interval
from tui.ui.span import Row, Span

BUCKETS = 8
"""colours of a metric, from the worst to the best"""
FEW = ("line", "muted", "muted", "done", "done", "good", "warn", "accent")
"""the inks where there are no more colours than sixteen"""


@dataclass(frozen=True, slots=True)
class PictureView:
    """`axis` is the one under the cursor; `pair` the axes of the heat map; `trial` the selected one."""

    spec: SweepSpec
    axis: int = 0
    brushes: Mapping[str, Interval] = field(default_factory=dict)
    log: bool | None = None
    """of the metric; None: as the numbers suggest"""
    pair: tuple[str, str] = ("", "")
    trial: int = 0
    symbols: Symbols = "braille"
    few_colours: bool = False
    lit: bool = False
    """whether it has the focus"""
    narrowed: bool = False
    """whether some trials are left out"""

    @property
    def largest(self) -> bool:
        return self.spec.goal == "max"

    @property
    def nothing(self) -> Row:
        """Said in place of a picture of no trial."""
        if self.narrowed:
            return (
                Span(" no trial that passes the filter has a value", "muted"),
                Span("   0", "key"),
                Span(" shows all", "muted"),
            )
        return (Span(" no trial has a value yet", "muted"),)

    def style_name(self, bucket: int) -> str:
        return FEW[bucket] if self.few_colours else f"bucket-{bucket}"


def merits(values: list[float], largest: bool) -> list[int]:
    """The bucket of each value by its rank: BUCKETS - 1 is the best."""
    order = sorted(range(len(values)), key=lambda place: values[place], reverse=not largest)
    found = [0] * len(values)
    for rank, place in enumerate(order):
        found[place] = min(BUCKETS - 1, rank * BUCKETS // max(1, len(values)))
    if order:
        found[order[-1]] = BUCKETS - 1
    return found


def selected(answer: Mapping[str, Any], trial: int) -> int | None:
    """The place of that trial among the lines of the `parallel` analysis."""
    return next((place for place, row in enumerate(answer["rows"]) if row["trial"] == trial), None)
