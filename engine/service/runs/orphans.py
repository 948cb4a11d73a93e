"""Orphans are runs whose keeper ended without exit.json: wait until the worker has exited, then write it."""

from __future__ import annotations

import logging
import os
import signal
import time

from engine import files, process_identity, store, tensorboard_end
from engine.process_identity import ProcessIdentity
from engine.protocol import Cause, CauseKind, Status
from engine.service.runs import tracked_run
from engine.service.runs.event_summary import ExitMessage
from engine.service.runs.removed_folder import DRAFT
from engine.service.runs.tracked_run import TrackedRun
from engine.store import ExitFacts

TIMEOUT = 90.0
"""seconds after which a worker without a keeper is killed"""


def is_released(run: TrackedRun, now: float, timeout: float = TIMEOUT) -> bool:
    """Whether no process holds the run any more; `now` is on the monotonic clock. Raises OSError.

    A worker whose keeper ended saves and exits; one that does not is killed after `timeout` seconds.
    """
    if run.orphaned_since is None:
        run.orphaned_since = now
    if not files.is_locked(run.folder.lock):
        return True
    run.notice = "its keeper was killed: the worker saves and exits"
    if now - run.orphaned_since > timeout and run.keeper and run.keeper.worker:
        kill_group(run.keeper.worker)
    return False


def conclude(run: TrackedRun) -> None:
    """Write exit.json. Only after `is_released`, and after all events were read. Raises OSError."""
    tracked_run.update_checkpoint_step(run)
    ended = end_of(run)
    store.write_exit(run.folder, ended)
    tensorboard_end.write_end(run.folder.tensorboard, ended.status, ended.at)
    (run.folder.path / DRAFT).unlink(missing_ok=True)
    logging.info("run %s: concluded as %s (%s)", run.id, ended.status, ended.cause.text)
    run.orphaned_since, run.notice = None, ""


def end_of(run: TrackedRun) -> ExitFacts:
    """How the run ended, from the exit message in its events and from its checkpoints."""
    exit_message, attempt = run.stats.exit_message, run.attempt
    if exit_message and run.stats.attempt == attempt and not _is_keeper_loss(exit_message):
        return ExitFacts(attempt, exit_message.status, exit_message.cause, exit_message.at)
    cause = Cause(CauseKind.KEEPER_LOST, _cause_text(run), f"dltui resume {run.id}")
    return ExitFacts(attempt, Status.LOST, cause, run.stats.last_at or time.time())


def _is_keeper_loss(exit_message: ExitMessage) -> bool:
    """Whether the worker ended because its keeper did, which it detects by its pipe or by SIGTERM."""
    return exit_message.status is Status.LOST or exit_message.cause.kind is CauseKind.SIGNAL


def _cause_text(run: TrackedRun) -> str:
    reason = _what_happened(run)
    if run.spec.command is not None:
        return f"{reason}: resume starts the command again, with DLTUI_RESUME=1"
    if step := run.stats.checkpoint_step:
        return f"{reason}; step {step} was saved: resume continues from there"
    return f"{reason} before the first checkpoint: resume starts from the beginning"


def _what_happened(run: TrackedRun) -> str:
    if run.state_damage:
        return f"its keeper is gone and left a damaged file ({run.state_damage})"
    if run.keeper and run.keeper.identity.boot_id != process_identity.boot_id():
        return "the machine was restarted"
    return "its keeper was killed"


def kill_group(worker: ProcessIdentity) -> bool:
    """SIGKILL to the worker and its process group; False when it has ended or its id was reused."""
    if not worker.is_alive():
        return False
    members = [found for pid in _group(worker.pid) if (found := process_identity.of(pid))]
    return any([kill(worker), *map(kill, members)])


def kill(target: ProcessIdentity) -> bool:
    """SIGKILL to exactly that process: the pidfd is opened before the identity is compared."""
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
