"""Steps and seconds of training until a run reached a goal, counted from its events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from engine.events import Event
from engine.protocol import number_from_json

METRIC = "val_accuracy"


@dataclass(slots=True)
class GoalTimes:
    """`goal` is a validation accuracy. Time without training (a pause) does not count."""

    goal: float
    seconds: float = 0.0
    last: dict[str, tuple[int, float]] = field(default_factory=dict)
    """of each metric: the step and the value"""
    reached: tuple[int, float] | None = None
    """step and seconds"""
    _at: float | None = None
    """of the last event of an attempt; None between attempts"""

    def add(self, events: Iterable[Event]) -> GoalTimes:
        for event in events:
            self._count(event)
            if event.kind == "restored":
                self._rewind(int(event.facts["step"]))
            elif event.kind == "metrics":
                self._read(event.facts["series"])
        return self

    def _count(self, event: Event) -> None:
        """An attempt that was killed has no `ended` event; a note may come before the next one starts."""
        if event.kind == "started":
            self._at = event.clock
        elif self._at is not None and event.kind != "note":
            self.seconds += max(0.0, event.clock - self._at)
            self._at = None if event.kind == "ended" else event.clock

    def value(self, metric: str) -> float | None:
        return self.last[metric][1] if metric in self.last else None

    def _read(self, series: dict[str, list[list[float]]]) -> None:
        for metric, (steps, values) in series.items():
            for step, logged in zip(steps, values, strict=True):
                value = number_from_json(logged)
                self.last[metric] = (int(step), value)
                if metric == METRIC and value >= self.goal and self.reached is None:
                    self.reached = (int(step), self.seconds)

    def _rewind(self, step: int) -> None:
        """Drops what was logged after that step: it will be trained again."""
        self.last = {metric: found for metric, found in self.last.items() if found[0] <= step}
        if self.reached is not None and self.reached[0] > step:
            self.reached = None
