"""The folder of a sweep: what was asked, and the journal of what came of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from engine import files, spec_versions, store
from engine.errors import CorruptRun, RunNotFound
from engine.places import Places
from engine.protocol import Json
from engine.sweep_protocol import (
    SAMPLERS,
    Prune,
    SweepSpec,
    SweepStatus,
    SweepSummary,
    TrialRow,
    sweep_from_json,
    sweep_spec_from_json,
    sweep_to_json,
)
from engine.typed_json import LATEST, WrongType, in_bounds, typed

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
        """What the TPE sampler remembers."""
        return self.path / "study.journal"

    @property
    def standing(self) -> Path:
        """How it stood when nothing moved; it spares the start of a service the journal."""
        return self.path / "standing.json"


def folder_of(places: Places, sweep_id: str) -> SweepFolder:
    return SweepFolder(places.sweeps / sweep_id)


def create(places: Places, spec: Json, sweep_id: str) -> SweepFolder:
    """There whole or not at all. Raises OSError, also when the id is taken."""
    places.sweeps.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = places.sweeps / f".new-{sweep_id}-{os.urandom(4).hex()}"
    draft.mkdir(mode=0o700)
    store.write_json(draft / "sweep.json", spec)
    made = folder_of(places, sweep_id)
    os.rename(draft, made.path)
    return made


def list_ids(places: Places) -> list[str]:
    """Every folder among the sweeps, by name. Raises CorruptRun where they cannot be listed."""
    return [name for name in store.list_folders(places.sweeps) if name.isascii()]


def read_spec(folder: SweepFolder) -> SweepSpec:
    """Raises CorruptRun, or RunNotFound where there is no such folder."""
    data = files.read_json(folder.spec, limit=SPEC_LIMIT)
    if data is None and not os.path.lexists(folder.path):
        raise RunNotFound(f"There is no sweep {folder.path.name[:80]!r}.", "dltui sweep ls shows them all.")
    if data is None:
        raise CorruptRun(f"{folder.spec} is missing.", "Remove the folder, it holds no sweep.")
    spec = files.checked(folder.spec, lambda: _sound(sweep_spec_from_json(_current(data))))
    if spec.id != folder.path.name:
        raise CorruptRun(f"{folder.spec} is of sweep {spec.id[:80]}.")
    return spec


def _current(data: Json) -> Json:
    """In the present version. What cannot be translated is as it was: its types say what is wrong."""
    if spec_versions.is_current(data):
        return data
    try:
        return {**spec_versions.sweep(data), "version": spec_versions.VERSION}
    except (KeyError, TypeError, AttributeError):
        return data


def _sound(spec: SweepSpec) -> SweepSpec:
    """Raises WrongType for numbers and words that no sweep can have."""
    in_bounds("created_at", spec.created_at, 0, LATEST)
    in_bounds("gpu_share", spec.gpu_share, 0, 1)
    in_bounds("prune.eta", spec.prune.eta, 1, 1000)
    in_bounds("prune.rungs", spec.prune.rungs, 0, 1000)
    for name, words in (("sampler", SAMPLERS), ("goal", ("min", "max"))):
        if getattr(spec, name) not in words:
            raise WrongType(name, f"one of {', '.join(words)}", getattr(spec, name))
    return spec


def damaged(places: Places, sweep_id: str, why: str) -> SweepSummary:
    """How a sweep is listed whose folder cannot be read: by the name of the folder alone."""
    try:
        at = min(max(0.0, os.lstat(places.sweeps / sweep_id).st_mtime), LATEST)
    except OSError:
        at = 0.0
    spec = SweepSpec(
        id=sweep_id, name=sweep_id, experiment="", axes=(), params={}, sampler="", seed=0, seeds=(),
        trials=None, parallel=None, gpu_share=1.0, prune=Prune(), metric="", goal="", executor="",
        device="", created_at=at,
    )  # fmt: skip
    why = why.replace(f"{places.sweeps / sweep_id}{os.sep}", "")
    return SweepSummary(spec, SweepStatus.DAMAGED, 0, {}, why=why, updated_at=at)


def write_standing(folder: SweepFolder, summary: SweepSummary) -> None:
    """Raises OSError."""
    store.write_json(folder.standing, {"size": size_of(folder.journal), "sweep": sweep_to_json(summary)})


def read_standing(folder: SweepFolder) -> SweepSummary | None:
    """None unless the journal has not moved since."""
    try:
        data = files.read_json(folder.standing, limit=SPEC_LIMIT)
        if data is None or data["size"] != size_of(folder.journal):
            return None
        told = data["sweep"]
        if not spec_versions.is_current(told["spec"]):
            return None
        if told["best"] is not None:
            typed({**told["best"], "metrics": {}}, TrialRow)
        typed(told["counts"], dict[str, int])
        summary = sweep_from_json(told)
        typed([summary.planned, summary.why, summary.updated_at], tuple[int, str, float])
        _sound(summary.spec)
    except (CorruptRun, KeyError, TypeError, ValueError, AttributeError):
        return None
    return summary if summary.id == folder.path.name else None


def journal_size(folder: SweepFolder) -> int:
    """What the journal had when nothing moved: it never becomes shorter. 0 where that is not known."""
    try:
        data = files.read_json(folder.standing, limit=SPEC_LIMIT)
        return typed(data["size"], int) if data else 0
    except (CorruptRun, KeyError, ValueError):
        return 0


def size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
