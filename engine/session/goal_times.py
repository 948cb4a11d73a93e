"""Steps and seconds of training until a run reached a goal."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.events import Event
from engine.fold import TrainingClock
from engine.protocol import number_from_json

METRIC = "val_accuracy"


@dataclass(slots=True)
class GoalTimes:
    """`goal` is a validation accuracy. Time without training (a pause) does not count. A `HistoryPart`."""

    goal: float
    training: TrainingClock = field(default_factory=TrainingClock)
    last: dict[str, tuple[int, float]] = field(default_factory=dict)
    """of each metric: the step and the value"""
    reached: tuple[int, float] | None = None
    """step and seconds"""

    def value(self, metric: str) -> float | None:
        return self.last[metric][1] if metric in self.last else None

    def add(self, event: Event) -> None:
        seconds = self.training.time_of(event)
        if event.kind != "metrics":
            return
        for metric, (steps, values) in event.facts["series"].items():
            if steps:
                self.last[metric] = (int(steps[-1]), number_from_json(values[-1]))
            if metric == METRIC and self.reached is None:
                points = zip(steps, map(number_from_json, values), strict=True)
                self.reached = next(((step, seconds) for step, value in points if value >= self.goal), None)

    def rewind(self, step: int) -> None:
        self.last = {metric: found for metric, found in self.last.items() if found[0] <= step}
        if self.reached is not None and self.reached[0] > step:
            self.reached = None
