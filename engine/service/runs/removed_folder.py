"""The folder `removed/`, which keeps removed runs and sweeps until the service deletes them.

    removed/000012/removal.json      what was removed together, and when
    removed/000012/runs/<id>/        run folders, as they were
    removed/000012/sweeps/<id>/      sweep folders, as they were
    removed/clock.json               seconds that the service has run while there were removals

The folders that are there decide what can be restored; `removal.json` only describes them.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

from engine import files
from engine.errors import CorruptRun
from engine.places import Places
from engine.protocol import RemovedItem
from engine.typed_json import Bounds, fitting, to_json

T = TypeVar("T")
Seconds = Annotated[float, Bounds(0, 1e18)]
KINDS = {"runs": "run", "sweeps": "sweep"}
"""subfolders of a removal, and the kind of the items in them"""
_BEING_WRITTEN = re.compile(r"\.[^.].*\.(\d{1,10})")
"""a temporary file of `files.write_bytes`; the group is the id of the process that writes it"""
LEFTOVER = (".new-", ".trash-")
DRAFT = ".exit.json.draft"
"""the file with the bytes that a keeper reserves for exit.json"""


@dataclass(frozen=True, slots=True)
class RemovalFolder:
    path: Path
    at: float
    """wall clock"""
    clock: float
    """seconds of the service's running time"""
    items: tuple[RemovedItem, ...]

    @property
    def number(self) -> int:
        return int(self.path.name)

    def folder_of(self, item: RemovedItem) -> Path:
        return self.path / f"{item.kind}s" / item.id


@dataclass(frozen=True, slots=True)
class RemovalFacts:
    """The content of removal.json."""

    at: Seconds = 0.0
    clock: Seconds = 0.0
    items: Sequence[RemovedItem] = ()


@dataclass(frozen=True, slots=True)
class ClockFacts:
    """The content of clock.json."""

    seconds: Seconds = 0.0


def make(places: Places, at: float, clock: float) -> RemovalFolder:
    """A new, empty removal with the next number. Raises OSError, after deleting what it made."""
    places.removed.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = places.removed / f"{max(_numbers(places), default=0) + 1:06d}"
    path.mkdir(mode=0o700)
    made = RemovalFolder(path, at, clock, ())
    try:
        write(made)
        for name in KINDS:
            (path / name).mkdir(mode=0o700)
    except OSError:
        discard(path)
        raise
    return made


def write(removal: RemovalFolder) -> None:
    """Write removal.json. Raises OSError."""
    facts = RemovalFacts(removal.at, removal.clock, removal.items)
    files.write_json(removal.path / "removal.json", to_json(facts))


def read_all(places: Places) -> list[RemovalFolder]:
    """All removals with at least one item, oldest first."""
    found = (_read(places.removed / f"{number:06d}") for number in sorted(_numbers(places)))
    return [removal for removal in found if removal.items]


def _read(path: Path) -> RemovalFolder:
    facts = _read_fitting(path / "removal.json", RemovalFacts)
    described = {(item.kind, item.id): item for item in facts.items}
    items = tuple(
        described.get((kind, name), RemovedItem(kind, name, name, "", 0))
        for folder, kind in KINDS.items()
        for name in _names(path / folder)
    )
    return RemovalFolder(path, facts.at, facts.clock, items)


def _read_fitting(path: Path, kind: type[T]) -> T:
    """What fits of a file that may be missing or damaged; defaults for the rest."""
    try:
        return fitting(files.read_json(path), kind)
    except CorruptRun:
        return kind()


def _numbers(places: Places) -> list[int]:
    return [int(name) for name in _names(places.removed) if name.isascii() and name.isdigit()]


def _names(path: Path) -> list[str]:
    try:
        return sorted(name for name in os.listdir(path) if name[0] != "." and (path / name).is_dir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def trash_path(path: Path) -> Path:
    """A new hidden name beside `path`, for a folder that is about to be deleted."""
    return path.with_name(f".trash-{path.name}-{os.urandom(4).hex()}")


def size_of(path: Path | str) -> int:
    """Bytes that the files below `path` use on the disk.

    A file with several hard links, of a checkpoint with which other runs began, counts with its share: the
    sizes of all runs add up to the space in use.
    """
    total = 0
    with contextlib.suppress(OSError), os.scandir(path) as entries:  # gone meanwhile
        for entry in entries:
            with contextlib.suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    total += size_of(entry.path)
                    continue
                facts = entry.stat(follow_symlinks=False)
                total += facts.st_blocks * 512 // facts.st_nlink
    return total


def discard(path: Path) -> None:
    """Delete a folder: rename it, so that readers see all of it or nothing, then delete its files.

    What a crash leaves behind is deleted at the next start.
    """
    aside = trash_path(path)
    with contextlib.suppress(FileNotFoundError):
        os.rename(path, aside)
        shutil.rmtree(aside, ignore_errors=True)


def read_clock(places: Places) -> float:
    """Seconds of running time; where clock.json is missing or damaged, that of the latest removal."""
    seconds = _read_fitting(places.removed / "clock.json", ClockFacts).seconds
    return max([seconds, *(removal.clock for removal in read_all(places))])


def write_clock(places: Places, seconds: float) -> None:
    """Raises OSError."""
    files.write_json(places.removed / "clock.json", to_json(ClockFacts(round(seconds, 3))))


def leftovers(places: Places) -> list[Path]:
    """Folders that a crash left half made or half deleted. Call it before any folder is made."""
    found = [
        folder / name
        for folder in (places.runs, places.sweeps, places.removed)
        for name in _all_names(folder)
        if name.startswith(LEFTOVER)
    ]
    empty = [
        places.removed / f"{number:06d}"
        for number in _numbers(places)
        if not _read(places.removed / f"{number:06d}").items
    ]
    return found + empty


def drafts(folders: Iterable[Path]) -> Iterator[Path]:
    """Temporary files, directly in these folders, whose process does not exist any more."""
    for folder in folders:
        for name in _all_names(folder):
            found = _BEING_WRITTEN.fullmatch(name) if name[0] == "." else None
            if name == DRAFT or (found and not Path(f"/proc/{found[1]}").exists()):
                yield folder / name


def newest_size(checkpoints: Path) -> int:
    """Bytes of the newest checkpoint of a run; 0 where there is none."""
    steps = [name for name in _all_names(checkpoints) if name.startswith("step-")]
    total = 0
    for name in _all_names(checkpoints / max(steps)) if steps else ():
        with contextlib.suppress(OSError):  # gone meanwhile
            total += os.lstat(checkpoints / max(steps) / name).st_blocks * 512
    return total


def _all_names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
