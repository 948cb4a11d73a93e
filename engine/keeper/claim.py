"""A run taken by one keeper: its lock, its papers, the room for its end."""

from __future__ import annotations

import fcntl
import os
import time
from dataclasses import dataclass, replace

from engine import process_identity
from engine.errors import CorruptRun
from engine.keeper.exit_file import ExitFile
from engine.process_identity import ProcessIdentity
from engine.store import ExitFacts, KeeperFacts, RunFolder, read_keeper, write_exit, write_keeper


class Held(Exception):
    """Another keeper, or a worker it left, holds the run."""


class AlreadyMade(Exception):
    """The attempt, or a later one, had its keeper."""


@dataclass(slots=True)
class Claim:
    folder: RunFolder
    lock: int
    facts: KeeperFacts
    draft: ExitFile

    def record_start(self) -> None:
        self._record(self.facts)

    def record_worker(self, worker: ProcessIdentity | None) -> None:
        self._record(replace(self.facts, worker=worker))

    def record_asked(self, word: str) -> None:
        self._record(replace(self.facts, asked=word, asked_at=time.time()))

    def _record(self, facts: KeeperFacts) -> None:
        """Raises OSError; the facts in memory are the new ones all the same."""
        self.facts = facts
        write_keeper(self.folder, facts)

    def release(self) -> None:
        """Free the lock, also from descriptors that somebody inherited."""
        fcntl.flock(self.lock, fcntl.LOCK_UN)

    def conclude(self, facts: ExitFacts) -> None:
        """Raises OSError when neither the draft nor a new file takes it."""
        try:
            self.draft.write(facts)
        except OSError:
            write_exit(self.folder, facts)


def take(folder: RunFolder, attempt: int) -> Claim:
    """The lock, and room for the end; keeper.json is not written yet.

    Raises Held or AlreadyMade with nothing touched, OSError when the folder takes no files.
    """
    lock = os.open(folder.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise Held from None
    if attempt <= _last_attempt(folder):
        os.close(lock)
        raise AlreadyMade
    facts = KeeperFacts(attempt=attempt, identity=process_identity.mine(), started_at=round(time.time(), 3))
    return Claim(folder, lock, facts, ExitFile(folder))


def _last_attempt(folder: RunFolder) -> int:
    """A torn keeper.json (a power cut) does not stop the next attempt."""
    try:
        last = read_keeper(folder)
    except CorruptRun:
        return 0
    return last.attempt if last else 0
