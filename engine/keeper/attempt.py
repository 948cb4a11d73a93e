"""Keep one attempt of a run, from taking its lock to writing how it ended."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass

from engine import process_identity, store, tensorboard_end
from engine.errors import CorruptRun
from engine.keeper import (
    arguments,
    cause,
    descendants,
    exit_message,
    log_limit,
    oom_kills,
    prctl,
    worker_process,
)
from engine.keeper.arguments import Arguments
from engine.keeper.cause import Ended, Evidence, Verdict
from engine.keeper.claim import AlreadyMade, Claim, Held, take
from engine.keeper.command_pipe import open_fifo
from engine.keeper.environment import environment
from engine.keeper.log_limit import LimitedLog
from engine.keeper.watch import Say, WorkerWatch, open_wake
from engine.keeper.worker_process import InheritedFiles, WorkerProcess
from engine.store import ExitFacts, RunFolder

_CHECKPOINT = re.compile(r"step-(\d{1,18})")
LITTLE = 64 * 1024
_NEVER = Ended(code=None, signal=None)


@dataclass(frozen=True, slots=True)
class Outcome:
    ended: Ended
    verdict: Verdict
    all_gone: bool = True
    """nothing the worker started is left"""


def keep(asked: Arguments, say: Say) -> int:
    """The exit code of the keeper, see `engine.keeper.arguments`."""
    folder = RunFolder(asked.folder)
    try:
        claim = take(folder, asked.attempt)
    except Held:
        say("another keeper holds this run; nothing was touched")
        return arguments.HELD
    except AlreadyMade:
        say(f"attempt {asked.attempt} had its keeper; nothing was touched")
        return arguments.ALREADY_MADE
    except OSError as error:
        say(f"the run folder cannot be used: {error}; nothing was started")
        return arguments.UNUSABLE
    return conclude(claim, _attempt(claim, asked, say), say)


def _attempt(claim: Claim, asked: Arguments, say: Say) -> Outcome:
    """Everything between the claim and the verdict; whatever stops it is a verdict too."""
    try:
        claim.record_start()
        tensorboard_end.goes_on(claim.folder.tensorboard)
        wake = open_wake()
        prctl.become_subreaper()
        control = open_fifo(claim.folder.control)
        log = LimitedLog.open(claim.folder.log, log_limit.header(asked.attempt, asked.device))
        worker = _start(claim, asked, log)
    except (OSError, CorruptRun) as error:
        return Outcome(_NEVER, cause.not_started(error, asked.python))
    try:
        return _follow(claim, asked, worker, log, (control, wake), say)
    finally:
        os.close(control)


def _start(claim: Claim, asked: Arguments, log: LimitedLog) -> WorkerProcess:
    spec = store.read_spec(claim.folder)
    wanted = store.read_wanted(claim.folder)
    environ = {
        **environment(spec, asked.device, os.environ, len(os.sched_getaffinity(0))),
        "DLTUI_ATTEMPT": str(asked.attempt),
        "DLTUI_MODE": wanted.mode,
    }
    trains = "engine.worker" if spec.executor == "local" else "engine.remote"
    command = [asked.python, "-P", "-m", trains, str(claim.folder.path)]
    return worker_process.start(command, environ, InheritedFiles(claim.lock, log.fd, claim.folder.path))


def _follow(
    claim: Claim,
    asked: Arguments,
    worker: WorkerProcess,
    log: LimitedLog,
    ears: tuple[int, int],
    say: Say,
) -> Outcome:
    watch = WorkerWatch(claim, worker, log, asked.graces, say)
    _record_worker(claim, worker.pid, say)
    watch.until_it_ends(*ears)
    ended = worker_process.reap(worker.pid)
    all_gone = descendants.end_all()
    if not all_gone:
        say(f"left behind, they do not die: {descendants.children()}")
    watch.close()
    evidence = Evidence(
        ended=ended,
        last_words=exit_message.read(watch.said),
        asked=watch.asked,
        told_by=watch.told_by,
        rung=watch.ladder.rung,
        graces=asked.graces,
        out_of_memory=oom_kills.happened(watch.kills, oom_kills.count()),
        disk_full=is_full(claim.folder),
        tail=log.tail(),
        checkpoint=newest_checkpoint(claim.folder),
    )
    log.bound()
    return Outcome(ended, cause.decide(evidence), all_gone)


def _record_worker(claim: Claim, pid: int, say: Say) -> None:
    try:
        claim.record_worker(process_identity.of(pid))
    except OSError as error:
        say(f"keeper.json could not be written: {error}; the keeper continues")


def conclude(claim: Claim, outcome: Outcome, say: Say) -> int:
    """The lock is free before exit.json says so: the next attempt may start at once."""
    status, why = outcome.verdict
    if outcome.all_gone:
        claim.release()
    facts = ExitFacts(
        attempt=claim.facts.attempt,
        status=status,
        cause=why,
        at=round(time.time(), 3),
        code=outcome.ended.code,
        signal=outcome.ended.signal,
        usage={"cpu_seconds": outcome.ended.cpu_seconds, "max_rss": outcome.ended.max_rss},
    )
    tensorboard_end.tell_end(claim.folder.tensorboard, status, facts.at)
    say(f"attempt {facts.attempt} ended: {status}, {why.text}")
    try:
        claim.conclude(facts)
    except OSError as error:
        say(f"exit.json could not be written: {error}; it would say {store.exit_to_json(facts)}")
        return arguments.UNUSABLE
    return arguments.KEPT


def is_full(folder: RunFolder) -> bool:
    """Fewer bytes are left than a line of a log needs."""
    found = os.statvfs(folder.path)
    return found.f_bavail * found.f_frsize < LITTLE


def newest_checkpoint(folder: RunFolder) -> int:
    """Its step, by the name of its folder; 0 when there is none."""
    try:
        found = [_CHECKPOINT.fullmatch(name) for name in os.listdir(folder.checkpoints)]
    except OSError:
        return 0
    return max((int(match[1]) for match in found if match), default=0)
