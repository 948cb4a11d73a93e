"""The row and the result of a trial, from the summary and the events of its run."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine import catalog, fold
from engine.errors import UnknownExperiment
from engine.events import Event
from engine.metric_goal import MetricGoal
from engine.protocol import CauseKind, Json, RunSummary, Status, number_from_json
from engine.service.sweeps import pruner
from engine.service.sweeps.sweep import Config, Sweep, Trial
from engine.sweep_protocol import Prune, SweepSpec, TrialRow, TrialStatus

CHUNK = 256 * 1024
"""bytes read at once"""


@dataclass(slots=True)
class TrialCurve:
    """A `HistoryPart`."""

    path: Path
    goal: MetricGoal
    prune: Prune
    total: int = 0
    """steps of a trial whose run does not tell them; 0: not known"""
    offset: int = 0
    best: float | None = None
    best_step: int = 0
    rungs: dict[int, tuple[int, float]] = field(default_factory=dict)
    """rung: step at which it was reached and the best value by then, NaN if there was none"""
    _pending_rungs: dict[int, int] = field(default_factory=dict)

    def read_more(self) -> bool:
        """Read the next chunk; True if there may be more. Raises CorruptRun."""
        start, self.offset = (
            self.offset,
            fold.read(self.path, self.offset, self, wanted=_is_wanted, limit=CHUNK),
        )
        return self.offset - start >= CHUNK

    def add(self, event: Event) -> None:
        if event.kind == "started":
            self._set_rungs(int(event.facts.get("total_steps") or self.total))
        elif event.kind == "metrics":
            self._add_points(event.facts["series"])

    def rewind(self, step: int) -> None:
        """Nothing: a strict resume reaches the best value again, and a fast one is not worse for it."""

    def _set_rungs(self, total: int) -> None:
        rungs = pruner.rung_steps(self.prune, total)
        self._pending_rungs = {rung: step for rung, step in rungs.items() if rung not in self.rungs}

    def _add_points(self, series: Json) -> None:
        for step, raw in zip(*series.get(self.goal.metric, ((), ())), strict=True):
            value = number_from_json(raw)
            if self.goal.is_better(value, self.best):
                self.best, self.best_step = value, int(step)
            if self._pending_rungs:
                self._pass_rungs(int(step), value)

    def _pass_rungs(self, step: int, value: float) -> None:
        """The first value at or after a rung counts; of several rungs passed at once only the last one."""
        passed = [rung for rung, at in self._pending_rungs.items() if at <= step]
        for rung in passed:
            del self._pending_rungs[rung]
        if passed:
            known = self.best if math.isfinite(value) else None
            self.rungs[max(passed)] = (step, math.nan if known is None else known)


def _is_wanted(line: bytes) -> bool:
    return b'"metrics"' in line or b'"started"' in line


RUN_FIELDS = ("status", "value", "step", "best_step", "total_steps", "metrics", "seconds", "cause")
"""fields of a row that come from its run"""
_WORTHLESS = (TrialStatus.FAILED, TrialStatus.LOST, TrialStatus.DAMAGED, TrialStatus.REFUSED)


@dataclass(frozen=True, slots=True)
class TrialResult:
    """The result of a configuration: `value` is the mean over its seeds, None if a seed has no value."""

    value: float | None
    step: int
    is_complete: bool
    """all seeds were trained to their end"""


REMOVED = "its run was removed"
"""cause of a trial whose run was removed; its row is updated again if the run is restored"""


def needs_curve(spec: SweepSpec) -> bool:
    """Whether the events have to be read; otherwise the run's summary has the best value of the metric."""
    if spec.prune.kind != "none":
        return True
    try:
        experiment = catalog.of(spec)
    except UnknownExperiment:
        return True
    return (spec.metric, spec.goal) != (experiment.best, experiment.goal)


def is_over(summary: RunSummary) -> bool:
    return summary.status.is_final or summary.status is Status.PAUSED


def make_row(sweep: Sweep, trial: Trial, summary: RunSummary | None, curve: TrialCurve | None) -> TrialRow:
    if summary is None:
        return replace(trial.row, status=TrialStatus.FAILED, value=None, cause=REMOVED)
    status = _status(trial, summary)
    value, step = _best(summary, curve) if trial.number > 0 else (None, 0)
    return replace(
        trial.row,
        status=status,
        value=None if status in _WORTHLESS else value,
        step=summary.step,
        best_step=step,
        total_steps=summary.total_steps,
        metrics=dict(summary.metrics),
        seconds=round(summary.train_seconds, 3),
        cause=summary.cause.text if summary.cause else "",
    )


def has_ended(sweep: Sweep, config: Config) -> bool:
    """Whether all trials of a configuration have ended; a paused one has not."""
    if config.refused:
        return True
    rows = [sweep.trials[number] for number in config.trials.values()]
    waits = any(trial.is_open or trial.row.status is TrialStatus.PAUSED for trial in rows)
    return not waits and len(rows) >= len(sweep.spec.seeds)


def result_of(sweep: Sweep, config: Config) -> TrialResult:
    rows = [sweep.trials[number].row for number in config.trials.values()]
    values = [row.value for row in rows if row.value is not None and math.isfinite(row.value)]
    return TrialResult(
        statistics.fmean(values) if values and len(values) == len(rows) else None,
        max((row.step for row in rows), default=0),
        all(row.status is TrialStatus.DONE for row in rows),
    )


def _status(trial: Trial, summary: RunSummary) -> TrialStatus:
    if summary.status is Status.STOPPED:
        pruned = summary.cause is not None and summary.cause.kind is CauseKind.PRUNED
        return TrialStatus.PRUNED if pruned or trial.pending_command == "prune" else TrialStatus.STOPPED
    return TrialStatus(str(summary.status))


def _best(summary: RunSummary, curve: TrialCurve | None) -> tuple[float | None, int]:
    if curve is not None:
        return curve.best, curve.best_step
    best = summary.best
    return (best.value, best.step) if best else (None, 0)
