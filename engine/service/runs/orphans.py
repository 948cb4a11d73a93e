"""Runs whose keeper died without a word: wait for their worker to leave, then write down how they ended."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import signal
import time
from pathlib import Path

from engine import process_identity, store, tensorboard_end
from engine.process_identity import ProcessIdentity
from engine.protocol import Cause, CauseKind, Status
from engine.service.runs import tracked_run
from engine.service.runs.removed_folder import DRAFT
from engine.service.runs.stats import ExitMessage
from engine.service.runs.tracked_run import TrackedRun
from engine.store import ExitFacts

PATIENCE = 90.0
"""seconds that a worker without a keeper may go on holding its run"""


def has_left(run: TrackedRun, now: float, patience: float = PATIENCE) -> bool:
    """Whether nothing is at work on an orphan any more; `now` is on the monotonic clock. Raises OSError.

    A worker whose keeper died saves and leaves; one that does not is killed when the patience is over.
    """
    if run.keeperless_since is None:
        run.keeperless_since = now
    if not is_held(run.folder.lock):
        return True
    run.notice = "its keeper was killed: the worker saves and exits"
    if now - run.keeperless_since > patience and run.keeper and run.keeper.worker:
        kill_group(run.keeper.worker)
    return False


def conclude(run: TrackedRun) -> None:
    """Write down how it ended, once it was left and all its events were read. Raises OSError."""
    tracked_run.look_for_checkpoints(run)
    ended = verdict(run)
    store.write_exit(run.folder, ended)
    tensorboard_end.tell_end(run.folder.tensorboard, ended.status, ended.at)
    (run.folder.path / DRAFT).unlink(missing_ok=True)
    logging.info("run %s: adopted as %s (%s)", run.id, ended.status, ended.cause.text)
    run.keeperless_since, run.notice = None, ""


def verdict(run: TrackedRun) -> ExitFacts:
    """How the run ended, from what its worker said last and from what it saved."""
    farewell, attempt = run.stats.farewell, run.attempt
    if farewell and run.stats.attempt == attempt and not _is_for_want_of_a_keeper(farewell):
        return ExitFacts(attempt, farewell.status, farewell.cause, farewell.at)
    cause = Cause(CauseKind.KEEPER_LOST, _story(run), f"dltui resume {run.id}")
    return ExitFacts(attempt, Status.LOST, cause, run.stats.last_at or time.time())


def _is_for_want_of_a_keeper(farewell: ExitMessage) -> bool:
    """A worker learns of its keeper's death from its wire or by SIGTERM, whichever comes first."""
    return farewell.status is Status.LOST or farewell.cause.kind is CauseKind.SIGNAL


def _story(run: TrackedRun) -> str:
    what = _what_happened(run)
    step = run.stats.checkpoint_step
    if step:
        return f"{what}; step {step} was saved: resume continues from there"
    return f"{what} before the first checkpoint: resume starts from the beginning"


def _what_happened(run: TrackedRun) -> str:
    if run.paper_damage:
        return f"its keeper is gone and left a damaged file ({run.paper_damage})"
    if run.keeper and run.keeper.identity.boot_id != process_identity.boot_id():
        return "the machine was restarted"
    return "its keeper was killed"


def is_held(lock: Path) -> bool:
    """Whether a process holds the lock of a run. Only where no keeper is: asking takes it for a moment."""
    try:
        fd = os.open(lock, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return True
        raise
    finally:
        os.close(fd)
    return False


def kill_group(worker: ProcessIdentity) -> bool:
    """SIGKILL for the worker and its process group; False when it is gone or its number is another's."""
    if not worker.is_alive():
        return False
    members = [found for pid in _group(worker.pid) if (found := process_identity.of(pid))]
    return any([kill(worker), *map(kill, members)])


def kill(target: ProcessIdentity) -> bool:
    """SIGKILL for exactly that process: its number is pinned before it is compared."""
    try:
        fd = os.pidfd_open(target.pid)
    except OSError:
        return False
    try:
        if not target.is_alive():
            return False
        signal.pidfd_send_signal(fd, signal.SIGKILL)
        logging.warning("process %d outlived its keeper and was killed", target.pid)
        return True
    except ProcessLookupError:
        return False
    finally:
        os.close(fd)


def _group(leader: int) -> list[int]:
    """The other members of the process group that `leader` leads."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != leader:
            try:
                if os.getpgid(int(name)) == leader:
                    found.append(int(name))
            except OSError:
                continue  # gone meanwhile
    return found
