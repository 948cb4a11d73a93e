"""The view of a plot: cursor, brushes, scale, selected trial, and what the terminal can draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.sweep_protocol import SweepSpec
from tui.chart.plot_area import Symbols
from tui.plots.brush import Interval
from tui.terminal.glyphs import glyphs
from tui.ui.span import Row, Span

BUCKETS = 8
"""number of colours of the metric, from the worst to the best"""
FEW = ("line", "muted", "muted", "done", "done", "good", "warn", "accent")
"""the style names of the buckets on terminals with sixteen colours"""


@dataclass(frozen=True, slots=True)
class PlotSubject:
    """What is drawn: the trials of a sweep, or any runs."""

    id: str
    metric: str
    goal: str
    """min or max of the metric"""
    axes: tuple[str, ...]
    """names of the parameters, and of the seed where that varies"""
    thing: str = "trial"
    """what a point or a line is: trial or run"""


def subject_of(spec: SweepSpec) -> PlotSubject:
    seed = ("seed",) if len(spec.seeds) > 1 else ()
    return PlotSubject(spec.id, spec.metric, spec.goal, (*(axis.name for axis in spec.axes), *seed))


@dataclass(frozen=True, slots=True)
class PlotState:
    """`axis` is the one under the cursor; `pair` the axes of the heat map; `trial` the selected one."""

    subject: PlotSubject
    axis: int = 0
    brushes: Mapping[str, Interval] = field(default_factory=dict)
    log: bool | None = None
    """whether the metric has a log scale; None: chosen by its range"""
    pair: tuple[str, str] = ("", "")
    trial: int = 0
    symbols: Symbols = "braille"
    few_colours: bool = False
    focused: bool = False
    """whether it has the focus"""
    is_filtered: bool = False
    """whether some trials are left out"""

    @property
    def largest(self) -> bool:
        return self.subject.goal == "max"

    @property
    def nothing(self) -> Row:
        """The row in place of a plot without trials."""
        if self.is_filtered:
            return (
                Span(f" no {self.subject.thing} that passes the filter has a value", "muted"),
                Span("   0", "key"),
                Span(" shows all", "muted"),
            )
        return (Span(f" no {self.subject.thing} has a value yet", "muted"),)

    @property
    def colour_legend(self) -> Row:
        """worst ━━━━ best"""
        block = "=" if glyphs().ascii_only else "━"
        ramp = (Span(block * 2, self.style_name(bucket)) for bucket in range(BUCKETS))
        return (Span(" worst ", "muted"), *ramp, Span(" best", "muted"))

    def style_name(self, bucket: int) -> str:
        return FEW[bucket] if self.few_colours else f"bucket-{bucket}"


def merits(values: list[float], largest: bool) -> list[int]:
    """The bucket of each value by its rank, 0 .. BUCKETS - 1; the best is in the last."""
    order = sorted(range(len(values)), key=lambda place: values[place], reverse=not largest)
    found = [0] * len(values)
    for rank, place in enumerate(order):
        found[place] = min(BUCKETS - 1, rank * BUCKETS // max(1, len(values)))
    if order:
        found[order[-1]] = BUCKETS - 1
    return found


def selected(answer: Mapping[str, Any], trial: int) -> int | None:
    """The index of a trial in the rows of a `parallel` analysis."""
    return next((place for place, row in enumerate(answer["rows"]) if row["trial"] == trial), None)
