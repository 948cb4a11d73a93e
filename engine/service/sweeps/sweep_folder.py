"""The folder of a sweep: its spec, its journal, and files derived from them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine import files, spec_versions, store
from engine.errors import CorruptRun, RunNotFound
from engine.experiment_files.description import FileExperiment
from engine.places import Places
from engine.protocol import Json
from engine.sweep_protocol import (
    SAMPLERS,
    Prune,
    SweepSpec,
    SweepStatus,
    SweepSummary,
    sweep_from_json,
    sweep_spec_from_json,
)
from engine.typed_json import LATEST_TIME, WrongType, to_json, typed

SPEC_LIMIT = 64 * 1024 * 1024
"""bytes: an axis may have a hundred thousand values"""


@dataclass(frozen=True, slots=True)
class SweepFolder:
    path: Path

    @property
    def spec(self) -> Path:
        return self.path / "sweep.json"

    @property
    def journal(self) -> Path:
        return self.path / "journal.jsonl"

    @property
    def study(self) -> Path:
        """The Optuna study of the TPE sampler."""
        return self.path / "study.journal"

    @property
    def standing(self) -> Path:
        """The summary of a sweep at rest, so that the service need not read its journal at start."""
        return self.path / "standing.json"


def folder_of(places: Places, sweep_id: str) -> SweepFolder:
    return SweepFolder(places.sweeps / sweep_id)


def create(
    places: Places,
    spec: Json,
    sweep_id: str,
    file: FileExperiment | None = None,
    fill: Callable[[Path], object] = lambda path: None,
) -> SweepFolder:
    """Create the folder atomically; it keeps the source of `file`, and `fill` adds files to it.

    Raises OSError, also if the id exists, and what `fill` raises.
    """
    made = folder_of(places, sweep_id)
    store.create_folder(made.path, "sweep.json", spec, store.source_linker(places, file, fill=fill))
    return made


def list_ids(places: Places) -> list[str]:
    """The names of all sweep folders. Raises CorruptRun if they cannot be listed."""
    return [name for name in store.list_folders(places.sweeps) if name.isascii()]


def read_spec(folder: SweepFolder) -> SweepSpec:
    """Raises CorruptRun, or RunNotFound if there is no such folder."""
    data = files.read_json(folder.spec, limit=SPEC_LIMIT)
    if data is None and not os.path.lexists(folder.path):
        raise RunNotFound(f"There is no sweep {folder.path.name[:80]!r}.", "dltui sweep ls shows them all.")
    if data is None:
        raise CorruptRun(f"{folder.spec} is missing.", "Remove the folder, it holds no sweep.")
    spec = files.checked(folder.spec, lambda: _checked(sweep_spec_from_json(_translated(data))))
    if spec.id != folder.path.name:
        raise CorruptRun(f"{folder.spec} is of sweep {spec.id[:80]}.")
    return spec


def _translated(data: Json) -> Json:
    """Translate to the current spec version. Data that cannot be translated stay: type checks report them."""
    if spec_versions.is_current(data):
        return data
    try:
        return {**spec_versions.upgrade_sweep(data), "version": spec_versions.VERSION}
    except (KeyError, TypeError, AttributeError):
        return data


def _checked(spec: SweepSpec) -> SweepSpec:
    """`spec`. Raises WrongType for an unknown sampler or goal."""
    for name, choices in (("sampler", SAMPLERS), ("goal", ("min", "max"))):
        if getattr(spec, name) not in choices:
            raise WrongType(name, f"one of {', '.join(choices)}", getattr(spec, name))
    return spec


def damaged_summary(places: Places, sweep_id: str, why: str) -> SweepSummary:
    """The summary of a sweep whose folder cannot be read: it has only the name of the folder."""
    try:
        at = min(max(0.0, os.lstat(places.sweeps / sweep_id).st_mtime), LATEST_TIME)
    except OSError:
        at = 0.0
    spec = SweepSpec(
        id=sweep_id, name=sweep_id, experiment="", axes=(), params={}, sampler="", seed=0, seeds=(),
        trials=None, parallel=None, gpu_share=1.0, prune=Prune(), metric="", goal="", executor="",
        device="", created_at=at,
    )  # fmt: skip
    why = why.replace(f"{places.sweeps / sweep_id}{os.sep}", "")
    return SweepSummary(spec, SweepStatus.DAMAGED, 0, {}, why=why, updated_at=at)


def write_summary(folder: SweepFolder, summary: SweepSummary) -> None:
    """Raises OSError."""
    files.write_json(folder.standing, {"size": files.size_of(folder.journal), "sweep": to_json(summary)})


def read_summary(folder: SweepFolder) -> SweepSummary | None:
    """The stored summary; None if the journal has changed since, or it is invalid."""
    try:
        data = files.read_json(folder.standing, limit=SPEC_LIMIT)
        if data is None or data["size"] != files.size_of(folder.journal):
            return None
        if not spec_versions.is_current(data["sweep"]["spec"]):
            return None
        summary = sweep_from_json(data["sweep"], strict=False)
        _checked(summary.spec)
    except (CorruptRun, KeyError, TypeError, ValueError):
        return None
    return summary if summary.id == folder.path.name else None


def recorded_journal_size(folder: SweepFolder) -> int:
    """Bytes of the journal when the summary was stored, below which it never shrinks; 0 if unknown."""
    try:
        data = files.read_json(folder.standing, limit=SPEC_LIMIT)
        return typed(data["size"], int) if data else 0
    except (CorruptRun, KeyError, ValueError):
        return 0
