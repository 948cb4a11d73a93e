"""A run held by one keeper: run.lock, keeper.json, and the bytes reserved for exit.json."""

from __future__ import annotations

import fcntl
import json
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path

from engine import files, process_identity
from engine.errors import CorruptRun
from engine.process_identity import ProcessIdentity
from engine.store import (
    ExitFacts,
    KeeperFacts,
    RunFolder,
    read_keeper,
    write_exit,
    write_keeper,
)
from engine.typed_json import to_json

# --- the reserved bytes -----------------------------------------------------------------------------------


RESERVED = 16 * 1024
"""bytes"""


class ExitFile:
    """The reserved file. Copy-on-write file systems (btrfs, ZFS) give no guarantee."""

    def __init__(self, folder: RunFolder) -> None:
        """Allocate the file. Raises CorruptRun and OSError, also when the disk is full already."""
        self._final = folder.exit
        self.path: Path = folder.path / ".exit.json.draft"
        self._fd = files.open_to_write(self.path, os.O_TRUNC)
        try:
            os.posix_fallocate(self._fd, 0, RESERVED)
            os.fsync(self._fd)
        except OSError:
            self.discard()
            raise

    def write(self, facts: ExitFacts) -> None:
        """Write in place, fsync, rename to exit.json. Raises OSError."""
        text = json.dumps(to_json(facts), allow_nan=False).encode()
        assert len(text) <= RESERVED, "the texts of a cause are limited"
        os.pwrite(self._fd, text, 0)
        os.ftruncate(self._fd, len(text))
        os.fsync(self._fd)
        os.rename(self.path, self._final)
        files.sync_path(self._final.parent)

    def discard(self) -> None:
        os.close(self._fd)
        self.path.unlink(missing_ok=True)


# --- lock and keeper.json ---------------------------------------------------------------------------------


class RunLocked(Exception):
    """Another keeper, or a worker that outlived its keeper, holds run.lock."""


class AttemptExists(Exception):
    """keeper.json is of this attempt or of a later one."""


@dataclass(slots=True)
class Claim:
    folder: RunFolder
    lock: int
    facts: KeeperFacts
    exit_file: ExitFile

    def record_start(self) -> None:
        self._record(self.facts)

    def record_worker(self, worker: ProcessIdentity | None) -> None:
        self._record(replace(self.facts, worker=worker))

    def record_request(self, command: str) -> None:
        self._record(replace(self.facts, asked=command, asked_at=time.time()))

    def _record(self, facts: KeeperFacts) -> None:
        """Write keeper.json. Raises OSError; `self.facts` is updated in any case."""
        self.facts = facts
        write_keeper(self.folder, facts)

    def release(self) -> None:
        """Unlock, also where another process inherited the descriptor."""
        fcntl.flock(self.lock, fcntl.LOCK_UN)

    def write_exit(self, facts: ExitFacts) -> None:
        """Raises OSError when neither the reserved file nor a new one can be written."""
        try:
            self.exit_file.write(facts)
        except OSError:
            write_exit(self.folder, facts)


def acquire(folder: RunFolder, attempt: int) -> Claim:
    """Lock the run and reserve bytes for exit.json; keeper.json is not written yet.

    Raises RunLocked or AttemptExists with nothing changed, OSError or CorruptRun when no file can be written.
    """
    lock = files.open_to_write(folder.lock)
    if not files.try_lock(lock):
        os.close(lock)
        raise RunLocked
    if attempt <= _last_attempt(folder):
        os.close(lock)
        raise AttemptExists
    facts = KeeperFacts(
        attempt=attempt, identity=process_identity.current(), started_at=round(time.time(), 3)
    )
    return Claim(folder, lock, facts, ExitFile(folder))


def _last_attempt(folder: RunFolder) -> int:
    """Of keeper.json; 0 where there is none or it is damaged (a power cut)."""
    try:
        last = read_keeper(folder)
    except CorruptRun:
        return 0
    return last.attempt if last else 0
