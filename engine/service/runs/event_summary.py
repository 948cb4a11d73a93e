"""The stats of a run, folded from its events one by one."""

from __future__ import annotations

import functools
import typing
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from itertools import islice
from typing import Any

from engine import point_columns, spec_versions, typed_json
from engine.events import Event
from engine.fold import TrainingClock
from engine.metric_goal import MetricGoal, goal_by_names
from engine.protocol import Best, Cause, Json, Spec, Status, number_from_json
from engine.service.runs import system_stats
from engine.service.runs.best_of_columns import BestOfColumns
from engine.service.runs.system_stats import SystemStats
from engine.typed_json import Number, typed

RATE_SECONDS = 15.0
"""the length of time over which `rate` is computed"""
METRICS_LIMIT = 256
"""metrics of an imported run that have a value in tables; all have a curve"""
MAX_MARKS = 8
"""the number of checkpoints to which the stats can be rewound exactly"""


@dataclass(frozen=True, slots=True)
class CheckpointSnapshot:
    step: int
    metrics: dict[str, float]
    best: Best | None
    live: dict[str, float | None]


@dataclass(frozen=True, slots=True)
class ExitMessage:
    """The status and cause in the worker's `ended` event."""

    status: Status
    cause: Cause
    at: float


@dataclass(slots=True)
class RunStats:
    """What the events of a run say; the fields that `RunSummary` has too go there as they are."""

    goal: MetricGoal = field(default_factory=MetricGoal)
    spec: Spec | None = None
    """of the run, to convert events of earlier versions; None: all events have the present version"""
    seq: int = 0
    step: int = 0
    total_steps: int = 0
    metrics: dict[str, float] = field(default_factory=dict)
    best: Best | None = None
    device: str = ""
    started_at: float | None = None
    attempt: int = 0
    checkpoint_step: int = 0
    data_notice: str = ""
    note: str = ""
    training: TrainingClock = field(default_factory=TrainingClock)
    last_at: float = 0.0
    """of the last event, on the wall clock"""
    live: dict[str, float | None] = field(default_factory=dict)
    data_title: str = ""
    data_fingerprint: str = ""
    told_params: dict[str, bool | int | float | str | None] = field(default_factory=dict)
    """parameters that a command told while it ran"""
    exit_message: ExitMessage | None = None
    recent_steps: deque[tuple[float, int]] = field(default_factory=deque)
    marks: list[CheckpointSnapshot] = field(default_factory=list)
    system: SystemStats = field(default_factory=SystemStats)
    disk: int = 0
    """bytes of the run folder when it was measured last: not from events"""
    best_is_known: bool = True
    """false for an imported run of which too much was replaced"""
    of_columns: BestOfColumns | None = field(default=None, compare=False)
    """of an imported run whose points were read since this was loaded"""

    @property
    def rate(self) -> float:
        """Steps a second over the last RATE_SECONDS; 0 while it is not known."""
        if len(self.recent_steps) < 2:
            return 0.0
        (first_at, first), (last_at, last) = self.recent_steps[0], self.recent_steps[-1]
        return max(0.0, (last - first) / (last_at - first_at)) if last_at > first_at else 0.0

    def add(self, event: Event) -> None:
        if event.clock < self.training.clock:
            self.recent_steps.clear()
        self.training.tick(event)
        self.seq = max(self.seq, event.seq)
        self.last_at = max(self.last_at, event.at)
        handler = _HANDLERS.get(event.kind)
        if handler is not None:
            handler(self, event)

    def rewind(self, step: int) -> None:
        """Restore the stats at `step`; without a snapshot of it, metrics and live values are dropped."""
        self.recent_steps.clear()
        is_command = self.spec is not None and self.spec.command is not None
        self.checkpoint_step = max(0, min(self.checkpoint_step, step) if is_command else step)
        if step >= self.step:
            return
        found = next((mark for mark in self.marks if mark.step == step), None)
        best = self.best if self.best and self.best.step <= step else None
        mark = found or CheckpointSnapshot(step, {}, best, {})
        self.step, self.best = max(0, step), mark.best
        if self.of_columns is not None:
            self.of_columns.cut(step + 1)
            self.best, self.best_is_known = self.of_columns.best, self.of_columns.is_known
        self.metrics, self.live = dict(mark.metrics), dict(mark.live)
        self.marks = [mark for mark in self.marks if mark.step <= step]


def _on_started(stats: RunStats, event: Event) -> None:
    facts = event.facts
    stats.started_at = event.at if stats.started_at is None else stats.started_at
    stats.total_steps = typed(facts.get("total_steps") or 0, int)
    stats.device = str(facts.get("device") or "")[:120]
    stats.attempt = typed(facts.get("attempt") or stats.attempt + 1, int)
    stats.data_notice = str(facts.get("notice") or "")[:400]
    _set_data(stats, facts.get("data"))
    stats.note, stats.exit_message = "", None
    stats.recent_steps.clear()
    stats.system.start(event)


def _set_data(stats: RunStats, data: object) -> None:
    """An attempt that ended before it read its data has none: the data of the attempt before are kept."""
    if isinstance(data, dict) and data.get("fingerprint"):
        stats.data_title = str(data.get("title") or "")[:400]
        stats.data_fingerprint = str(data["fingerprint"])[:64]


def _on_metrics(stats: RunStats, event: Event) -> None:
    for name, (steps, values) in event.facts["series"].items():
        if not steps or len(steps) != len(values):
            continue
        stats.metrics[name] = number_from_json(values[-1])
        stats.step = max(stats.step, typed(steps[-1], int))
        if name == stats.goal.metric:
            _update_best(stats, name, steps, values)
    _update_rate(stats, event.clock)


def _on_columns(stats: RunStats, event: Event) -> None:
    series = event.facts["series"]
    of_columns = _of_columns(stats, series)
    for name, columns in series.items():
        if name in stats.metrics or len(stats.metrics) < METRICS_LIMIT:
            stats.metrics[name] = point_columns.last_value(columns)
    if of_columns.goal.metric in series:
        of_columns.add(*point_columns.steps_and_values(series, of_columns.goal.metric))
    stats.best, stats.best_is_known = of_columns.best, of_columns.is_known
    stats.step = typed(event.facts["step"], int)
    stats.system.add_columns(series)


def _of_columns(stats: RunStats, series: Mapping[str, object]) -> BestOfColumns:
    """The best so far of the metric that the names of all metrics choose, the new ones too."""
    before = stats.of_columns
    known = before.names if before is not None else set(stats.metrics)
    if before is not None and (len(known) >= METRICS_LIMIT or known.issuperset(series)):
        return before
    names = known.union(islice(series, METRICS_LIMIT))
    goal = goal_by_names(sorted(names))
    if before is not None and before.goal == goal:
        before.names = names
        return before
    found = stats.of_columns = BestOfColumns(goal, names)
    if goal.metric in known:
        best = stats.best if stats.best is not None and stats.best.metric == goal.metric else None
        found.go_on_from(best, stats.best_is_known and before is None)
    return found


def _update_best(stats: RunStats, name: str, steps: list[int], values: list[Any]) -> None:
    for step, raw in zip(steps, values, strict=True):
        value = number_from_json(raw)
        if stats.goal.is_better(value, stats.best.value if stats.best else None):
            stats.best = Best(name, value, typed(step, int))


def _update_rate(stats: RunStats, at: float) -> None:
    recent_steps = stats.recent_steps
    if recent_steps and at - recent_steps[-1][0] < RATE_SECONDS / 60 and len(recent_steps) > 1:
        recent_steps.pop()
    recent_steps.append((at, stats.step))
    while len(recent_steps) > 2 and at - recent_steps[1][0] >= RATE_SECONDS:
        recent_steps.popleft()


def _on_set(stats: RunStats, event: Event) -> None:
    name, value, spec = str(event.facts["name"]), event.facts["value"], stats.spec
    if spec is not None and not spec_versions.is_current(event.facts):
        value = spec_versions.upgrade_live(spec.experiment, spec.params, name, value)
    stats.live[name] = None if value is None else typed(value, float)


def _on_checkpoint(stats: RunStats, event: Event) -> None:
    step = typed(event.facts["step"], int)
    stats.checkpoint_step = step
    stats.step = max(stats.step, step)
    others = [mark for mark in stats.marks if mark.step != step][-(MAX_MARKS - 1) :]
    stats.marks = [*others, CheckpointSnapshot(step, dict(stats.metrics), stats.best, dict(stats.live))]


def _on_params(stats: RunStats, event: Event) -> None:
    stats.told_params |= typed(event.facts["values"], dict[str, bool | int | float | str | None])


def _on_note(stats: RunStats, event: Event) -> None:
    is_well = event.facts.get("severity") == "ok"
    stats.note = "" if is_well else str(event.facts["text"])[:400]


def _on_system(stats: RunStats, event: Event) -> None:
    stats.system.add(event)


def _on_ended(stats: RunStats, event: Event) -> None:
    stats.step = max(stats.step, typed(event.facts.get("step") or 0, int))
    status = Status(event.facts["status"])
    stats.exit_message = ExitMessage(status, typed(event.facts["cause"], Cause), event.at)


_HANDLERS: dict[str, Callable[[RunStats, Event], None]] = {
    "started": _on_started,
    "metrics": _on_metrics,
    "columns": _on_columns,
    "set": _on_set,
    "checkpoint": _on_checkpoint,
    "params": _on_params,
    "note": _on_note,
    "system": _on_system,
    "ended": _on_ended,
}


# --- to and from JSON, for the index: a long event file is not read twice ---------------------------------

_CLOCK = ("spent", "since", "clock")
_OTHERS = (
    "goal",
    "spec",
    "metrics",
    "best",
    "exit_message",
    "recent_steps",
    "marks",
    "of_columns",
    "system",
    "disk",
)
"""fields that are not written, or not as they are"""
_PLAIN = tuple(
    name
    for one in fields(RunStats)
    if one.name not in _OTHERS
    for name in (_CLOCK if one.name == "training" else (one.name,))
)
_Numbers = dict[str, Number]
_BestFacts = tuple[str, Number, int] | None


def to_json(stats: RunStats) -> Json:
    plain = {name: getattr(stats.training if name in _CLOCK else stats, name) for name in _PLAIN}
    marks = [(mark.step, mark.metrics, _facts(mark.best), mark.live) for mark in stats.marks]
    others = {"metrics": stats.metrics, "best": _facts(stats.best), "marks": marks}
    system = system_stats.to_json(stats.system)
    disk = {"disk": stats.disk} if stats.disk else {}
    return typed_json.to_json(plain | others | disk | ({"system": system} if system else {}))


def from_json(data: Json, goal: MetricGoal, spec: Spec | None = None) -> RunStats:
    """Raises KeyError or ValueError for data that `to_json` did not make."""
    read = {name: typed(data[name], kind) for name, kind in _stored_types().items()}
    read["best"] = read["best"] and Best(*read["best"])
    read["marks"] = [
        CheckpointSnapshot(step, metrics, best and Best(*best), live)
        for step, metrics, best, live in read["marks"]
    ]
    spent, since, clock = (read.pop(name) for name in _CLOCK)
    system = system_stats.from_json(data.get("system", {}))
    disk = typed(data.get("disk", 0), int)
    return RunStats(
        goal=goal,
        spec=spec,
        system=system,
        disk=disk,
        training=TrainingClock(spent, since, clock, clock),
        **read,
    )


@functools.cache
def _stored_types() -> Mapping[str, Any]:
    known = typing.get_type_hints(TrainingClock) | typing.get_type_hints(RunStats)
    marks = list[tuple[int, _Numbers, _BestFacts, dict[str, float | None]]]
    return {name: known[name] for name in _PLAIN} | {"metrics": _Numbers, "best": _BestFacts, "marks": marks}


def _facts(best: Best | None) -> tuple[str, float, int] | None:
    return (best.metric, best.value, best.step) if best else None
