"""Types of sweeps and trials that service and clients share, and their JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from engine import spec_versions
from engine.axes import Axis
from engine.exec.shell_command import ShellCommand
from engine.experiment_files.description import FileExperiment
from engine.params import Param, Value
from engine.protocol import SYSTEM_LONGEST, Count, ParentCheckpoint, SubmitRequest, with_current_name
from engine.typed_json import Bounds, Number, Time, Unknown, typed

TRIALS = Param(
    "trials",
    int,
    None,
    "number of configurations; all: the whole grid, 30 without a grid",
    least=1,
    most=100_000,
    word="all",
)
PARALLEL = Param(
    "parallel", int, None, "trials at once; auto: as many as fit on the machine", least=1, most=1000,
    word="auto",
)  # fmt: skip
SAMPLERS = ("grid", "random", "tpe")
PRUNERS = ("none", "median", "asha")
ANALYSES = ("importance", "parallel", "slice", "best", "heat")


class SweepStatus(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    DONE = "done"
    DAMAGED = "damaged"
    """its folder cannot be read; `why` has the reason"""


class TrialStatus(StrEnum):
    """The status of a trial: that of its run, or waiting, pruned or refused."""

    WAITING = "waiting"
    """requested, its run is not created yet"""
    QUEUED = "queued"
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    STOPPING = "stopping"
    DONE = "done"
    PRUNED = "pruned"
    STOPPED = "stopped"
    FAILED = "failed"
    LOST = "lost"
    DAMAGED = "damaged"
    REFUSED = "refused"
    """its parameters are not valid together: no run was created"""

    @property
    def is_settled(self) -> bool:
        """Whether it does not change without a new command."""
        return self not in _MOVING


_MOVING = (
    TrialStatus.WAITING, TrialStatus.QUEUED, TrialStatus.RUNNING, TrialStatus.PAUSING, TrialStatus.STOPPING,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Prune:
    """Settings of the pruner. Rungs are shares of a trial's steps."""

    kind: str = "none"
    eta: Annotated[int, Bounds(1, 1000)] = 3
    """asha: one of `eta` trials continues beyond each rung"""
    rungs: Annotated[int, Bounds(0, 1000)] = 3
    """asha: at 1/eta, 1/eta^2, ... of the steps; median: evenly spread"""
    startup: int = 4
    """median: trials that must have reached a rung before one is stopped there"""

    @property
    def shares(self) -> tuple[float, ...]:
        """The rungs as shares of a trial's steps, ascending."""
        if self.kind == "asha":
            return tuple(self.eta**-power for power in range(self.rungs, 0, -1))
        if self.kind == "median":
            return tuple(place / (self.rungs + 1) for place in range(1, self.rungs + 1))
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepSubmitRequest:
    """A sweep to be submitted. What SubmitRequest has too means the same, for its trials."""

    JSON_OMITTED: ClassVar = ("file", "gpus", "begin", "command", "withheld", "like", "system_seconds")

    experiment: str = ""
    """or the name of a suite"""
    axes: Sequence[str] = ()
    """such as `lr=0.001..0.1 log` or `hidden=1..4`"""
    params: Mapping[str, Any] = field(default_factory=dict)
    sampler: str = "grid"
    seed: int = 1
    seeds: int | Sequence[int] = 1
    """how many, or which"""
    trials: int | None = None
    parallel: int | None = None
    gpu_share: float = 1.0
    prune: Prune = Prune()
    metric: str = ""
    """empty, as is `goal`: that of the experiment"""
    goal: str = ""
    name: str = ""
    device: str = "auto"
    executor: str = "local"
    data: str | None = None
    file: FileExperiment | None = None
    system_seconds: Annotated[float, Bounds(0, SYSTEM_LONGEST)] | None = None
    """as in `Spec`, for its trials"""
    gpus: str | None = None
    begin: str = ""
    command: ShellCommand | None = None
    withheld: Mapping[str, str] | None = None
    like: str = ""
    token: str = ""

    @property
    def of_trials(self) -> SubmitRequest:
        """What it has in common with a run to be submitted."""
        names = {field.name for field in fields(self)} & {field.name for field in fields(SubmitRequest)}
        return SubmitRequest(**{name: getattr(self, name) for name in names})


@dataclass(frozen=True, slots=True)
class WholeEdit:
    """Of all of a sweep: pause, resume, stop."""


@dataclass(frozen=True, slots=True)
class TrialEdit:
    trial: int


@dataclass(frozen=True, slots=True)
class PinEdit:
    trial: int
    on: bool = True


@dataclass(frozen=True, slots=True)
class AddEdit:
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class WidenEdit:
    axis: str
    """such as `lr=0.5,1`"""


@dataclass(frozen=True, slots=True)
class CountEdit:
    count: Any
    """a number, or the word of PARALLEL or TRIALS"""


@dataclass(frozen=True, slots=True)
class ExtendEdit:
    """Of the lengths that its experiment has one is given; none: train it to its end."""

    trial: int
    epochs: Any = None
    iterations: Any = None
    steps: Any = None


EDITS: Mapping[str, type] = {
    "pause": WholeEdit, "stop": WholeEdit, "resume": WholeEdit, "stop_trial": TrialEdit, "pin": PinEdit,
    "add": AddEdit, "widen": WidenEdit, "parallel": CountEdit, "trials": CountEdit, "extend": ExtendEdit,
}  # fmt: skip
"""the facts of each verb of SweepEditRequest"""


@dataclass(frozen=True, slots=True)
class SweepSpec:
    """A sweep as submitted; written once. A summary has it with later edits."""

    JSON_OMITTED: ClassVar = ("file", "command", "parent", "gpus", "system_seconds")

    id: str
    name: str
    experiment: str
    axes: tuple[Axis, ...]
    """without the seed, which is `seeds`"""
    params: Mapping[str, Value]
    """the same in every trial"""
    sampler: str
    seed: int
    """of the sampler"""
    seeds: tuple[int, ...]
    """each configuration is trained once with each seed"""
    trials: int | None
    """number of configurations; None: all points of the grid"""
    parallel: int | None
    """trials that train at once; None: as many as fit on the machine"""
    gpu_share: Annotated[float, Bounds(0, 1)]
    prune: Prune
    metric: str
    goal: str
    """min or max of `metric`"""
    executor: str
    device: str
    created_at: Time
    token: str = ""
    lanes: bool = False
    """whether the trials train as one batch"""
    number: int = 0
    """the counter of submissions, of runs and sweeps together; 0 in specs of older versions"""
    data: str | None = None
    """as in `Spec`, for its trials"""
    version: int = spec_versions.VERSION
    """of the meaning of the values; older specs are translated when read"""
    file: FileExperiment | None = None
    """the experiment, where it is a file of the user's"""
    command: ShellCommand | None = None
    """as in `Spec`, for its trials"""
    parent: ParentCheckpoint | None = None
    """the checkpoint of another run that each trial begins with; the sweep's folder keeps it"""
    system_seconds: Annotated[float, Bounds(0, SYSTEM_LONGEST)] | None = None
    """as in `Spec`, for its trials"""
    gpus: str | None = None
    """as in `Spec`, for its trials"""
    unknown: Unknown = field(default_factory=dict)
    """fields that a newer version wrote: kept, without effect"""

    @property
    def order(self) -> tuple[int, float, str]:
        """Sort key of submission: the newest sweep has the largest."""
        return self.number, self.created_at, self.id


@dataclass(frozen=True, slots=True)
class TrialRow:
    """The facts of a trial that tables need."""

    JSON_FIELDS: ClassVar = (
        "trial", "config", "seed", "value", "step", "best_step", "total_steps", "run", "seconds", "cause",
        "pinned", "lane", "removed", "params", "metrics", "status",
    )  # fmt: skip

    trial: int
    """number, from 1"""
    config: int
    """number of the configuration, from 1; trials that differ only in their seed share it"""
    params: Mapping[str, Value]
    """values of the axes, and parameters that were set for this trial"""
    seed: int
    status: TrialStatus
    value: float | None = None
    """best value of the sweep's metric; None where there is none, or where it is not finite"""
    step: int = 0
    """updates so far"""
    best_step: int = 0
    """the step of `value`"""
    total_steps: int = 0
    metrics: Mapping[str, Number] = field(default_factory=dict)
    """last value of each metric"""
    run: str = ""
    """id of its run; that of the batch where it is one network of a batch"""
    seconds: float = 0.0
    """training time"""
    cause: str = ""
    pinned: bool = False
    lane: int | None = None
    """index in its batch, from 0; None where it has a run of its own"""
    removed: bool = False
    """whether its run was removed"""


@dataclass(frozen=True, slots=True)
class SweepSummary:
    """Its JSON is that of `dltui sweep show --json`."""

    JSON_FIELDS: ClassVar = ("id", "status", "spec", "planned", "counts", "best", "why", "updated_at")

    spec: SweepSpec
    status: SweepStatus
    planned: int
    """number of all trials, with those that were added"""
    counts: Mapping[str, int]
    """trials by TrialStatus; those not requested yet are not counted"""
    best: TrialRow | None = None
    why: str = ""
    """why it waits, or why it ended"""
    updated_at: float = 0.0

    @property
    def id(self) -> str:
        return self.spec.id

    @property
    def settled(self) -> int:
        """Number of trials with a settled status."""
        return sum(count for status, count in self.counts.items() if TrialStatus(status).is_settled)


@dataclass(frozen=True, slots=True)
class TrialQuery:
    """A window of a sweep's trials: filter, order, offset, length and groups.

    Fields: trial, config, seed, status, value (or best), step, best_step, seconds, pinned, run; then metrics;
    then params. `group` holds names separated by commas; `config` groups the seeds of a configuration.
    """

    where: str = ""
    sort: str = "trial"
    descending: bool = False
    offset: Count = 0
    limit: Count = 200
    group: str = ""


@dataclass(frozen=True, slots=True)
class TrialsRequest(TrialQuery):
    sweep: str = ""


@dataclass(frozen=True, slots=True)
class AnalysisRequest:
    """The data of a chart of a sweep, of the trials that pass the filter `where`."""

    sweep: str
    kind: str
    """one of ANALYSES"""
    where: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunsAnalysisRequest:
    """The data of a chart of runs, of those that are named or else of those that pass the filter."""

    kind: str
    """one of ANALYSES"""
    where: str = ""
    runs: tuple[str, ...] = ()
    """ids"""
    metric: str = ""
    """empty: that of most of their best values"""
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TrialGroup:
    """Trials with equal values in the fields of `TrialQuery.group`; the statistics are of their `value`."""

    JSON_FIELDS: ClassVar = ("count", "valued", "mean", "spread", "key", "best")

    key: Mapping[str, Value]
    count: int
    valued: int
    """trials that have a value"""
    mean: float | None
    spread: float | None
    """sample standard deviation; None for fewer than two values"""
    best: TrialRow | None


@dataclass(frozen=True, slots=True)
class TrialPage:
    """`rows` where the query has no group, else `groups` in the order of their best trials."""

    rows: tuple[TrialRow, ...]
    groups: tuple[TrialGroup, ...]
    matching: int
    """number of rows, or of groups, that pass the filter"""
    total: int


def sweep_spec_from_json(data: object) -> SweepSpec:
    """Raises ValueError where a field is missing or has a wrong type; unknown fields go to `unknown`."""
    return with_current_name(typed(data, SweepSpec))


def sweep_from_json(data: object, *, strict: bool = True) -> SweepSummary:
    """Raises ValueError."""
    sweep = typed(data, SweepSummary, strict=strict)
    return replace(sweep, spec=with_current_name(sweep.spec))
