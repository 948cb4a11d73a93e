"""Types that service, clients, keeper and worker share: specs, states, causes, summaries, and their JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeVar

from engine import spec_versions
from engine.errors import InputError
from engine.params import Value
from engine.typed_json import Bounds as Bounds
from engine.typed_json import Number, Time, WrongType, typed
from engine.typed_json import Unknown as Unknown
from engine.typed_json import fields_of as fields_of
from engine.typed_json import fitting as fitting
from engine.typed_json import number_from_json as number_from_json
from engine.typed_json import number_to_json as number_to_json
from engine.typed_json import to_json as to_json

if TYPE_CHECKING:
    from engine.exec.shell_command import ShellCommand
    from engine.experiment_files.description import FileExperiment
    from engine.log_source import LogSource
    from engine.sweep_protocol import SweepSpec
    from engine.table_protocol import SweepRow

TYPES_ELSEWHERE = {
    "FileExperiment": "engine.experiment_files.description",
    "LogSource": "engine.log_source",
    "ShellCommand": "engine.exec.shell_command",
}
"""modules of types of specs, imported when a spec is read: the app starts without them"""

VERSION = 2
"""of the socket protocol; a client refuses a service of another version"""

SPEC_VERSION = spec_versions.VERSION
"""of the meaning of a spec's values"""
is_current = spec_versions.is_current
upgrade_form_texts = spec_versions.upgrade_form_texts
current_experiment = spec_versions.current_experiment
experiment_names = spec_versions.experiment_names

SYSTEM_LONGEST = 3600.0
"""most seconds between two measurements of what a run uses"""
Json = dict[str, Any]
T = TypeVar("T")
R = TypeVar("R", bound="Spec | SweepSpec | SweepRow")
Count = Annotated[int, Bounds(0, 2**53)]


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
    IMPORTED = "imported"
    """another program trained it; its log was read"""
    DAMAGED = "damaged"
    """its folder cannot be read; the cause has the reason"""

    @property
    def is_active(self) -> bool:
        """Whether a process trains it, or should."""
        return self in (Status.RUNNING, Status.PAUSING, Status.STOPPING)

    @property
    def is_final(self) -> bool:
        return self in (
            Status.DONE, Status.STOPPED, Status.FAILED, Status.LOST, Status.DAMAGED, Status.IMPORTED
        )  # fmt: skip

    @property
    def is_rest(self) -> bool:
        """Whether no process trains it, and none will without a new command."""
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
    IMPORTED = "imported"
    DAMAGED = "damaged"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a run has paused or ended."""

    kind: CauseKind
    text: str
    remedy: str = ""


EXECUTORS = ("local", "ray")
"""where a run trains; ray@host:port is a cluster"""


@dataclass(frozen=True, slots=True)
class ParentCheckpoint:
    """The checkpoint that a run begins with: a saved step of another run, of the same experiment."""

    run: str
    step: int
    seed: int
    """of that run: with the same seed random generators go on, with another one they start anew"""

    @property
    def short(self) -> str:
        """Such as `a1b2@400`, with the last four digits of the id."""
        return f"{self.run[-4:]}@{self.step}"

    @property
    def whole(self) -> str:
        """As `--begin` takes it, with the whole id."""
        return f"{self.run}@{self.step}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitRequest:
    """A run to be submitted."""

    JSON_OMITTED: ClassVar = ("begin", "like", "file", "command", "withheld", "gpus", "system_seconds")

    experiment: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 1
    name: str = ""
    device: str = "auto"
    executor: str = "local"
    data: str | None = None
    """absolute folder of data sets, "" for none; None: not said"""
    begin: str = ""
    """RUN@STEP or RUN@best: the checkpoint to begin with"""
    gpu_share: float = 1.0
    threads: int | None = None
    """None: as many as its experiment uses"""
    gpus: str | None = None
    """CUDA_VISIBLE_DEVICES of the shell: the GPUs that may be chosen; None: any"""
    system_seconds: Annotated[float, Bounds(0, SYSTEM_LONGEST)] | None = None
    """between two measurements of what it uses, 0: none; None: as the engine's environment says"""
    like: str = ""
    """a run whose command is run again"""
    file: FileExperiment | None = None
    command: ShellCommand | None = None
    withheld: Mapping[str, str] | None = None
    """values of variables of the command that are in no file"""
    token: str = ""
    """one submission that is sent twice has the same one"""


ON_GPU_IN_TORCH = ("xor_batch",)
"""experiments in NumPy that train in PyTorch where they get a GPU"""


@dataclass(frozen=True, slots=True)
class Spec:
    """A run as submitted; written once."""

    JSON_OMITTED: ClassVar = ("parent", "file", "command", "gpus", "log", "system_seconds")

    id: str
    experiment: str
    params: Mapping[str, Value]
    seed: int
    name: str
    framework: str
    threads: Annotated[int, Bounds(1, 1 << 16)]
    device: str
    """auto, cpu or gpu"""
    created_at: Time
    token: str = ""
    """chosen by the client: two requests with the same token create one run"""
    sweep: str = ""
    """id of the sweep that it is a trial of"""
    trial: int = 0
    """number of the trial, from 1"""
    gpu_share: Annotated[float, Bounds(0, 1)] = 1.0
    """share of one GPU: runs whose shares add up to at most 1 may share a GPU"""
    executor: str = "local"
    number: int = 0
    """the counter of submissions, of runs and sweeps together; 0 in specs of older versions"""
    data: str | None = None
    """absolute path of the folder of data sets, "" for none; None in specs of older versions: that of the
    service's environment"""
    version: int = SPEC_VERSION
    """of the meaning of the values; older specs are translated when read"""
    parent: ParentCheckpoint | None = None
    """None: it begins with weights of its own"""
    file: FileExperiment | None = None
    """the experiment, where it is a file of the user's"""
    command: ShellCommand | None = None
    """what `dltui exec` runs"""
    gpus: str | None = None
    """CUDA_VISIBLE_DEVICES of the shell that submitted it: the GPUs that may be chosen; None: any"""
    log: LogSource | None = None
    """what an imported run is read from"""
    system_seconds: Annotated[float, Bounds(0, SYSTEM_LONGEST)] | None = None
    """between two measurements of what it uses, 0: none; None: as the engine's environment says"""
    unknown: Unknown = field(default_factory=dict)
    """fields that a newer version wrote: kept, without effect"""

    @property
    def order(self) -> tuple[int, float, str]:
        """Sort key of submission, independent of the clock: the newest run has the largest."""
        return self.number, self.created_at, self.id

    @property
    def trains_on_cpu_alone(self) -> bool:
        """Whether it makes nothing of a GPU, so that it need not have one."""
        return self.framework == "numpy" and self.experiment not in ON_GPU_IN_TORCH


@dataclass(frozen=True, slots=True)
class Queued:
    """Waits."""

    why: str


@dataclass(frozen=True, slots=True)
class _AtWork:
    """Has a process."""

    since: float


class Running(_AtWork):
    __slots__ = ()


class Pausing(_AtWork):
    __slots__ = ()


class Stopping(_AtWork):
    __slots__ = ()


@dataclass(frozen=True, slots=True)
class _AtRest:
    """Has no process."""

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


class Imported(_AtRest):
    __slots__ = ()


class Damaged(_AtRest):
    __slots__ = ()


State = Queued | Running | Pausing | Stopping | Paused | Done | Stopped | Failed | Lost | Imported | Damaged

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
    Status.IMPORTED: Imported,
    Status.DAMAGED: Damaged,
}
_STATUS_OF = {state: status for status, state in STATES.items()}


def status_of(state: State) -> Status:
    return _STATUS_OF[type(state)]


@dataclass(frozen=True, slots=True)
class Best:
    """The best value of a metric."""

    metric: str
    value: Number
    step: int


@dataclass(frozen=True, slots=True)
class CheckpointFacts:
    """A checkpoint of a run, for lists."""

    JSON_OMITTED: ClassVar = ("best",)

    step: int
    path: str
    weights_sha256: str
    bytes: int = 0
    damaged: str = ""
    """what is wrong with it; empty when nothing is known to be"""
    answers: str = ""
    """which weights it holds; set only on the one that predict, score, generate, the REPL and reports use"""
    best: float | None = None
    """value of the metric of the experiment; set only on the checkpoint with the best one: RUN@best"""


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """What a command logged under one tag beside numbers."""

    kind: str
    """image, text, table or histogram"""
    tag: str
    count: int
    step: int
    """of the newest"""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """The facts of a run that tables, pages and `show --json` need."""

    JSON_OMITTED: ClassVar = (
        "tags", "note", "media", "verdict", "peaks", "peak_memory", "peak_gpu_memory", "gpu_use", "gpu_idle",
        "disk",
    )  # fmt: skip

    spec: Spec
    state: State
    step: int = 0
    total_steps: int = 0
    """0 where unknown"""
    metrics: Mapping[str, Number] = field(default_factory=dict)
    """last value of each metric"""
    best: Best | None = None
    device: str = ""
    """device that trains or trained it: cpu, or the name of the GPU"""
    started_at: float | None = None
    """of the first attempt"""
    attempt: int = 0
    train_seconds: float = 0.0
    """training time of all attempts"""
    rate: float = 0.0
    """recent steps per second"""
    live: Mapping[str, float | None] = field(default_factory=dict)
    """current values of the live hyper-parameters that were changed"""
    checkpoint_step: int = 0
    """of the newest checkpoint; 0 where there is none"""
    notice: str = ""
    """the latest warning for the user: stalled, disk full"""
    rss: int = 0
    """bytes of memory of the worker"""
    cpu: float = 0.0
    """cores that the worker keeps busy"""
    data_title: str = ""
    """name of its data set; empty where it needs none, or where an older version did not record it"""
    data_fingerprint: str = ""
    """SHA-256 of the bytes of its data set"""
    data_notice: str = ""
    """a warning about its data set: digits instead of MNIST"""
    damage: str = ""
    """which of its files are damaged, and how; the run can still be used"""
    tags: tuple[str, ...] = ()
    """given by the user, in that order"""
    note: str = ""
    """given by the user; may have several lines"""
    verdict: str = ""
    """what holds it back on its machine: of the last minute while it trains, then of all of its training"""
    peaks: Mapping[str, Number] = field(default_factory=dict)
    """highest value of each metric of the machine; set only by `show`"""
    peak_memory: int = 0
    """most bytes of memory of its processes, measured every few seconds; 0 where they were not"""
    peak_gpu_memory: int = 0
    """most bytes in use on its GPUs"""
    gpu_use: float = 0.0
    """percent, the mean of all of its training"""
    gpu_idle: float = 0.0
    """the longest time in seconds without work for its GPUs"""
    disk: int = 0
    """bytes on the disk of its folder, measured at its end and with each checkpoint; 0 where they were not"""
    checkpoints: tuple[CheckpointFacts, ...] = ()
    """set only by `show`"""
    media: tuple[MediaFacts, ...] = ()
    """of a command; set only by `show`"""

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
        """Remaining seconds at the current rate; None where unknown."""
        if self.status is not Status.RUNNING or self.rate <= 0 or not self.total_steps:
            return None
        return max(0, self.total_steps - self.step) / self.rate


@dataclass(frozen=True, slots=True)
class LogQuery:
    """A part of the worker's log, in bytes; a negative offset counts from the end."""

    run: str = ""
    offset: Annotated[int, Bounds(-(2**53), 2**53)] = -65_536
    limit: Count = 65_536


@dataclass(frozen=True, slots=True)
class LogPart:
    """Offsets count from the first byte that was printed, also where that is not kept any more."""

    text: str
    """cut between characters"""
    offset: int
    end: int
    """the offset after the last byte of `text`"""
    size: int


@dataclass(frozen=True, slots=True)
class RemovedItem:
    """A run or a sweep that was removed and can be restored."""

    kind: str
    """run or sweep"""
    id: str
    name: str
    status: str
    """at the time of removal"""
    bytes: int
    about: str = ""
    """of a run its experiment, of a sweep its axes"""


@dataclass(frozen=True, slots=True)
class Removal:
    """Runs and sweeps that were removed by one command. Its JSON is that of `dltui ls --removed --json`."""

    JSON_FIELDS: ClassVar = ("number", "at", "seconds_left", "items", "bytes")

    number: int
    """increases with each removal"""
    at: float
    seconds_left: float
    """of the engine's running time, until the files are deleted; 0: they are deleted"""
    items: tuple[RemovedItem, ...]

    @property
    def bytes(self) -> int:
        return sum(item.bytes for item in self.items)


@dataclass(frozen=True, slots=True)
class SkippedRun:
    """A run that a command does not apply to, and the reason."""

    id: str
    name: str
    why: str
    is_so: bool = False
    """whether the run is in the requested state already"""


# --- to and from JSON -------------------------------------------------------------------------------------


def read_request(message: Json, kind: type[T]) -> T:
    """The fields of a request as a `kind`. Raises InputError, also for fields that it does not have."""
    given = {name: value for name, value in message.items() if name not in ("id", "ask")}
    try:
        return typed(given, kind, strict=True)
    except WrongType as error:
        raise InputError(f"{error}.") from error


def spec_from_json(data: Json) -> Spec:
    """Raises ValueError where a field is missing or has a wrong type; unknown fields go to `unknown`."""
    return with_current_name(typed(data, Spec))


def with_current_name(row: R) -> R:
    """A Spec, SweepSpec or SweepRow with the name that its experiment has in the catalog."""
    name = current_experiment(row.experiment)
    return row if name == row.experiment else replace(row, experiment=name)


def summary_to_json(run: RunSummary) -> Json:
    """The shape of `dltui show --json`: the fields of the spec lie beside those of the run."""
    command = run.spec.command
    if command is not None:
        from engine.exec.shell_command import without_values  # the others need nothing of it

        run = replace(run, spec=replace(run.spec, command=without_values(command)))
    data = to_json(run)
    spec, state = data.pop("spec"), data["state"]
    both = spec | data | {
        "id": run.id, "status": str(run.status), "cause": state.pop("cause", None), "ended_at": run.ended_at,
        "wanted_device": spec["device"], "unknown": dict(run.spec.unknown),
    }  # fmt: skip
    return {name: both[name] for name in _IN_SUMMARY if name in both}


def summary_from_json(data: Json) -> RunSummary:
    """Raises KeyError or ValueError. Unknown fields are ignored: it may be a row of the index, a file."""
    spec = {name: data[name] for name in _SPEC_FIELDS if name in data} | {"device": data["wanted_device"]}
    spec = {**data["unknown"], **spec} if data.get("unknown") else spec
    state = data["state"] | {"cause": data["cause"]} if data["cause"] else data["state"]
    made = {"spec": spec_from_json(spec), "state": typed(state, STATES[typed(data["status"], Status)])}
    return typed({**data, **made}, RunSummary)


_SPEC_FIELDS = tuple(field.name for field in fields(Spec) if field.name != "unknown")
_IN_SUMMARY = tuple(
    dict.fromkeys(
        (
            "id", "experiment", "name", "status", "cause", "params", "seed", "framework", "metrics", "best",
            "created_at", "ended_at", *(field.name for field in fields(RunSummary)[2:-2]), "wanted_device",
            *_SPEC_FIELDS[: _SPEC_FIELDS.index("file")], "unknown", "parent", "file", "command", "state",
            "checkpoints", "media",
        )
    )
)  # fmt: skip
"""in their order: one that an earlier version did not write has its default when read"""
