"""The curves of one run, folded from its events."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from engine.events import Event
from engine.protocol import number_from_json


@dataclass(slots=True)
class MetricCurve:
    """One metric: points in the order of their steps."""

    steps: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    """Unix time in seconds"""
    values: list[float] = field(default_factory=list)

    def evict_after(self, step: int) -> None:
        keep = bisect_right(self.steps, step)
        del self.steps[keep:], self.times[keep:], self.values[keep:]


def increasing(steps: list[int], values: list[Any], last: int) -> tuple[list[int], list[Any]]:
    """The points whose step is greater than `last` and than every step before them."""
    if all(before < step for before, step in zip([last, *steps], steps, strict=False)):
        return steps, values
    kept = []
    for step, value in zip(steps, values, strict=True):
        if step > last:
            kept.append((step, value))
            last = step
    return [step for step, _ in kept], [value for _, value in kept]


@dataclass(slots=True)
class RunCurves:
    by_metric: dict[str, MetricCurve] = field(default_factory=dict)
    seq: int = 0
    """sequence number of the last event that was added"""
    _last_at: float = 0.0

    def add(self, events: Iterable[Event]) -> None:
        for event in events:
            self.seq = event.seq
            if event.kind == "metrics":
                self._extend(event)
            elif event.kind == "restored":
                for curve in self.by_metric.values():
                    curve.evict_after(event.facts["step"])
            self._last_at = event.at

    def _extend(self, event: Event) -> None:
        """Add a block of points, with times spread evenly since the last event.

        The first value of a step is kept: in files of older versions some steps have two.
        """
        for metric, (steps, values) in event.facts["series"].items():
            curve = self.by_metric.setdefault(metric, MetricCurve())
            steps, values = increasing(steps, values, curve.steps[-1] if curve.steps else -1)
            since = min(self._last_at or event.at, event.at)
            gap = (event.at - since) / max(1, len(steps))
            curve.steps += steps
            curve.times += [since + gap * (i + 1) for i in range(len(steps))]
            curve.values += [number_from_json(value) for value in values]
