"""The folder of a sweep: what was asked, and the journal of what came of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from engine import store
from engine.errors import CorruptRun, RunNotFound
from engine.places import Places
from engine.protocol import Json
from engine.sweep_protocol import (
    SweepSpec,
    SweepSummary,
    sweep_from_json,
    sweep_spec_from_json,
    sweep_to_json,
)


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
    """Oldest first."""
    try:
        names = sorted(os.listdir(places.sweeps))
    except FileNotFoundError:
        return []
    return [name for name in names if name[0] != "." and name.isascii()]


def read_spec(folder: SweepFolder) -> SweepSpec:
    """Raises CorruptRun, or RunNotFound where there is none."""
    data = store.read_json(folder.spec)
    if data is None:
        raise RunNotFound(f"There is no sweep {folder.path.name[:80]!r}.", "dltui sweep ls shows them all.")
    try:
        return sweep_spec_from_json(data)
    except (KeyError, TypeError) as error:
        raise CorruptRun(f"{folder.spec} is not a sweep: {error}.") from error


def write_standing(folder: SweepFolder, summary: SweepSummary) -> None:
    """Raises OSError."""
    store.write_json(folder.standing, {"size": _size(folder.journal), "sweep": sweep_to_json(summary)})


def read_standing(folder: SweepFolder) -> SweepSummary | None:
    """None unless the journal has not moved since."""
    try:
        data = store.read_json(folder.standing)
        if data is None or data["size"] != _size(folder.journal):
            return None
        return sweep_from_json(data["sweep"])
    except (CorruptRun, KeyError, TypeError, ValueError):
        return None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
