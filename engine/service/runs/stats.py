"""What the events of one run add up to, event by event."""

from __future__ import annotations

import math
import typing
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from engine import spec_versions
from engine.catalog import find
from engine.errors import CorruptRun, UnknownExperiment
from engine.events import Event
from engine.protocol import (
    Best,
    Cause,
    Json,
    Spec,
    Status,
    cause_from_json,
    number_from_json,
    number_to_json,
)
from engine.typed_json import typed

PACE_SECONDS = 15.0
"""the stretch of time that `rate` looks back on"""
MARKS = 8
"""checkpoints back to which the digest can be rewound exactly"""


@dataclass(frozen=True, slots=True)
class MetricGoal:
    """Which metric says what was best."""

    metric: str = ""
    largest: bool = False

    def beats(self, value: float, best: Best | None) -> bool:
        if not math.isfinite(value):
            return False
        return best is None or (value > best.value if self.largest else value < best.value)


@dataclass(frozen=True, slots=True)
class RunMark:
    """What stood at a checkpoint."""

    step: int
    metrics: dict[str, float]
    best: Best | None
    live: dict[str, float | None]


@dataclass(frozen=True, slots=True)
class ExitMessage:
    """What the worker itself said when it left."""

    status: Status
    cause: Cause
    at: float


@dataclass(slots=True)
class RunStats:
    goal: MetricGoal = MetricGoal()
    spec: Spec | None = None
    """of the run; None: its events are of the present version"""
    seq: int = 0
    step: int = 0
    total_steps: int = 0
    metrics: dict[str, float] = field(default_factory=dict)
    best: Best | None = None
    live: dict[str, float | None] = field(default_factory=dict)
    device: str = ""
    started_at: float | None = None
    attempt: int = 0
    checkpoint_step: int = 0
    data_notice: str = ""
    note: str = ""
    data_title: str = ""
    data_fingerprint: str = ""
    farewell: ExitMessage | None = None
    spent: float = 0.0
    """seconds in the stretches of training that are over"""
    since: float | None = None
    """when the present stretch began, on the clock of its events"""
    clock: float = 0.0
    """of the last event, on the clock of durations"""
    last_at: float = 0.0
    """of the last event, on the wall clock"""
    pace: deque[tuple[float, int]] = field(default_factory=deque)
    marks: list[RunMark] = field(default_factory=list)

    @property
    def train_seconds(self) -> float:
        return self.spent + (max(0.0, self.clock - self.since) if self.since is not None else 0.0)

    @property
    def rate(self) -> float:
        """Steps a second, lately; 0 while it is not known."""
        if len(self.pace) < 2:
            return 0.0
        (first_at, first), (last_at, last) = self.pace[0], self.pace[-1]
        return max(0.0, (last - first) / (last_at - first_at)) if last_at > first_at else 0.0

    def fold(self, event: Event) -> None:
        """Take one more event in. Raises CorruptRun for one whose facts are not what its kind says."""
        take = _TAKES.get(event.kind)
        if event.kind != "started":
            self._tick(event.clock)
        try:
            if take is not None:
                take(self, event)
        except (KeyError, TypeError, ValueError, ArithmeticError, IndexError, AttributeError) as error:
            raise CorruptRun(f"Event {event.seq} is no {event.kind}: {error!r}.") from error
        finally:
            self.seq = max(self.seq, event.seq)
            self.last_at = max(self.last_at, event.at)

    def _tick(self, clock: float) -> None:
        """Where it goes back, another attempt has begun it anew, or somebody set the wall clock back."""
        if clock < self.clock:
            self.pace.clear()
            if self.since is not None:
                self.spent += max(0.0, self.clock - self.since)
                self.since = clock
        self.clock = clock


def goal_of(experiment: str) -> MetricGoal:
    """Of an experiment of the catalog; one that is no longer there has none."""
    try:
        found = find(experiment)
    except UnknownExperiment:
        return MetricGoal()
    return MetricGoal(found.best, found.goal == "max")


def _started(stats: RunStats, event: Event) -> None:
    facts = event.facts
    _close_stretch(stats, stats.clock)
    stats.since = stats.clock = event.clock
    stats.started_at = event.at if stats.started_at is None else stats.started_at
    stats.total_steps = typed(facts.get("total_steps") or 0, int)
    stats.device = str(facts.get("device") or "")[:120]
    stats.attempt = typed(facts.get("attempt") or stats.attempt + 1, int)
    stats.data_notice = str(facts.get("notice") or "")[:400]
    _take_data(stats, facts.get("data"))
    stats.note, stats.farewell = "", None
    stats.pace.clear()


def _take_data(stats: RunStats, told: object) -> None:
    """An attempt that was refused, or ended before it looked, says nothing of its data."""
    if isinstance(told, dict) and told.get("fingerprint"):
        stats.data_title = str(told.get("title") or "")[:400]
        stats.data_fingerprint = str(told["fingerprint"])[:64]


def _metrics(stats: RunStats, event: Event) -> None:
    for name, (steps, values) in event.facts["series"].items():
        if not steps or len(steps) != len(values):
            continue
        stats.metrics[name] = number_from_json(values[-1])
        stats.step = max(stats.step, typed(steps[-1], int))
        if name == stats.goal.metric:
            _seek_best(stats, name, steps, values)
    _keep_pace(stats, event.clock)


def _seek_best(stats: RunStats, name: str, steps: list[int], values: list[Any]) -> None:
    for step, raw in zip(steps, values, strict=True):
        value = number_from_json(raw)
        if stats.goal.beats(value, stats.best):
            stats.best = Best(name, value, typed(step, int))


def _keep_pace(stats: RunStats, at: float) -> None:
    pace = stats.pace
    if pace and at - pace[-1][0] < PACE_SECONDS / 60 and len(pace) > 1:
        pace.pop()
    pace.append((at, stats.step))
    while len(pace) > 2 and at - pace[1][0] >= PACE_SECONDS:
        pace.popleft()


def _set(stats: RunStats, event: Event) -> None:
    name, value, spec = str(event.facts["name"]), event.facts["value"], stats.spec
    if spec is not None and not spec_versions.is_current(event.facts):
        value = spec_versions.live(spec.experiment, spec.params, name, value)
    stats.live[name] = None if value is None else typed(value, float)


def _checkpoint(stats: RunStats, event: Event) -> None:
    step = typed(event.facts["step"], int)
    stats.checkpoint_step = step
    stats.step = max(stats.step, step)
    kept = [mark for mark in stats.marks if mark.step != step][-(MARKS - 1) :]
    stats.marks = [*kept, RunMark(step, dict(stats.metrics), stats.best, dict(stats.live))]


def _note(stats: RunStats, event: Event) -> None:
    is_well = event.facts.get("severity") == "ok"
    stats.note = "" if is_well else str(event.facts["text"])[:400]


def _restored(stats: RunStats, event: Event) -> None:
    step = typed(event.facts["step"], int)
    stats.pace.clear()
    stats.checkpoint_step = step
    if step < stats.step:
        _rewind(stats, step)


def _rewind(stats: RunStats, step: int) -> None:
    """Forget what came after `step`; without a mark of it, also what cannot be told apart."""
    found = next((mark for mark in stats.marks if mark.step == step), None)
    best = stats.best if stats.best and stats.best.step <= step else None
    mark = found or RunMark(step, {}, best, {})
    stats.step, stats.best = step, mark.best
    stats.metrics, stats.live = dict(mark.metrics), dict(mark.live)
    stats.marks = [mark for mark in stats.marks if mark.step <= step]


def _ended(stats: RunStats, event: Event) -> None:
    _close_stretch(stats, event.clock)
    stats.step = max(stats.step, typed(event.facts.get("step") or 0, int))
    status = Status(event.facts["status"])
    stats.farewell = ExitMessage(status, cause_from_json(event.facts["cause"]), event.at)


def _close_stretch(stats: RunStats, at: float) -> None:
    if stats.since is not None:
        stats.spent += max(0.0, at - stats.since)
        stats.since = None


_TAKES: dict[str, Callable[[RunStats, Event], None]] = {
    "started": _started,
    "metrics": _metrics,
    "set": _set,
    "checkpoint": _checkpoint,
    "note": _note,
    "restored": _restored,
    "ended": _ended,
}


# --- to and from JSON: so that a long event file need not be read again -----------------------------------

_PLAIN = (
    "seq", "step", "total_steps", "device", "started_at", "attempt", "checkpoint_step", "data_notice",
    "note", "spent", "since", "clock", "last_at", "live", "data_title", "data_fingerprint",
)  # fmt: skip


def to_json(stats: RunStats) -> Json:
    return {
        **{name: getattr(stats, name) for name in _PLAIN},
        "metrics": _numbers(stats.metrics),
        "best": _best_to_json(stats.best),
        "marks": [[m.step, _numbers(m.metrics), _best_to_json(m.best), m.live] for m in stats.marks],
    }


def from_json(data: Json, goal: MetricGoal, spec: Spec | None = None) -> RunStats:
    """Raises KeyError, TypeError or ValueError for anything else than `to_json` gave."""
    kinds = typing.get_type_hints(RunStats)
    marks = [
        RunMark(typed(step, int), _floats(metrics), _best_from_json(best), typed(live, kinds["live"]))
        for step, metrics, best, live in data["marks"]
    ]
    best = _best_from_json(data["best"])
    plain = {name: typed(data[name], kinds[name]) for name in _PLAIN}
    return RunStats(goal=goal, spec=spec, metrics=_floats(data["metrics"]), best=best, marks=marks, **plain)


def _best_to_json(best: Best | None) -> list[Any] | None:
    return [best.metric, best.value, best.step] if best else None


def _best_from_json(data: Any) -> Best | None:
    return Best(*typed(data, tuple[str, float, int])) if data else None


def _numbers(values: dict[str, float]) -> Json:
    return {name: number_to_json(value) for name, value in values.items()}


def _floats(values: Json) -> dict[str, float]:
    return {name: number_from_json(value) for name, value in values.items()}
