"""A sweep in memory: what its journal adds up to, fact by fact."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from engine.params import Value
from engine.protocol import Json, number_from_json
from engine.service.sweeps import journal_entries, sampler, sweep_batch
from engine.service.sweeps.sampler import Axes
from engine.service.sweeps.sweep_batch import SweepBatch
from engine.service.sweeps.sweep_folder import SweepFolder
from engine.sweep_protocol import (
    SweepSpec,
    SweepStatus,
    SweepSummary,
    TrialRow,
    TrialStatus,
    axis_from_json,
)

FAR = 10_000_000
"""planned trials that are counted; more are never reached"""
_UNFIT = (TrialStatus.FAILED, TrialStatus.LOST, TrialStatus.DAMAGED, TrialStatus.REFUSED)
_LEAVING = {SweepStatus.PAUSED: "pausing", SweepStatus.STOPPED: "stopping"}


@dataclass(frozen=True, slots=True)
class TrialStanding:
    """Of a whole batch of lanes."""

    counts: dict[str, int]
    best: TrialRow | None


@dataclass(slots=True, eq=False)
class Trial:
    row: TrialRow
    created_at: float
    begun: bool = False
    """its run folder was made"""
    open: bool = True
    """it may still move, or its end has not been told"""
    order: str = ""
    """pause, stop or prune, until its run has ended"""
    why: str = ""
    """it is pruned"""
    again: bool = False
    """it was told to pause and shall go on as soon as it has"""
    rungs: dict[int, float] = field(default_factory=dict)
    """the value it came to each rung with"""

    @property
    def number(self) -> int:
        return self.row.trial

    @property
    def moves(self) -> bool:
        return self.open and not self.row.status.is_settled


@dataclass(slots=True, eq=False)
class Config:
    """One choice of parameters, trained once with each seed."""

    number: int
    params: dict[str, Value]
    point: int | None
    """the sampler's number of it; None for one that a person added"""
    trials: dict[int, int] = field(default_factory=dict)
    """seed to trial"""
    refused: bool = False
    told: bool = False
    """the sampler knows what came of it"""


@dataclass(slots=True, eq=False)
class Sweep:
    """Trials from 0 down are whole batches of lanes; the lanes themselves are the trials from 1 on."""

    folder: SweepFolder
    spec: SweepSpec
    """as edited"""
    widenings: list[Axes]
    wanted: SweepStatus = SweepStatus.RUNNING
    trials: dict[int, Trial] = field(default_factory=dict)
    configs: dict[int, Config] = field(default_factory=dict)
    sampled: int = 0
    """configurations that the sampler gave"""
    added: list[dict[str, Value]] = field(default_factory=list)
    """by a person, not asked yet"""
    rungs: dict[int, list[tuple[int, float]]] = field(default_factory=dict)
    """trial and value of all that came to a rung, in that order"""
    edits: int = 0
    exhausted: bool = False
    """the sampler has no more"""
    batches: list[SweepBatch] = field(default_factory=list)
    """of lanes, where it is trained by them"""
    batch: TrialStanding | None = None
    """how the lanes of all batches stand"""
    pinned: set[int] = field(default_factory=set)
    """lanes"""
    stopped: list[tuple[int, int]] = field(default_factory=list)
    """batch and lane of each that was told to"""
    trouble: str = ""
    """what keeps it from going on"""
    ended_by: str = ""
    """why it was stopped, where no person did it"""
    not_before: float = 0.0
    """on the monotonic clock"""
    damage: str = ""
    """what of its journal cannot be read, until somebody resumes it"""
    dirty: bool = True
    """something changed that nobody was told of"""
    updated_at: float = 0.0

    @property
    def id(self) -> str:
        return self.spec.id

    @property
    def largest(self) -> bool:
        return self.spec.goal == "max"

    def open_trials(self) -> list[Trial]:
        return [trial for trial in self.trials.values() if trial.open]

    def budget(self) -> int:
        """Configurations the sampler may give."""
        return len(self.batches) if self.spec.lanes else self._points()

    def _points(self) -> int:
        if any(axis.values is None for axis in self.spec.axes) or self.spec.sampler == "tpe":
            return self.spec.trials or 0
        points = sampler.point_count(self.spec.axes)
        return min(points, self.spec.trials) if self.spec.trials else points

    @property
    def lane_count(self) -> int:
        return sweep_batch.lanes(self.batches)

    def lane(self, trial: int) -> SweepBatch | None:
        """The batch that trains it; None for a trial of its own."""
        return sweep_batch.newest(self.batches, trial)

    def next_trial(self) -> int:
        return max([*(batch.last for batch in self.batches), *self.trials, 0]) + 1

    def next_config(self) -> int:
        return max([*self.configs, sweep_batch.last_config(self.batches)]) + 1

    def planned(self) -> int:
        sampled = self.sampled if self.exhausted else max(self.budget(), self.sampled)
        by_hand = len(self.added) + sum(config.point is None for config in self.configs.values())
        refused = sum(config.refused for config in self.configs.values())
        if self.spec.lanes:
            return self.lane_count + by_hand * len(self.spec.seeds)
        return min(FAR, (sampled + by_hand) * len(self.spec.seeds) - refused * (len(self.spec.seeds) - 1))

    def gaps(self) -> Iterator[tuple[Config, int]]:
        """Configurations with a seed that no trial has yet."""
        for config in self.configs.values():
            if config.number > 0 and not config.refused and len(config.trials) < len(self.spec.seeds):
                yield from ((config, seed) for seed in self.spec.seeds if seed not in config.trials)

    def has_more(self) -> bool:
        if self.added or (not self.exhausted and self.sampled < self.budget()):
            return True
        return any(True for _ in self.gaps())

    def status(self) -> SweepStatus:
        """Trials that move keep it at work whatever is wanted of it: they may be leaving."""
        if any(trial.moves for trial in self.trials.values()):
            return SweepStatus.RUNNING
        if self.wanted is SweepStatus.RUNNING:
            return SweepStatus.RUNNING if self.has_more() else SweepStatus.DONE
        return self.wanted

    def better(self, row: TrialRow, than: TrialRow | None) -> bool:
        if row.value is None or row.status in _UNFIT:
            return False
        if than is None or than.value is None:
            return True
        return row.value > than.value if self.largest else row.value < than.value

    def best(self) -> TrialRow | None:
        best = self.batch.best if self.batch else None
        for trial in self.trials.values():
            if trial.number > 0 and self.better(trial.row, best):
                best = trial.row
        return best

    def summary(self) -> SweepSummary:
        counts = Counter(str(trial.row.status) for trial in self.trials.values() if trial.number > 0)
        if self.batch:
            counts.update(self.batch.counts)
        return SweepSummary(
            self.spec, self.status(), self.planned(), dict(counts), self.best(), self.why(), self.updated_at
        )

    def why(self) -> str:
        """What it waits for, or why it ended."""
        if self.damage:
            return self.damage
        moving = sum(trial.moves for trial in self.trials.values())
        if not self.trouble and moving and self.wanted in _LEAVING:
            trials = "1 trial is" if moving == 1 else f"{moving} trials are"
            return f"{_LEAVING[self.wanted]}: {trials} still running"
        return self.trouble or self.ended_by

    def blind(self) -> str:
        """That no trial says how good it is: one that ended logged other metrics; empty otherwise."""
        rows = [trial.row for trial in self.trials.values() if trial.number > 0]
        if any(row.value is not None or self.spec.metric in row.metrics for row in rows):
            return ""
        ended = next((row for row in rows if row.status is TrialStatus.DONE), None)
        if ended is None:
            return ""
        logged = ", ".join(sorted(ended.metrics)) or "nothing"
        return f"trial {ended.trial} logged {logged}; there is no {self.spec.metric}"

    def show(self, trial: Trial, **facts: object) -> None:
        """Change the row of a trial, where that changes anything."""
        row = dataclasses.replace(trial.row, **facts)  # type: ignore[arg-type]
        if row != trial.row:
            trial.row, self.dirty = row, True

    # --- facts ---------------------------------------------------------------------------------------------

    def fold(self, fact: Json) -> None:
        """Raises KeyError, TypeError or ValueError for what is no fact of a sweep."""
        journal_entries.check(fact)
        _TAKES[fact["kind"]](self, fact)
        self.updated_at = max(self.updated_at, fact.get("at", 0.0))
        self.dirty = True


def new(folder: SweepFolder, spec: SweepSpec) -> Sweep:
    batches = [sweep_batch.first_of(spec)] if spec.lanes else []
    return Sweep(folder, spec, [spec.axes], batches=batches, updated_at=spec.created_at)


def _asked(sweep: Sweep, fact: Json) -> None:
    number, params = int(fact["config"]), dict(fact["params"])
    config = sweep.configs.get(number)
    if config is None:
        config = Config(number, params, fact["point"])
        sweep.configs[number] = config
        if config.point is not None:
            sweep.sampled += 1
        elif params in sweep.added:
            sweep.added.remove(params)
    row = TrialRow(
        int(fact["trial"]), number, params, int(fact["seed"]), TrialStatus.WAITING, run=fact.get("run", "")
    )
    sweep.trials[row.trial] = Trial(row, float(fact.get("created_at", 0.0)))
    config.trials[row.seed] = row.trial


def _begun(sweep: Sweep, fact: Json) -> None:
    trial = sweep.trials[fact["trial"]]
    trial.begun = True
    if trial.row.status is TrialStatus.WAITING:
        sweep.show(trial, status=TrialStatus.QUEUED)


def _refused(sweep: Sweep, fact: Json) -> None:
    trial = sweep.trials[fact["trial"]]
    trial.open = False
    sweep.configs[trial.row.config].refused = True
    sweep.show(trial, status=TrialStatus.REFUSED, cause=fact["cause"], run="")


def _told(sweep: Sweep, fact: Json) -> None:
    trial = sweep.trials[fact["trial"]]
    metrics = {name: number_from_json(value) for name, value in fact["metrics"].items()}
    plain = {name: fact[name] for name in ("value", "step", "best_step", "total_steps", "seconds", "cause")}
    sweep.show(trial, status=TrialStatus(fact["status"]), metrics=metrics, **plain)
    trial.open, trial.order = False, ""


def _rung(sweep: Sweep, fact: Json) -> None:
    trial, rung, value = sweep.trials[fact["trial"]], int(fact["rung"]), number_from_json(fact["value"])
    trial.rungs[rung] = value
    sweep.rungs.setdefault(rung, []).append((trial.number, value))
    if fact["why"]:
        trial.order, trial.why = "prune", fact["why"]


def _reopened(sweep: Sweep, fact: Json) -> None:
    sweep.trials[fact["trial"]].open = True


def _learned(sweep: Sweep, fact: Json) -> None:
    sweep.configs[fact["config"]].told = True


def _damaged(sweep: Sweep, fact: Json) -> None:
    """What was lost may have said that a trial is done: nothing is trained until somebody resumes it."""
    if not sweep.damage:
        sweep.damage = (
            f"its journal is damaged at {fact['text']}: no more trials start until the sweep is resumed"
        )
    sweep.wanted = SweepStatus.PAUSED


def _exhausted(sweep: Sweep, fact: Json) -> None:
    sweep.exhausted = True


def _edited(sweep: Sweep, fact: Json) -> None:
    _EDITS[fact["verb"]](sweep, fact)
    sweep.edits += 1


def _pause(sweep: Sweep, fact: Json) -> None:
    sweep.wanted = SweepStatus.PAUSED
    _order(sweep, "pause", fact["held"])


def _stop(sweep: Sweep, fact: Json) -> None:
    sweep.wanted = SweepStatus.STOPPED
    _order(sweep, "stop", fact["held"])


def _order(sweep: Sweep, order: str, numbers: list[int]) -> None:
    for number in numbers:
        if sweep.trials[number].open:
            sweep.trials[number].order = order


def _blind(sweep: Sweep, fact: Json) -> None:
    _stop(sweep, fact)
    sweep.ended_by = str(fact["why"])


def _resume(sweep: Sweep, fact: Json) -> None:
    sweep.wanted, sweep.ended_by, sweep.damage = SweepStatus.RUNNING, "", ""
    for trial in sweep.trials.values():
        if trial.order == "pause":
            trial.order, trial.again = "", True


def _stop_trial(sweep: Sweep, fact: Json) -> None:
    batch = sweep.lane(fact["trial"])
    if batch is not None:
        sweep.stopped.append((batch.number, fact["trial"]))
        return
    _order(sweep, "stop", [fact["trial"]])


def _pin(sweep: Sweep, fact: Json) -> None:
    if sweep.lane(fact["trial"]) is not None:
        (sweep.pinned.add if fact["on"] else sweep.pinned.discard)(fact["trial"])
        return
    trial = sweep.trials[fact["trial"]]
    if fact["on"] and trial.order == "prune":
        trial.order, trial.why = "", ""
    sweep.show(trial, pinned=bool(fact["on"]))


def _add(sweep: Sweep, fact: Json) -> None:
    sweep.added.append(dict(fact["params"]))


def _widen(sweep: Sweep, fact: Json) -> None:
    if "seeds" in fact:
        more = [seed for seed in fact["seeds"] if seed not in sweep.spec.seeds]
        sweep.batches += sweep_batch.reseeded(sweep.batches, more, sweep.next_trial()) if more else ()
        sweep.spec = dataclasses.replace(sweep.spec, seeds=tuple(fact["seeds"]))
        return
    axes = tuple(axis_from_json(axis) for axis in fact["axes"])
    if sweep.spec.lanes:
        wider = sweep_batch.widened(sweep.batches, axes, sweep.spec, sweep.next_trial(), sweep.next_config())
        sweep.batches += [wider] if wider else []
    sweep.spec = dataclasses.replace(sweep.spec, axes=axes)
    sweep.widenings.append(sweep.spec.axes)
    sweep.exhausted = False


def _parallel(sweep: Sweep, fact: Json) -> None:
    sweep.spec = dataclasses.replace(sweep.spec, parallel=fact["count"])


def _trials(sweep: Sweep, fact: Json) -> None:
    more = (fact["count"] or 0) - sweep_batch.points(sweep.batches)
    if sweep.spec.lanes and more > 0:
        batch = sweep_batch.drawn(sweep.batches, sweep.spec, more, sweep.next_trial(), sweep.next_config())
        sweep.batches.append(batch)
    sweep.spec = dataclasses.replace(sweep.spec, trials=fact["count"])


def _extend(sweep: Sweep, fact: Json) -> None:
    if "params" in fact:
        lane = sweep_batch.extended(sweep.batches, fact["trial"], fact["params"], fact["seed"], sweep.spec)
        sweep.batches.append(lane)
        sweep.pinned.add(fact["trial"])
        return
    trial = sweep.trials[fact["trial"]]
    trial.open, trial.order, trial.why = True, "", ""
    sweep.show(trial, pinned=True, status=TrialStatus.QUEUED, cause="")


_TAKES = {
    "asked": _asked, "begun": _begun, "refused": _refused, "told": _told, "rung": _rung, "learned": _learned,
    "damaged": _damaged, "reopened": _reopened, "exhausted": _exhausted, "edited": _edited, "blind": _blind,
}  # fmt: skip
_EDITS = {
    "pause": _pause, "stop": _stop, "resume": _resume, "stop_trial": _stop_trial, "pin": _pin, "add": _add,
    "widen": _widen, "parallel": _parallel, "trials": _trials, "extend": _extend,
}  # fmt: skip
EDITS = tuple(_EDITS)
