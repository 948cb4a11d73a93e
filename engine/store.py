"""The folder of a run: its files, and reading and writing them. All other state can be rebuilt from it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from engine import files, spec_versions
from engine.errors import CorruptRun
from engine.experiment_files.description import SOURCE, FileExperiment
from engine.log_source import LogSource
from engine.params import Value
from engine.places import Places
from engine.process_identity import ProcessIdentity
from engine.protocol import Cause, CauseKind, Json, Spec, Status, spec_from_json
from engine.typed_json import ALL, Time, Unknown, WrongType, to_json
from engine.unicode_text import has_no_surrogates

ENDS = (Status.PAUSED, Status.DONE, Status.STOPPED, Status.FAILED, Status.LOST, Status.IMPORTED)
"""statuses in which an attempt can end"""


@dataclass(frozen=True, slots=True)
class RunFolder:
    path: Path

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def spec(self) -> Path:
        return self.path / "spec.json"

    @property
    def events(self) -> Path:
        return self.path / "events.jsonl"

    @property
    def log_source(self) -> Path:
        """Of an imported run: the log of the other program, where it differs from that in the spec."""
        return self.path / "log_source.json"

    @property
    def amended(self) -> Path:
        """Parameters that were changed after submission: the length of training."""
        return self.path / "amended.json"

    @property
    def annotations(self) -> Path:
        """What the user gave the run after its submission: name, tags, note."""
        return self.path / "annotations.json"

    @property
    def wanted(self) -> Path:
        """The attempt that was requested; it is kept when the service ends."""
        return self.path / "wanted.json"

    @property
    def keeper(self) -> Path:
        return self.path / "keeper.json"

    @property
    def exit(self) -> Path:
        return self.path / "exit.json"

    @property
    def log(self) -> Path:
        return self.path / "worker.log"

    @property
    def beat(self) -> Path:
        """Its modification time is that of the last step of the training loop."""
        return self.path / "beat"

    @property
    def lock(self) -> Path:
        return self.path / "run.lock"

    @property
    def control(self) -> Path:
        """A FIFO through which the service sends commands to the keeper."""
        return self.path / "control"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def tensorboard(self) -> Path:
        return self.path / "tensorboard"


@dataclass(frozen=True, slots=True)
class Wanted:
    """The requested attempt and its resume mode."""

    attempt: int = 1
    mode: str = "strict"
    """strict: resume bit for bit or refuse; fast: resume also where it is only statistically equal"""


@dataclass(frozen=True, slots=True)
class _LogOfSpec:
    log: LogSource | None = None


@dataclass(frozen=True, slots=True)
class Amended:
    """Parameters that were changed after submission."""

    params: Mapping[str, Value] = field(default_factory=dict)
    version: int = 1
    """of the meaning of the values"""
    file: FileExperiment | None = None
    """the experiment, where the code of its file was changed"""


@dataclass(frozen=True, slots=True)
class Annotations:
    """What the user gave a run after its submission."""

    JSON_OMITTED: ClassVar = ALL

    name: str = ""
    """empty: the name with which it was submitted"""
    tags: tuple[str, ...] = ()
    note: str = ""
    unknown: Unknown = field(default_factory=dict)
    """fields that a newer version wrote: kept, without effect"""


@dataclass(frozen=True, slots=True)
class KeeperFacts:
    """The keeper of an attempt and its worker."""

    attempt: int
    identity: ProcessIdentity
    started_at: Time
    worker: ProcessIdentity | None = None
    asked: str = ""
    """the last command it received: pause, stop, or empty"""
    asked_at: Time = 0.0


@dataclass(frozen=True, slots=True)
class ExitFacts:
    """How an attempt ended."""

    attempt: int
    status: Status
    """one of ENDS"""
    cause: Cause
    at: Time
    code: int | None = None
    signal: int | None = None
    usage: Json = field(default_factory=dict)
    """cpu_seconds, max_rss in bytes"""


def new_id(experiment: str, now: float) -> str:
    return f"{time.strftime('%Y%m%d-%H%M%S', time.localtime(now))}-{experiment}-{os.urandom(2).hex()}"


def create(places: Places, spec: Spec, fill: Callable[[Path], object] = lambda path: None) -> RunFolder:
    """Create the folder of a run, complete or not at all; it keeps the source of a file experiment.

    `fill` is called with the folder before it has its name, to add files; what it raises is raised. Raises
    OSError, also where the id is taken, and CorruptRun where that source is gone.
    """
    folder = folder_of(places, spec.id)
    kept_by = places.sweeps / spec.sweep if spec.sweep else None
    create_folder(folder.path, "spec.json", to_json(spec), source_linker(places, spec.file, kept_by, fill))
    return folder


def create_imported(places: Places, spec: Spec, annotations: Annotations) -> RunFolder:
    """Create the folder of an imported run, not yet on stable storage, in that of all runs, which is there.

    One file is written: spec.json says where the log is, and by that how the run ended. Raises OSError, also
    where the id is taken.
    """
    folder = folder_of(places, spec.id)
    draft = f"{places.runs}/.new-{spec.id}-{os.urandom(4).hex()}"
    os.mkdir(draft, 0o700)
    for path, data in (
        (folder.spec, to_json(spec)),
        *([(folder.annotations, to_json(annotations))] if annotations != Annotations() else []),
    ):
        files.write_new(f"{draft}/{path.name}", json.dumps(data, allow_nan=False).encode("ascii"))
    os.rename(draft, folder.path)
    return folder


def imported_exit(spec: Spec) -> ExitFacts | None:
    """How an imported run ended, which its spec says; None of other runs, and of those with an exit.json."""
    if spec.log is None:
        return None
    cause = Cause(CauseKind.IMPORTED, f"read from {spec.log.path}")
    return ExitFacts(1, Status.IMPORTED, cause, spec.created_at)


def write_log_source(folder: RunFolder, source: LogSource) -> None:
    files.write_json(folder.log_source, to_json(source))


def read_log_source(folder: RunFolder) -> LogSource | None:
    """None of a run that was not imported. Raises CorruptRun."""
    later = files.read_typed(folder.log_source, LogSource)
    if later is not None:
        return later
    found = files.read_typed(folder.spec, _LogOfSpec)
    return None if found is None else found.log


def source_linker(
    places: Places,
    file: FileExperiment | None,
    owner: Path | None = None,
    fill: Callable[[Path], object] = lambda path: None,
) -> Callable[[Path], object]:
    """A function that adds the source of `file`, if any, to the folder of a run or of a sweep, then `fill`.

    The source is that of the home, or the one that the sweep folder `owner` keeps. It raises OSError, and
    CorruptRun where there is none.
    """
    if file is None:
        return fill
    from engine.experiment_files import source_store  # a keeper does not need it

    in_home = places.sources / file.stored
    source = in_home if owner is None or in_home.exists() else owner / SOURCE / file.stored

    def link(path: Path) -> None:
        source_store.link(source, path)
        fill(path)

    return link


def create_folder(
    path: Path, name: str, data: Json, fill: Callable[[Path], object] = lambda path: None
) -> None:
    """Create `path` with the JSON file `name` and what `fill` adds: all, on stable storage, or nothing.

    Raises OSError, and what `fill` raises.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".new-{path.name}-{os.urandom(4).hex()}")
    draft.mkdir(mode=0o700)
    try:
        fill(draft)
        files.write_json(draft / name, data)
        os.rename(draft, path)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    files.sync_path(path.parent)


def list_ids(places: Places) -> list[str]:
    """Names of all folders of runs, also of those that hold no run; without drafts and names that are not
    text. Raises CorruptRun where they cannot be listed.
    """
    return list_folders(places.runs)


def list_folders(path: Path) -> list[str]:
    """Sorted names of the folders in `path`, and of all links. Raises CorruptRun."""
    try:
        with os.scandir(path) as found:
            return sorted(
                entry.name
                for entry in found
                if entry.name[0] != "."
                and has_no_surrogates(entry.name)
                and (entry.is_symlink() or entry.is_dir())
            )
    except FileNotFoundError:
        return []
    except OSError as error:
        raise CorruptRun(f"{path} cannot be listed: {error.strerror or error}.") from error


def folder_of(places: Places, run_id: str) -> RunFolder:
    return RunFolder(places.runs / run_id)


def read_spec(folder: RunFolder) -> Spec:
    """The spec as submitted, with its amended parameters and the name it has now. Raises CorruptRun."""
    data = files.read_json(folder.spec)
    if data is None:
        raise CorruptRun(f"{folder.spec} is missing.", "Remove the folder, it holds no run.")
    amended = files.read_typed(folder.amended, Amended) or Amended()

    def build() -> Spec:
        params, experiment = data.get("params"), str(data.get("experiment"))
        if isinstance(params, dict):
            if not spec_versions.is_current(data):
                params = spec_versions.upgrade_params(experiment, params)
            later = amended.params
            if amended.version < spec_versions.VERSION:
                later = spec_versions.upgrade_params(experiment, later)
            data["params"] = {**params, **later}
        if amended.file is not None:
            data["file"] = to_json(amended.file)
        if not spec_versions.is_current(data):
            data["version"] = spec_versions.VERSION
        if name := _given_name(folder):
            data["name"] = name
        return spec_from_json(data)

    return files.checked(folder.spec, build)


def write_amended(folder: RunFolder, params: Mapping[str, Value], file: FileExperiment | None = None) -> None:
    """Write parameters, and the changed file, that replace those of `spec.json`, which is not changed.

    A file that was changed before stays, with its parameters.
    """
    before = files.read_typed(folder.amended, Amended) or Amended()
    if before.file is not None:
        file, params = file or before.file, {**before.params, **params}
    facts: Json = {"params": dict(params), "at": round(time.time(), 3), "version": spec_versions.VERSION}
    if file is not None:
        facts["file"] = to_json(file)
    files.write_json(folder.amended, facts)


def _given_name(folder: RunFolder) -> str:
    """The name that was given later; empty where there is none, also in a damaged file."""
    with contextlib.suppress(CorruptRun):
        return read_annotations(folder).name
    return ""


def read_annotations(folder: RunFolder) -> Annotations:
    """Raises CorruptRun."""
    return files.read_typed(folder.annotations, Annotations) or Annotations()


def write_annotations(folder: RunFolder, annotations: Annotations) -> None:
    """Raises OSError."""
    files.write_json(folder.annotations, to_json(annotations))


def write_wanted(folder: RunFolder, wanted: Wanted) -> None:
    files.write_json(folder.wanted, to_json(wanted))


def read_wanted(folder: RunFolder) -> Wanted:
    """Raises CorruptRun."""
    return files.read_typed(folder.wanted, Wanted) or Wanted()


def write_keeper(folder: RunFolder, facts: KeeperFacts) -> None:
    files.write_json(folder.keeper, to_json(facts))


def read_keeper(folder: RunFolder) -> KeeperFacts | None:
    """Raises CorruptRun."""
    return files.read_typed(folder.keeper, KeeperFacts)


def write_exit(folder: RunFolder, facts: ExitFacts) -> None:
    files.write_json(folder.exit, to_json(facts))


def read_exit(folder: RunFolder) -> ExitFacts | None:
    """The last exit that was written; `run_status.state_of` decides whether it is current.

    Raises CorruptRun.
    """
    facts = files.read_typed(folder.exit, ExitFacts)
    if facts is not None and facts.status not in ENDS:
        error = WrongType("status", "one that a run can end in", str(facts.status))
        raise CorruptRun(f"{folder.exit} cannot be read: {error}.")
    return facts
