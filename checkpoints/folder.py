"""The checkpoints folder of a run: a crash at any moment leaves the old or the new checkpoint intact.

A checkpoint is a folder `step-00001200` with its files and, written last, their manifest. `.tmp-*` is one
being written, `.trash-*` one being removed; readers ignore both. The newest that verifies is the latest.
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
from checkpoints.retention import MIN_KEPT, Keep, removable

RESERVE = 32 << 20  # bytes left free for events and logs
KEEP = Keep()
_STEP = re.compile(r"step-(\d{8,12})")
_LEFTOVER = (".tmp-", ".trash-")


@dataclass(frozen=True, slots=True)
class CheckpointInfo:
    """A checkpoint whose manifest can be read; `size` in bytes."""

    step: int
    path: Path
    weights_sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Verified:
    """A checkpoint with the bytes that were hashed."""

    path: Path
    manifest: Manifest
    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Saved:
    """The checkpoint, the steps of those removed, and a note on one that could not be removed."""

    found: CheckpointInfo
    removed: tuple[int, ...] = ()
    note: str = ""


def name_of(step: int) -> str:
    return f"step-{step:08d}"


def step_of(name: str) -> int | None:
    """The step in the name of a checkpoint folder, None for other names."""
    match = _STEP.fullmatch(name)
    return int(match[1]) if match and name_of(int(match[1])) == name else None


def listing(folder: Path, *, disk: Disk = DISK) -> list[CheckpointInfo]:
    """The checkpoints with a readable manifest, oldest first. Cheap: unlike in `verify`, no file is
    hashed."""
    rows = []
    for step in steps(folder, disk=disk):
        try:
            rows.append(_found(folder / name_of(step), _manifest(disk, folder / name_of(step))))
        except DamagedCheckpoint:
            continue
    return rows


def steps(folder: Path, *, disk: Disk = DISK) -> list[int]:
    """The steps of the checkpoints by their names alone, intact or not, oldest first."""
    return _step_numbers(_names(disk, folder))


def manifest_of(path: Path, *, disk: Disk = DISK) -> Manifest:
    """The manifest alone, which has its own hash; no other file is read. Raises DamagedCheckpoint."""
    return _manifest(disk, path)


def read(path: Path, *, only: Collection[str] | None = None, disk: Disk = DISK) -> Verified:
    """Read one checkpoint, or `only` some of its files, and verify their hashes. Raises DamagedCheckpoint."""
    manifest = _manifest(disk, path)
    files = {}
    for name, expected in manifest.files.items():
        if only is not None and name not in only:
            continue
        data = _bytes(disk, path, name, expected.size)
        if len(data) != expected.size:
            raise DamagedCheckpoint(path, f"{name} has {len(data)} bytes, expected {expected.size}")
        if manifests.digest(data) != expected:
            raise DamagedCheckpoint(path, f"{name} does not have the SHA-256 that its manifest gives")
        files[name] = data
    return Verified(path, manifest, files)


def newest_intact(
    folder: Path, *, only: Collection[str] | None = None, disk: Disk = DISK
) -> tuple[Verified | None, list[DamagedCheckpoint]]:
    """The newest checkpoint that verifies, and the damaged newer ones.

    With `only`, just those files are verified.
    """
    damaged: list[DamagedCheckpoint] = []
    for step in reversed(steps(folder, disk=disk)):
        try:
            return read(folder / name_of(step), only=only, disk=disk), damaged
        except DamagedCheckpoint as damage:
            damaged.append(damage)
    return None, damaged


def verify(folder: Path, *, disk: Disk = DISK) -> list[CheckpointInfo | DamagedCheckpoint]:
    """Verify all files of all checkpoints, oldest first."""
    rows: list[CheckpointInfo | DamagedCheckpoint] = []
    for step in steps(folder, disk=disk):
        try:
            verified = read(folder / name_of(step), disk=disk)
            rows.append(_found(verified.path, verified.manifest))
        except DamagedCheckpoint as damage:
            rows.append(damage)
    return rows


def remove_leftovers(folder: Path, *, disk: Disk = DISK) -> list[str]:
    """Remove partly written and partly removed checkpoints after a crash. The caller holds the lock of the
    run.

    Returns the names removed. Raises CheckpointError when one cannot be removed.
    """
    leftovers = [name for name in sorted(_names(disk, folder)) if name.startswith(_LEFTOVER)]
    for name in leftovers:
        try:
            _remove(disk, folder / name)
        except OSError as error:
            raise CheckpointError(f"Leftover {folder / name} cannot be removed: {_reason(error)}.") from error
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
    acknowledge: Callable[[CheckpointInfo], None] = lambda found: None,
    reserve: int = RESERVE,
    disk: Disk = DISK,
) -> Saved:
    """Save a checkpoint. It is durable when `acknowledge` is called; old ones are removed after that.

    Writing an identical checkpoint changes nothing. A damaged or different one of the same step is replaced;
    only that takes two renames, and a crash between them leaves the next older one.
    Raises SaveFailed, and ValueError for values that a manifest cannot have.
    """
    stamps = {name: manifests.digest(data) for name, data in files.items()}
    manifest = Manifest(run_id, step, stamps, weights_sha256, env)
    path = folder / name_of(step)
    try:
        if _holds(disk, path, manifest):
            disk.sync_folder(folder)
        else:
            _prepare_folder(disk, folder, manifest.size + reserve)
            _place(disk, path, {**files, manifests.NAME: manifest.dumps()})
    except OSError as error:
        raise SaveFailed(folder, step, _reason(error), _free(disk, folder)) from error
    found = _found(path, manifest)
    acknowledge(found)
    removed, note = _retain(disk, folder, step, keep)
    return Saved(found, removed, note)


def link(source: Path, folder: Path, *, disk: Disk = DISK) -> CheckpointInfo:
    """Put the checkpoint `source` into the new folder `folder` too, and verify it there.

    Files of a checkpoint never change: hard links share their space. Where those are not possible, as between
    file systems, the files are copied. Raises DamagedCheckpoint and OSError.
    """
    manifest = _manifest(disk, source)
    target = folder / source.name
    disk.make_folder(folder)
    disk.make_folder(target)
    for name in (*manifest.files, manifests.NAME):
        try:
            disk.link(source / name, target / name)
        except OSError:
            limit = manifest.files[name].size if name in manifest.files else manifests.LIMIT
            _write_file(disk, target / name, _bytes(disk, source, name, limit))
    for path in (target, folder):
        disk.sync_folder(path)
    return _found(target, read(target, disk=disk).manifest)


def _place(disk: Disk, path: Path, files: Mapping[str, bytes]) -> None:
    """Write the files to a temporary folder, the manifest last, and rename it to `path`."""
    temporary, aside = _beside(path, ".tmp"), _beside(path, ".trash")
    placed = False
    try:
        disk.make_folder(temporary)
        for name, data in files.items():
            _write_file(disk, temporary / name, data)
        disk.sync_folder(temporary)
        if disk.is_folder(path):
            disk.rename(path, aside)
        disk.rename(temporary, path)
        placed = True
        disk.sync_folder(path.parent)
    except OSError:
        _roll_back(disk, path, temporary, aside, placed)
        raise
    _remove_if_possible(disk, aside)


def _roll_back(disk: Disk, path: Path, temporary: Path, aside: Path, placed: bool) -> None:
    """Remove the new checkpoint, and restore the one that was at its path."""
    try:
        if placed:
            disk.rename(path, temporary)
        if disk.is_folder(aside):
            disk.rename(aside, path)
    except OSError:
        pass  # the first failure, which is being handled, is the one to report
    _remove_if_possible(disk, temporary)


def _remove_if_possible(disk: Disk, path: Path) -> None:
    try:
        if disk.is_folder(path):
            _remove(disk, path)
    except OSError:
        pass  # readers ignore leftovers, and remove_leftovers tries again


def _write_file(disk: Disk, path: Path, data: bytes) -> None:
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
            pass  # the first failure is the one to report
        raise
    disk.close(fd)


def _prepare_folder(disk: Disk, folder: Path, need: int) -> None:
    if not disk.is_folder(folder):
        disk.make_folder(folder)
        disk.sync_folder(folder.parent)
    if disk.free(folder) < need:
        raise OSError(errno.ENOSPC, f"No space left: {need:,} bytes are needed")


def _holds(disk: Disk, path: Path, manifest: Manifest) -> bool:
    """Whether exactly this checkpoint exists already and is intact."""
    try:
        return disk.is_folder(path) and read(path, disk=disk).manifest == manifest
    except DamagedCheckpoint:
        return False


def _retain(disk: Disk, folder: Path, written: int, keep: Keep) -> tuple[tuple[int, ...], str]:
    """Remove old checkpoints; returns their steps, and a note on one that could not be removed."""
    removed: list[int] = []
    try:
        for step in _removable_steps(disk, folder, written, keep):
            aside = _beside(folder / name_of(step), ".trash")
            disk.rename(folder / name_of(step), aside)
            removed.append(step)
            _remove(disk, aside)
    except OSError as error:
        return tuple(removed), f"An old checkpoint in {folder} could not be removed: {_reason(error)}."
    return tuple(removed), ""


def _removable_steps(disk: Disk, folder: Path, written: int, keep: Keep) -> list[int]:
    """Steps to remove, so that at least MIN_KEPT checkpoints that verify are left; `written` is known to
    verify."""
    found = _step_numbers(disk.names(folder))
    removable_steps = removable(found, replace(keep, pinned=keep.pinned | {written}))
    others = (
        [step for step in reversed(found) if step != written and step not in removable_steps]
        if removable_steps
        else []
    )
    intact = 1
    for step in others:
        intact += intact < MIN_KEPT and _is_intact(disk, folder / name_of(step))
    while intact < MIN_KEPT and removable_steps:
        intact += _is_intact(disk, folder / name_of(removable_steps.pop()))
    return removable_steps


def _is_intact(disk: Disk, path: Path) -> bool:
    try:
        read(path, disk=disk)
    except DamagedCheckpoint:
        return False
    return True


def _remove(disk: Disk, path: Path) -> None:
    """Remove a file, a link, or a folder with its content; links are not followed."""
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
        raise CheckpointError(f"Checkpoints in {folder} cannot be listed: {_reason(error)}.") from error


def _step_numbers(names: list[str]) -> list[int]:
    return sorted(step for name in names if (step := step_of(name)) is not None)


def _found(path: Path, manifest: Manifest) -> CheckpointInfo:
    return CheckpointInfo(manifest.step, path, manifest.weights_sha256, manifest.size)


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
        raise DamagedCheckpoint(path, f"{name} cannot be read: {_reason(error)}") from error


def _free(disk: Disk, folder: Path) -> int | None:
    try:
        return disk.free(folder)
    except OSError:
        return None


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
