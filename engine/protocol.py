"""The words everybody shares: specs, states, causes, summaries; to and from JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

from engine import spec_versions
from engine.params import Value
from engine.typed_json import typed

VERSION = 2
"""of the socket protocol; a client and a service that differ say so and part"""

SPEC_VERSION = spec_versions.VERSION
"""of what the values of a spec mean"""
is_current = spec_versions.is_current
upgrade_form_texts = spec_versions.upgrade_form_texts

Json = dict[str, Any]


class Status(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    STOPPING = "stopping"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"
    LOST = "lost"
    DAMAGED = "damaged"
    """its folder cannot be read; the cause says why"""

    @property
    def is_active(self) -> bool:
        """A process is, or should be, at work on it."""
        return self in (Status.RUNNING, Status.PAUSING, Status.STOPPING)

    @property
    def is_final(self) -> bool:
        return self in (Status.DONE, Status.STOPPED, Status.FAILED, Status.LOST, Status.DAMAGED)

    @property
    def is_rest(self) -> bool:
        """No process is at work on it, and none will be until somebody asks for it."""
        return self.is_final or self is Status.PAUSED


class CauseKind(StrEnum):
    FINISHED = "finished"
    PAUSED = "paused"
    USER_STOP = "user_stop"
    PRUNED = "pruned"
    BAD_PARAMS = "bad_params"
    BAD_DATA = "bad_data"
    DIVERGED = "diverged"
    HOST_MEMORY = "host_memory"
    GPU_MEMORY = "gpu_memory"
    DISK_FULL = "disk_full"
    RESUME_REFUSED = "resume_refused"
    SIGNAL = "signal"
    ERROR = "error"
    KEEPER_LOST = "keeper_lost"
    DAMAGED = "damaged"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a run is no longer training."""

    kind: CauseKind
    text: str
    remedy: str = ""


EXECUTORS = ("local", "ray")
"""where a run trains; ray@host:port names a cluster"""


@dataclass(frozen=True, slots=True)
class Spec:
    """What was asked; written once."""

    id: str
    experiment: str
    params: Mapping[str, Value]
    seed: int
    name: str
    framework: str
    threads: int
    device: str
    """auto, cpu or gpu"""
    created_at: float
    token: str = ""
    """the client's own mark of the request: the same token twice is one run"""
    sweep: str = ""
    """the id of the sweep it is a trial of"""
    trial: int = 0
    """its number in that sweep, from 1 on"""
    gpu_share: float = 1.0
    """of one GPU: runs whose shares add up to 1 may be put on the same one"""
    executor: str = "local"
    number: int = 0
    """the counter of submissions, runs and sweeps together; 0 for those made before there was one"""
    data: str | None = None
    """the absolute folder of data sets that its user named, "" for none; None in specs of before: what the
    service's environment says"""
    version: int = SPEC_VERSION
    """of what the values mean; files of an earlier one are translated where they are read"""
    unknown: Mapping[str, Any] = field(default_factory=dict)
    """fields that a later dltui wrote: kept, and of no effect"""

    @property
    def order(self) -> tuple[int, float, str]:
        """Runs are listed by this, whatever the clock or the time zone was: the newest has the largest."""
        return self.number, self.created_at, self.id


@dataclass(frozen=True, slots=True)
class Queued:
    why: str


@dataclass(frozen=True, slots=True)
class _AtWork:
    since: float


class Running(_AtWork):
    __slots__ = ()


class Pausing(_AtWork):
    __slots__ = ()


class Stopping(_AtWork):
    __slots__ = ()


@dataclass(frozen=True, slots=True)
class _AtRest:
    at: float
    cause: Cause


class Paused(_AtRest):
    __slots__ = ()


class Done(_AtRest):
    __slots__ = ()


class Stopped(_AtRest):
    __slots__ = ()


class Failed(_AtRest):
    __slots__ = ()


class Lost(_AtRest):
    __slots__ = ()


class Damaged(_AtRest):
    __slots__ = ()


State = Queued | Running | Pausing | Stopping | Paused | Done | Stopped | Failed | Lost | Damaged

STATES: dict[Status, type[State]] = {
    Status.QUEUED: Queued,
    Status.RUNNING: Running,
    Status.PAUSING: Pausing,
    Status.STOPPING: Stopping,
    Status.PAUSED: Paused,
    Status.DONE: Done,
    Status.STOPPED: Stopped,
    Status.FAILED: Failed,
    Status.LOST: Lost,
    Status.DAMAGED: Damaged,
}
_STATUS_OF = {state: status for status, state in STATES.items()}


def status_of(state: State) -> Status:
    return _STATUS_OF[type(state)]


@dataclass(frozen=True, slots=True)
class Best:
    metric: str
    value: float
    step: int


@dataclass(frozen=True, slots=True)
class CheckpointFacts:
    step: int
    path: str
    weights_sha256: str
    bytes: int = 0
    damaged: str = ""
    """what is wrong with it; empty when nothing is known to be"""
    answers: str = ""
    """of the one that predict, score, generate, the REPL and reports use: which weights it holds"""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run as a table, a page or `show --json` needs it."""

    spec: Spec
    state: State
    step: int = 0
    total_steps: int = 0
    """0 while not known"""
    metrics: Mapping[str, float] = field(default_factory=dict)
    """the last value of each; may hold NaN and infinities"""
    best: Best | None = None
    device: str = ""
    """where it trains or trained: cpu, or the name of the GPU"""
    started_at: float | None = None
    """of the first attempt"""
    attempt: int = 0
    train_seconds: float = 0.0
    """spent training over all attempts"""
    rate: float = 0.0
    """steps a second, lately"""
    live: Mapping[str, float | None] = field(default_factory=dict)
    """live hyper-parameters that were changed, and their value now"""
    checkpoint_step: int = 0
    """of the newest checkpoint; 0 when there is none"""
    notice: str = ""
    """the latest that the user has to know: stalled, disk full"""
    rss: int = 0
    """bytes of memory the worker holds"""
    cpu: float = 0.0
    """cores the worker keeps busy"""
    data_title: str = ""
    """what it trains on, by name; empty for one that needs no data, or was trained before that was told"""
    data_fingerprint: str = ""
    """SHA-256 of the very bytes of that"""
    data_notice: str = ""
    """what the user has to know of its data: digits instead of MNIST"""
    damage: str = ""
    """which of its files are damaged, and how; it can be used nevertheless"""
    checkpoints: tuple[CheckpointFacts, ...] = ()
    """filled by `show` only"""

    @property
    def id(self) -> str:
        return self.spec.id

    @property
    def status(self) -> Status:
        return status_of(self.state)

    @property
    def cause(self) -> Cause | None:
        return getattr(self.state, "cause", None)

    @property
    def ended_at(self) -> float | None:
        return getattr(self.state, "at", None)

    @property
    def eta_seconds(self) -> float | None:
        """Seconds to go at the present rate; None while it cannot be known."""
        if self.status is not Status.RUNNING or self.rate <= 0 or not self.total_steps:
            return None
        return max(0, self.total_steps - self.step) / self.rate


@dataclass(frozen=True, slots=True)
class Gpu:
    name: str
    uuid: str
    used_bytes: int
    total_bytes: int
    busy: float
    """0 to 1"""
    foreign_bytes: int
    """held by processes that are not ours"""


@dataclass(frozen=True, slots=True)
class Resources:
    """What the machine is doing."""

    cores: int
    cpu_busy: float
    """0 to 1 over all cores"""
    memory_used: int
    memory_total: int
    disk_free: int
    slots_used: int
    slots: int
    gpus: tuple[Gpu, ...] = ()


@dataclass(frozen=True, slots=True)
class SweepRow:
    """A sweep in the run table: one row that stands for its trials, or above them."""

    place: int
    """its row in the page"""
    id: str
    experiment: str
    trials: int
    """runs of the table that are its trials"""
    counts: Mapping[str, int]
    """of these by status, `pruned` for those that were stopped early"""
    created_at: float
    """of the newest of them"""
    is_open: bool = False
    """its trials follow it"""
    name: str = ""
    """empty, as is all that follows, where the sweep itself is not there any more"""
    planned: int = 0
    metric: str = ""
    best: float | None = None
    best_run: str = ""
    """the trial that reached it, where it is still there"""


@dataclass(frozen=True, slots=True)
class Page:
    """A window of the run table."""

    runs: tuple[RunSummary, ...]
    matching: int
    """runs that pass the filter"""
    total: int
    unknown: tuple[str, ...] = ()
    """fields of the query that no run has"""
    notice: str = ""
    """what there is to know about the table itself: damaged runs, an index that is being rebuilt"""
    sweeps: tuple[SweepRow, ...] = ()
    """rows that stand between the runs, in order"""
    length: int | None = None
    """rows of the whole table; None where each is a run"""

    @property
    def rows(self) -> tuple[RunSummary | SweepRow, ...]:
        """Runs and sweeps as they follow each other."""
        rows: list[RunSummary | SweepRow] = list(self.runs)
        for sweep in self.sweeps:
            rows.insert(sweep.place, sweep)
        return tuple(rows)


@dataclass(frozen=True, slots=True)
class Query:
    """Which window of the run table, in what order."""

    where: str = ""
    """a filter such as `experiment=mnist and val_loss<0.1`, or plain words to be found"""
    sort: str = "created"
    """created is the order of submission"""
    descending: bool = True
    offset: int = 0
    limit: int = 200
    by_sweep: bool = False
    """the trials of a sweep are one row where all of them pass the filter, and it does not name `sweep` or
    `trial`; that row stands where the first of its trials would"""
    open_sweeps: tuple[str, ...] = ()
    """ids of those whose trials follow their row"""


@dataclass(frozen=True, slots=True)
class RemovedItem:
    """A run or a sweep that was removed and can be brought back."""

    kind: str
    """run or sweep"""
    id: str
    name: str
    status: str
    """as it was when it was removed"""
    bytes: int
    about: str = ""
    """of a run its experiment, of a sweep what it varied"""


@dataclass(frozen=True, slots=True)
class Removal:
    """What was removed together."""

    number: int
    """rises with each removal"""
    at: float
    seconds_left: float
    """of the engine's running time, until it is deleted for good; 0: it is deleted already"""
    items: tuple[RemovedItem, ...]

    @property
    def bytes(self) -> int:
        return sum(item.bytes for item in self.items)


@dataclass(frozen=True, slots=True)
class SkippedRun:
    """A run that something is not done to, and why."""

    id: str
    name: str
    why: str
    is_so: bool = False
    """it is what was asked for already"""


class Severity(StrEnum):
    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    DANGER = "danger"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor."""

    topic: str
    severity: Severity
    text: str
    remedy: str = ""


# --- to and from JSON -------------------------------------------------------------------------------------

_NON_FINITE = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}


def number_to_json(value: float) -> float | str:
    """JSON has no NaN and no infinities: they travel as the words nan, inf and -inf."""
    if value != value:
        return "nan"
    if value in (float("inf"), float("-inf")):
        return "inf" if value > 0 else "-inf"
    return value


def number_from_json(value: float | str) -> float:
    return _NON_FINITE[value] if isinstance(value, str) else float(value)


def spec_to_json(spec: Spec) -> Json:
    data = asdict(spec)
    return {**data.pop("unknown"), **data}


def spec_from_json(data: Json) -> Spec:
    """Raises ValueError when a field is missing or of another type; what is not known is kept."""
    unknown = {name: value for name, value in data.items() if name not in _SPEC_FIELDS}
    return replace(typed(data, Spec), unknown=unknown)


_SPEC_FIELDS = frozenset(field.name for field in fields(Spec)) - {"unknown"}


def summary_to_json(run: RunSummary) -> Json:
    """The shape of `dltui show --json`."""
    cause = run.cause
    state = asdict(run.state)
    state.pop("cause", None)
    return {
        "id": run.id,
        "experiment": run.spec.experiment,
        "name": run.spec.name,
        "status": str(run.status),
        "cause": asdict(cause) if cause else None,
        "params": dict(run.spec.params),
        "seed": run.spec.seed,
        "framework": run.spec.framework,
        "metrics": {name: number_to_json(value) for name, value in run.metrics.items()},
        "best": {**asdict(run.best), "value": number_to_json(run.best.value)} if run.best else None,
        "created_at": run.spec.created_at,
        "ended_at": run.ended_at,
        **{name: getattr(run, name) for name in (*_SUMMARY_FIELDS, *_OPTIONAL_SUMMARY_FIELDS)},
        "live": dict(run.live),
        "wanted_device": run.spec.device,
        **{name: getattr(run.spec, name) for name in _SPEC_FIELDS_IN_SUMMARY},
        "state": state,
        "checkpoints": [asdict(checkpoint) for checkpoint in run.checkpoints],
    }


def summary_from_json(data: Json) -> RunSummary:
    spec = Spec(
        id=data["id"], experiment=data["experiment"], params=data["params"], seed=data["seed"],
        name=data["name"], framework=data["framework"],
        device=data["wanted_device"], created_at=data["created_at"],
        **{name: data[name] for name in _SPEC_FIELDS_IN_SUMMARY if name in data},
    )  # fmt: skip
    facts = dict(data["state"])
    if data["cause"]:
        facts["cause"] = cause_from_json(data["cause"])
    best = data["best"]
    return RunSummary(
        spec=spec,
        state=STATES[Status(data["status"])](**facts),
        metrics={name: number_from_json(value) for name, value in data["metrics"].items()},
        best=Best(best["metric"], number_from_json(best["value"]), best["step"]) if best else None,
        checkpoints=tuple(CheckpointFacts(**facts) for facts in data["checkpoints"]),
        **{name: data[name] for name in _SUMMARY_FIELDS},
        **{name: data[name] for name in _OPTIONAL_SUMMARY_FIELDS if name in data},
    )


_SPEC_FIELDS_IN_SUMMARY = (
    "threads", "token", "sweep", "trial", "gpu_share", "executor", "number", "data", "version", "unknown",
)  # fmt: skip
_SUMMARY_FIELDS = (
    "step", "total_steps", "device", "started_at", "attempt", "train_seconds", "rate", "live",
    "checkpoint_step", "notice", "rss", "cpu",
)  # fmt: skip
_OPTIONAL_SUMMARY_FIELDS = ("data_title", "data_fingerprint", "data_notice", "damage")


def sweep_row_to_json(sweep: SweepRow) -> Json:
    return {**asdict(sweep), "best": None if sweep.best is None else number_to_json(sweep.best)}


def sweep_row_from_json(data: Json) -> SweepRow:
    best = data["best"]
    return SweepRow(**{**data, "best": None if best is None else number_from_json(best)})


def cause_from_json(data: object) -> Cause:
    """Raises ValueError."""
    return typed(data, Cause)


def removal_to_json(removal: Removal) -> Json:
    """The shape of `dltui ls --removed --json`."""
    return {**asdict(removal), "bytes": removal.bytes}


def removal_from_json(data: Json) -> Removal:
    facts = {name: data[name] for name in ("number", "at", "seconds_left")}
    return Removal(**facts, items=tuple(RemovedItem(**item) for item in data["items"]))


def resources_from_json(data: Json) -> Resources:
    return Resources(**{**data, "gpus": tuple(Gpu(**gpu) for gpu in data["gpus"])})


def finding_from_json(data: Json) -> Finding:
    return Finding(**{**data, "severity": Severity(data["severity"])})
