"""The checkpoints folder of a run: written so that a crash at any moment leaves the old or the new, whole.

A checkpoint is a folder `step-00001200` that holds its files and, written last, their manifest. `.tmp-*` is
one being written, `.trash-*` one being removed; readers see neither. The newest that verifies is the latest.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from checkpoints import manifest as manifests
from checkpoints.disk import DISK, Disk
from checkpoints.errors import CheckpointError, DamagedCheckpoint, SaveFailed
from checkpoints.manifest import Fact, Manifest
from checkpoints.retention import FLOOR, Keep, doomed

RESERVE = 32 << 20  # bytes left free for events and logs
KEEP = Keep()
_STEP = re.compile(r"step-(\d{8,12})")
_LEFTOVER = (".tmp-", ".trash-")


@dataclass(frozen=True, slots=True)
class Found:
    """A checkpoint whose manifest can be read; `size` in bytes."""

    step: int
    path: Path
    weights_sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Verified:
    """A checkpoint together with the very bytes that were hashed."""

    path: Path
    manifest: Manifest
    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Saved:
    """The checkpoint, the steps removed for it, and in words why one that had to go is still there."""

    found: Found
    removed: tuple[int, ...] = ()
    note: str = ""


def name_of(step: int) -> str:
    """The folder name of a step."""
    return f"step-{step:08d}"


def step_of(name: str) -> int | None:
    """The step a folder name stands for, None when it is no checkpoint's."""
    match = _STEP.fullmatch(name)
    return int(match[1]) if match and name_of(int(match[1])) == name else None


def listing(folder: Path, *, disk: Disk = DISK) -> list[Found]:
    """The checkpoints with a readable manifest, oldest first. Cheap: no file is hashed, as `verify` does."""
    rows = []
    for step in steps(folder, disk=disk):
        try:
            rows.append(_found(folder / name_of(step), _manifest(disk, folder / name_of(step))))
        except DamagedCheckpoint:
            continue
    return rows


def steps(folder: Path, *, disk: Disk = DISK) -> list[int]:
    """The steps of the checkpoints by their names alone, whole or not, oldest first."""
    return _among(_names(disk, folder))


def manifest_of(path: Path, *, disk: Disk = DISK) -> Manifest:
    """The manifest alone, which is sealed; no other file is looked at. Raises DamagedCheckpoint."""
    return _manifest(disk, path)


def read(path: Path, *, only: Collection[str] | None = None, disk: Disk = DISK) -> Verified:
    """Read one checkpoint, or `only` some of its files, and hash what was read. Raises DamagedCheckpoint."""
    manifest = _manifest(disk, path)
    files = {}
    for name, expected in manifest.files.items():
        if only is not None and name not in only:
            continue
        data = _bytes(disk, path, name, expected.size)
        if len(data) != expected.size:
            raise DamagedCheckpoint(path, f"{name} has {len(data)} bytes, expected {expected.size}")
        if manifests.stamp(data) != expected:
            raise DamagedCheckpoint(path, f"{name} does not have the SHA-256 that its manifest gives")
        files[name] = data
    return Verified(path, manifest, files)


def newest_intact(
    folder: Path, *, only: Collection[str] | None = None, disk: Disk = DISK
) -> tuple[Verified | None, list[DamagedCheckpoint]]:
    """The newest checkpoint that verifies, and the damaged ones that had to be skipped to get there.

    With `only`, it is those files that have to.
    """
    damaged: list[DamagedCheckpoint] = []
    for step in reversed(steps(folder, disk=disk)):
        try:
            return read(folder / name_of(step), only=only, disk=disk), damaged
        except DamagedCheckpoint as damage:
            damaged.append(damage)
    return None, damaged


def verify(folder: Path, *, disk: Disk = DISK) -> list[Found | DamagedCheckpoint]:
    """Hash everything, oldest first."""
    rows: list[Found | DamagedCheckpoint] = []
    for step in steps(folder, disk=disk):
        try:
            verified = read(folder / name_of(step), disk=disk)
            rows.append(_found(verified.path, verified.manifest))
        except DamagedCheckpoint as damage:
            rows.append(damage)
    return rows


def sweep_leftovers(folder: Path, *, disk: Disk = DISK) -> list[str]:
    """Remove what crashes left half written or half removed. The caller holds the run's lock.

    Returns the names removed. Raises CheckpointError when one cannot be.
    """
    leftovers = [name for name in sorted(_names(disk, folder)) if name.startswith(_LEFTOVER)]
    for name in leftovers:
        try:
            _remove(disk, folder / name)
        except OSError as error:
            raise CheckpointError(f"Leftover {folder / name} cannot be removed: {_said(error)}.") from error
    return leftovers


def write(
    folder: Path,
    step: int,
    files: Mapping[str, bytes],
    *,
    run_id: str,
    weights_sha256: str,
    env: Mapping[str, Fact],
    keep: Keep = KEEP,
    acknowledge: Callable[[Found], None] = lambda found: None,
    reserve: int = RESERVE,
    disk: Disk = DISK,
) -> Saved:
    """Save a checkpoint. When `acknowledge` is called it is durable; only then are old ones removed.

    Writing what is there already changes nothing. A damaged or different one of the same step is replaced;
    that alone takes two renames, and a crash between them leaves the next older one.
    Raises SaveFailed, and ValueError for what no manifest may hold.
    """
    stamps = {name: manifests.stamp(data) for name, data in files.items()}
    manifest = Manifest(run_id, step, stamps, weights_sha256, env)
    path = folder / name_of(step)
    try:
        if _holds(disk, path, manifest):
            disk.sync_folder(folder)
        else:
            _make_room(disk, folder, manifest.size + reserve)
            _place(disk, path, {**files, manifests.NAME: manifest.dumps()})
    except OSError as error:
        raise SaveFailed(folder, step, _said(error), _free(disk, folder)) from error
    found = _found(path, manifest)
    acknowledge(found)
    removed, note = _retain(disk, folder, step, keep)
    return Saved(found, removed, note)


def _place(disk: Disk, path: Path, files: Mapping[str, bytes]) -> None:
    """Write the files beside `path`, the manifest last, and give them its name in one rename."""
    temporary, aside = _beside(path, ".tmp"), _beside(path, ".trash")
    placed = False
    try:
        disk.make_folder(temporary)
        for name, data in files.items():
            _put(disk, temporary / name, data)
        disk.sync_folder(temporary)
        if disk.is_folder(path):
            disk.rename(path, aside)
        disk.rename(temporary, path)
        placed = True
        disk.sync_folder(path.parent)
    except OSError:
        _take_back(disk, path, temporary, aside, placed)
        raise
    _remove_if_possible(disk, aside)


def _take_back(disk: Disk, path: Path, temporary: Path, aside: Path, placed: bool) -> None:
    """The new one goes, wherever it had got to; what stood in its place stands there again."""
    try:
        if placed:
            disk.rename(path, temporary)
        if disk.is_folder(aside):
            disk.rename(aside, path)
    except OSError:
        pass  # the disk is failing, and the failure being handled is the one to tell
    _remove_if_possible(disk, temporary)


def _remove_if_possible(disk: Disk, path: Path) -> None:
    try:
        if disk.is_folder(path):
            _remove(disk, path)
    except OSError:
        pass  # readers see no leftover, and sweep_leftovers tries again


def _put(disk: Disk, path: Path, data: bytes) -> None:
    fd = disk.create(path)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[disk.write(fd, rest) :]
        disk.sync(fd)
    except OSError:
        try:
            disk.close(fd)
        except OSError:
            pass  # the first failure is the one to tell
        raise
    disk.close(fd)


def _make_room(disk: Disk, folder: Path, need: int) -> None:
    if not disk.is_folder(folder):
        disk.make_folder(folder)
        disk.sync_folder(folder.parent)
    if disk.free(folder) < need:
        raise OSError(errno.ENOSPC, f"No space left: {need:,} bytes are needed")


def _holds(disk: Disk, path: Path, manifest: Manifest) -> bool:
    """Whether exactly this checkpoint is there already, whole."""
    try:
        return disk.is_folder(path) and read(path, disk=disk).manifest == manifest
    except DamagedCheckpoint:
        return False


def _retain(disk: Disk, folder: Path, written: int, keep: Keep) -> tuple[tuple[int, ...], str]:
    """Remove the doomed; returns them, and in words why one could not be removed."""
    removed: list[int] = []
    try:
        for step in _victims(disk, folder, written, keep):
            aside = _beside(folder / name_of(step), ".trash")
            disk.rename(folder / name_of(step), aside)
            removed.append(step)
            _remove(disk, aside)
    except OSError as error:
        return tuple(removed), f"An old checkpoint in {folder} could not be removed: {_said(error)}."
    return tuple(removed), ""


def _victims(disk: Disk, folder: Path, written: int, keep: Keep) -> list[int]:
    """The doomed, but never so many that less than FLOOR are left that verify; `written` is known to."""
    found = _among(disk.names(folder))
    victims = doomed(found, replace(keep, pinned=keep.pinned | {written}))
    others = [step for step in reversed(found) if step != written and step not in victims] if victims else []
    intact = 1
    for step in others:
        intact += intact < FLOOR and _is_intact(disk, folder / name_of(step))
    while intact < FLOOR and victims:
        intact += _is_intact(disk, folder / name_of(victims.pop()))
    return victims


def _is_intact(disk: Disk, path: Path) -> bool:
    try:
        read(path, disk=disk)
    except DamagedCheckpoint:
        return False
    return True


def _remove(disk: Disk, path: Path) -> None:
    """Remove a file, a link, or a folder and all that is in it; links are never followed."""
    if not disk.is_folder(path):
        disk.unlink(path)
        return
    for name in sorted(disk.names(path)):
        _remove(disk, path / name)
    disk.remove_folder(path)


def _beside(path: Path, kind: str) -> Path:
    return path.with_name(f"{kind}-{step_of(path.name)}-{os.getpid()}-{secrets.token_hex(4)}")


def _names(disk: Disk, folder: Path) -> list[str]:
    try:
        return disk.names(folder)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise CheckpointError(f"Checkpoints in {folder} cannot be listed: {_said(error)}.") from error


def _among(names: list[str]) -> list[int]:
    return sorted(step for name in names if (step := step_of(name)) is not None)


def _found(path: Path, manifest: Manifest) -> Found:
    return Found(manifest.step, path, manifest.weights_sha256, manifest.size)


def _manifest(disk: Disk, path: Path) -> Manifest:
    if not disk.is_folder(path):
        raise DamagedCheckpoint(path, "it is not a folder")
    try:
        manifest = manifests.loads(_bytes(disk, path, manifests.NAME, manifests.LIMIT))
    except ValueError as error:
        raise DamagedCheckpoint(path, f"{manifests.NAME} cannot be trusted: {error}") from error
    if name_of(manifest.step) != path.name:
        raise DamagedCheckpoint(path, f"its manifest is of step {manifest.step}")
    return manifest


def _bytes(disk: Disk, path: Path, name: str, limit: int) -> bytes:
    try:
        return disk.read(path / name, limit)
    except OSError as error:
        raise DamagedCheckpoint(path, f"{name} cannot be read: {_said(error)}") from error


def _free(disk: Disk, folder: Path) -> int | None:
    try:
        return disk.free(folder)
    except OSError:
        return None


def _said(error: OSError) -> str:
    return error.strerror or str(error)
