"""A sweep in memory, built by applying the entries of its journal in order."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.exec.shell_command import without_values
from engine.metric_goal import MetricGoal
from engine.params import Value
from engine.protocol import Json
from engine.service.sweeps import batch_spec, grid_points, journal
from engine.service.sweeps.batch_spec import SweepBatch
from engine.service.sweeps.grid_points import Axes
from engine.service.sweeps.journal import (
    AddEntry,
    AskedEntry,
    BlindEntry,
    CountEntry,
    DamagedEntry,
    EmptyEntry,
    ExtendEntry,
    HeldEntry,
    LearnedEntry,
    PinEntry,
    RefusedEntry,
    RungEntry,
    ToldEntry,
    TrialEntry,
    WidenEntry,
)
from engine.service.sweeps.sweep_folder import SweepFolder
from engine.sweep_protocol import (
    SweepSpec,
    SweepStatus,
    SweepSummary,
    TrialRow,
    TrialStatus,
)

MAX_PLANNED = 10_000_000
"""most planned trials that are counted"""
_UNFIT = (TrialStatus.FAILED, TrialStatus.LOST, TrialStatus.DAMAGED, TrialStatus.REFUSED)
_LEAVING = {SweepStatus.PAUSED: "pausing", SweepStatus.STOPPED: "stopping"}


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """Counts by status and the best trial of all lanes."""

    counts: dict[str, int]
    best: TrialRow | None


@dataclass(slots=True, eq=False)
class Trial:
    row: TrialRow
    created_at: float
    is_submitted: bool = False
    """its run folder was made"""
    is_open: bool = True
    """its run may still change, or its end is not in the journal yet"""
    pending_command: str = ""
    """pending command, until its run has ended: pause, stop or prune"""
    why: str = ""
    """why it is pruned"""
    resume_when_paused: bool = False
    """resume it once its pending pause is done"""
    rungs: dict[int, float] = field(default_factory=dict)
    """rung: value when it reached the rung"""

    @property
    def number(self) -> int:
        return self.row.trial

    @property
    def is_active(self) -> bool:
        return self.is_open and not self.row.status.is_settled


@dataclass(slots=True, eq=False)
class Config:
    """One choice of parameters, trained once with each seed."""

    number: int
    params: dict[str, Value]
    point: int | None
    """its number in the sampler; None for one that a user added"""
    trials: dict[int, int] = field(default_factory=dict)
    """seed: number of the trial"""
    refused: bool = False
    told: bool = False
    """its result was told to the sampler"""


@dataclass(slots=True, eq=False)
class Sweep:
    """Trials 0, -1, -2, ... are batches of lanes; lanes and trials of their own have numbers from 1 on."""

    folder: SweepFolder
    spec: SweepSpec
    """with all edits applied"""
    widenings: list[Axes]
    wanted: SweepStatus = SweepStatus.RUNNING
    trials: dict[int, Trial] = field(default_factory=dict)
    configs: dict[int, Config] = field(default_factory=dict)
    sampled: int = 0
    """configurations taken from the sampler"""
    added: list[dict[str, Value]] = field(default_factory=list)
    """params of trials added by a user that are not submitted yet"""
    rungs: dict[int, list[tuple[int, float]]] = field(default_factory=dict)
    """rung: trial and value of all that reached it, in that order"""
    edits: int = 0
    exhausted: bool = False
    """the sampler has no more configurations"""
    batches: list[SweepBatch] = field(default_factory=list)
    """the batches of a sweep that trains lanes"""
    batch: BatchSummary | None = None
    """summary of the lanes of all batches"""
    pinned: set[int] = field(default_factory=set)
    """numbers of pinned lanes"""
    stopped: list[tuple[int, int]] = field(default_factory=list)
    """batch and lane of each stopped lane"""
    error: str = ""
    """the error that blocks it; empty if none"""
    stop_reason: str = ""
    """why it was stopped other than by a user"""
    retry_at: float = 0.0
    """monotonic time before which nothing is submitted"""
    finished_steps: int = 0
    """steps of the trial that was the first to finish; 0: none has"""
    damage: str = ""
    """what is damaged in its journal, until the sweep is resumed"""
    dirty: bool = True
    """changed since the last update was sent to clients"""
    updated_at: float = 0.0

    @property
    def id(self) -> str:
        return self.spec.id

    @property
    def goal(self) -> MetricGoal:
        return MetricGoal(self.spec.metric, self.spec.goal == "max")

    def open_trials(self) -> list[Trial]:
        return [trial for trial in self.trials.values() if trial.is_open]

    def budget(self) -> int:
        """Number of configurations the sampler may give."""
        return len(self.batches) if self.spec.lanes else self._points()

    def _points(self) -> int:
        if any(axis.values is None for axis in self.spec.axes) or self.spec.sampler == "tpe":
            return self.spec.trials or 0
        points = grid_points.point_count(self.spec.axes)
        return min(points, self.spec.trials) if self.spec.trials else points

    @property
    def lane_count(self) -> int:
        return batch_spec.count_lanes(self.batches)

    def batch_of(self, trial: int) -> SweepBatch | None:
        """The batch that trains a trial; None for a trial with its own run."""
        return batch_spec.latest_batch(self.batches, trial)

    def next_trial(self) -> int:
        return max([*(batch.last for batch in self.batches), *self.trials, 0]) + 1

    def next_config(self) -> int:
        return max([*self.configs, batch_spec.last_config(self.batches)]) + 1

    def planned(self) -> int:
        sampled = self.sampled if self.exhausted else max(self.budget(), self.sampled)
        by_hand = len(self.added) + sum(config.point is None for config in self.configs.values())
        refused = sum(config.refused for config in self.configs.values())
        if self.spec.lanes:
            return self.lane_count + by_hand * len(self.spec.seeds)
        return min(
            MAX_PLANNED, (sampled + by_hand) * len(self.spec.seeds) - refused * (len(self.spec.seeds) - 1)
        )

    def missing_seeds(self) -> Iterator[tuple[Config, int]]:
        """Configurations and seeds that have no trial yet."""
        for config in self.configs.values():
            if config.number > 0 and not config.refused and len(config.trials) < len(self.spec.seeds):
                yield from ((config, seed) for seed in self.spec.seeds if seed not in config.trials)

    def has_more(self) -> bool:
        if self.added or (not self.exhausted and self.sampled < self.budget()):
            return True
        return any(True for _ in self.missing_seeds())

    def status(self) -> SweepStatus:
        """RUNNING while any trial is active, even if the sweep was paused or stopped."""
        if any(trial.is_active for trial in self.trials.values()):
            return SweepStatus.RUNNING
        if self.wanted is SweepStatus.RUNNING:
            return SweepStatus.RUNNING if self.has_more() else SweepStatus.DONE
        return self.wanted

    def is_better(self, row: TrialRow, than: TrialRow | None) -> bool:
        if row.value is None or row.status in _UNFIT:
            return False
        return self.goal.is_better(row.value, than.value if than else None)

    def best(self) -> TrialRow | None:
        best = self.batch.best if self.batch else None
        for trial in self.trials.values():
            if trial.number > 0 and self.is_better(trial.row, best):
                best = trial.row
        return best

    def summary(self) -> SweepSummary:
        counts = Counter(str(trial.row.status) for trial in self.trials.values() if trial.number > 0)
        if self.batch:
            counts.update(self.batch.counts)
        spec, command = self.spec, self.spec.command
        if command is not None:
            spec = dataclasses.replace(spec, command=without_values(command))
        return SweepSummary(
            spec, self.status(), self.planned(), dict(counts), self.best(), self.why(), self.updated_at
        )

    def why(self) -> str:
        """What it waits for, or why it ended; empty if there is nothing to report."""
        if self.damage:
            return self.damage
        moving = sum(trial.is_active for trial in self.trials.values())
        if not self.error and moving and self.wanted in _LEAVING:
            trials = "1 trial is" if moving == 1 else f"{moving} trials are"
            return f"{_LEAVING[self.wanted]}: {trials} still running"
        return self.error or self.stop_reason

    def missing_metric(self) -> str:
        """Why no trial can be compared: one that ended did not log the metric; empty otherwise."""
        rows = [trial.row for trial in self.trials.values() if trial.number > 0]
        if any(row.value is not None or self.spec.metric in row.metrics for row in rows):
            return ""
        ended = next((row for row in rows if row.status is TrialStatus.DONE), None)
        if ended is None:
            return ""
        logged = ", ".join(sorted(ended.metrics)) or "nothing"
        return f"trial {ended.trial} logged {logged}; there is no {self.spec.metric}"

    def update_row(self, trial: Trial, **facts: object) -> None:
        """Update fields of the row of a trial; mark the sweep dirty if any differs."""
        row = dataclasses.replace(trial.row, **facts)  # type: ignore[arg-type]
        if row != trial.row:
            trial.row, self.dirty = row, True

    # --- journal entries -----------------------------------------------------------------------------------

    def fold(self, entry: Json) -> None:
        """Apply a journal entry. Raises KeyError or ValueError for an invalid one."""
        fields = journal.fields(entry)
        if entry["kind"] == "edited":
            _EDITS[entry["verb"]](self, fields)
            self.edits += 1
        else:
            _HANDLERS[entry["kind"]](self, fields)
        self.updated_at = max(self.updated_at, entry.get("at", 0.0))
        self.dirty = True


def new_sweep(folder: SweepFolder, spec: SweepSpec) -> Sweep:
    batches = [batch_spec.first_batch(spec)] if spec.lanes else []
    return Sweep(folder, spec, [spec.axes], batches=batches, updated_at=spec.created_at)


def _asked(sweep: Sweep, entry: AskedEntry) -> None:
    number, params = entry.config, dict(entry.params)
    config = sweep.configs.get(number)
    if config is None:
        config = Config(number, params, entry.point)
        sweep.configs[number] = config
        if config.point is not None:
            sweep.sampled += 1
        elif params in sweep.added:
            sweep.added.remove(params)
    row = TrialRow(entry.trial, number, params, entry.seed, TrialStatus.WAITING, run=entry.run)
    sweep.trials[row.trial] = Trial(row, entry.created_at)
    config.trials[row.seed] = row.trial


def _begun(sweep: Sweep, entry: TrialEntry) -> None:
    trial = sweep.trials[entry.trial]
    trial.is_submitted = True
    if trial.row.status is TrialStatus.WAITING:
        sweep.update_row(trial, status=TrialStatus.QUEUED)


def _refused(sweep: Sweep, entry: RefusedEntry) -> None:
    trial = sweep.trials[entry.trial]
    trial.is_open = False
    sweep.configs[trial.row.config].refused = True
    sweep.update_row(trial, status=TrialStatus.REFUSED, cause=entry.cause, run="")


def _told(sweep: Sweep, entry: ToldEntry) -> None:
    trial = sweep.trials[entry.trial]
    sweep.update_row(
        trial, status=entry.status, metrics=entry.metrics, value=entry.value, step=entry.step,
        best_step=entry.best_step, total_steps=entry.total_steps, seconds=entry.seconds, cause=entry.cause,
    )  # fmt: skip
    trial.is_open, trial.pending_command = False, ""
    if entry.status is TrialStatus.DONE and not sweep.finished_steps:
        sweep.finished_steps = entry.step


def _rung(sweep: Sweep, entry: RungEntry) -> None:
    trial, rung, value = sweep.trials[entry.trial], entry.rung, entry.value
    trial.rungs[rung] = value
    sweep.rungs.setdefault(rung, []).append((trial.number, value))
    if entry.why:
        trial.pending_command, trial.why = "prune", entry.why


def _reopened(sweep: Sweep, entry: TrialEntry) -> None:
    sweep.trials[entry.trial].is_open = True


def _learned(sweep: Sweep, entry: LearnedEntry) -> None:
    sweep.configs[entry.config].told = True


def _damaged(sweep: Sweep, entry: DamagedEntry) -> None:
    """The damaged entry may be the end of a trial: pause, so that nothing is trained again unasked."""
    if not sweep.damage:
        sweep.damage = (
            f"its journal is damaged at {entry.text}: no more trials start until the sweep is resumed"
        )
    sweep.wanted = SweepStatus.PAUSED


def _exhausted(sweep: Sweep, entry: EmptyEntry) -> None:
    sweep.exhausted = True


def _pause(sweep: Sweep, entry: HeldEntry) -> None:
    sweep.wanted = SweepStatus.PAUSED
    _set_pending(sweep, "pause", entry.held)


def _stop(sweep: Sweep, entry: HeldEntry | BlindEntry) -> None:
    sweep.wanted = SweepStatus.STOPPED
    _set_pending(sweep, "stop", entry.held)


def _set_pending(sweep: Sweep, pending_command: str, numbers: Sequence[int]) -> None:
    for number in numbers:
        if sweep.trials[number].is_open:
            sweep.trials[number].pending_command = pending_command


def _blind(sweep: Sweep, entry: BlindEntry) -> None:
    _stop(sweep, entry)
    sweep.stop_reason = entry.why


def _resume(sweep: Sweep, entry: EmptyEntry) -> None:
    sweep.wanted, sweep.stop_reason, sweep.damage = SweepStatus.RUNNING, "", ""
    for trial in sweep.trials.values():
        if trial.pending_command == "pause":
            trial.pending_command, trial.resume_when_paused = "", True


def _stop_trial(sweep: Sweep, entry: TrialEntry) -> None:
    batch = sweep.batch_of(entry.trial)
    if batch is not None:
        sweep.stopped.append((batch.number, entry.trial))
        return
    _set_pending(sweep, "stop", [entry.trial])


def _pin(sweep: Sweep, entry: PinEntry) -> None:
    if sweep.batch_of(entry.trial) is not None:
        (sweep.pinned.add if entry.on else sweep.pinned.discard)(entry.trial)
        return
    trial = sweep.trials[entry.trial]
    if entry.on and trial.pending_command == "prune":
        trial.pending_command, trial.why = "", ""
    sweep.update_row(trial, pinned=entry.on)


def _add(sweep: Sweep, entry: AddEntry) -> None:
    sweep.added.append(dict(entry.params))


def _widen(sweep: Sweep, entry: WidenEntry) -> None:
    if entry.seeds is not None:
        more = [seed for seed in entry.seeds if seed not in sweep.spec.seeds]
        sweep.batches += batch_spec.reseeded(sweep.batches, more, sweep.next_trial()) if more else ()
        sweep.spec = dataclasses.replace(sweep.spec, seeds=tuple(entry.seeds))
        return
    axes = entry.axes or ()
    if sweep.spec.lanes:
        wider = batch_spec.widened(sweep.batches, axes, sweep.spec, sweep.next_trial(), sweep.next_config())
        sweep.batches += [wider] if wider else []
    sweep.spec = dataclasses.replace(sweep.spec, axes=axes)
    sweep.widenings.append(sweep.spec.axes)
    sweep.exhausted = False


def _parallel(sweep: Sweep, entry: CountEntry) -> None:
    sweep.spec = dataclasses.replace(sweep.spec, parallel=entry.count)


def _trials(sweep: Sweep, entry: CountEntry) -> None:
    more = (entry.count or 0) - batch_spec.count_points(sweep.batches)
    if sweep.spec.lanes and more > 0:
        batch = batch_spec.drawn(sweep.batches, sweep.spec, more, sweep.next_trial(), sweep.next_config())
        sweep.batches.append(batch)
    sweep.spec = dataclasses.replace(sweep.spec, trials=entry.count)


def _extend(sweep: Sweep, entry: ExtendEntry) -> None:
    if entry.params is not None and entry.seed is not None:
        batch = batch_spec.extended(sweep.batches, entry.trial, entry.params, entry.seed, sweep.spec)
        sweep.batches.append(batch)
        sweep.pinned.add(entry.trial)
        return
    trial = sweep.trials[entry.trial]
    trial.is_open, trial.pending_command, trial.why = True, "", ""
    sweep.update_row(trial, pinned=True, status=TrialStatus.QUEUED, cause="")


_HANDLERS: Mapping[str, Callable[[Sweep, Any], None]] = {
    "asked": _asked, "begun": _begun, "refused": _refused, "told": _told, "rung": _rung, "learned": _learned,
    "damaged": _damaged, "reopened": _reopened, "exhausted": _exhausted, "blind": _blind,
}  # fmt: skip
_EDITS: Mapping[str, Callable[[Sweep, Any], None]] = {
    "pause": _pause, "stop": _stop, "resume": _resume, "stop_trial": _stop_trial, "pin": _pin, "add": _add,
    "widen": _widen, "parallel": _parallel, "trials": _trials, "extend": _extend,
}  # fmt: skip
