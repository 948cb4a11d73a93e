"""`python -I -S engine/keeper/__main__.py RUNFOLDER ATTEMPT --python EXE`: supervise one attempt of a run.

It takes the lock of the run, starts and watches its worker, and writes exit.json.
"""

from __future__ import annotations

import os
import re
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

if __name__ == "__main__":  # -I and -S leave out the folder of the engine
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from engine import ending_signals

if __name__ == "__main__":  # before the other imports, which take a while
    ending_signals.ignore()

from engine import process_identity, store, tensorboard_end
from engine.errors import CorruptRun
from engine.keeper import (
    arguments,
    cause,
    descendants,
    log_limit,
    oom_kills,
    prctl,
    worker_pipe,
    worker_process,
)
from engine.keeper.arguments import Arguments
from engine.keeper.cause import Evidence, ProcessExit, Verdict
from engine.keeper.claim import AttemptExists, Claim, RunLocked, acquire
from engine.keeper.command_pipe import open_fifo
from engine.keeper.log_limit import LimitedLog
from engine.keeper.watch import Report, WorkerWatch, open_signal_fd
from engine.keeper.worker_process import InheritedFiles, WorkerProcess, environment, system_interval
from engine.store import ExitFacts, RunFolder
from engine.typed_json import to_json

EXEC_WORKER = Path(__file__).resolve().parents[1] / "exec" / "__main__.py"
_CHECKPOINT = re.compile(r"step-(\d{1,18})")
MIN_FREE_BYTES = 64 * 1024
"""with fewer bytes free the disk counts as full"""
_NOT_STARTED = ProcessExit(code=None, signal=None)


def main(argv: list[str]) -> int:
    """Exit code: see `engine.keeper.arguments`."""
    try:
        args = arguments.parse(argv, os.environ)
    except ValueError as error:
        log_line("", f"cannot start: {error}")
        return arguments.USAGE_ERROR
    _detach()
    return supervise(args, lambda text: log_line(args.folder.name, text))


def log_line(run: str, text: str) -> None:
    """Write one line to stderr, which is the engine's log. Write errors are ignored."""
    line = f"keeper {run}: {text}".replace("\n", " ") + "\n"
    try:
        os.write(2, line.encode(errors="replace"))
    except OSError:
        pass  # the log is full or closed


def _detach() -> None:
    """Private files, no working folder, a session of its own."""
    os.umask(0o077)
    os.chdir("/")
    try:
        os.setsid()
    except PermissionError:
        pass  # already a session leader


@dataclass(frozen=True, slots=True)
class Outcome:
    process: ProcessExit
    verdict: Verdict
    descendants_gone: bool = True
    """no process that the worker started is left"""


def supervise(args: Arguments, report: Report) -> int:
    """The exit code of the keeper, see `engine.keeper.arguments`. `report` logs one line."""
    folder = RunFolder(args.folder)
    try:
        claim = acquire(folder, args.attempt)
    except RunLocked:
        report("another keeper holds this run; nothing was touched")
        return arguments.LOCKED
    except AttemptExists:
        report(f"attempt {args.attempt} had its keeper; nothing was touched")
        return arguments.ATTEMPT_EXISTS
    except (OSError, CorruptRun) as error:
        report(f"the run folder cannot be used: {error}; nothing was started")
        return arguments.FOLDER_UNUSABLE
    return finish(claim, _attempt(claim, args, report), report)


def _attempt(claim: Claim, args: Arguments, report: Report) -> Outcome:
    """Start the worker and wait for its end; an error before the start is an outcome too."""
    try:
        claim.record_start()
        tensorboard_end.remove_end(claim.folder.tensorboard)
        signal_fd = open_signal_fd()
        prctl.become_subreaper()
        control = open_fifo(claim.folder.control)
        log = LimitedLog.open(claim.folder.log, log_limit.header(args.attempt, args.device))
        worker = _start_worker(claim, args, log)
    except (OSError, CorruptRun) as error:
        return Outcome(_NOT_STARTED, cause.not_started(error, args.python))
    try:
        return _watch_worker(claim, args, worker, log, (control, signal_fd), report)
    finally:
        os.close(control)


def _start_worker(claim: Claim, args: Arguments, log: LimitedLog) -> WorkerProcess:
    spec = store.read_spec(claim.folder)
    wanted = store.read_wanted(claim.folder)
    facts = {"DLTUI_ATTEMPT": str(args.attempt), "DLTUI_MODE": wanted.mode, **system_interval(spec)}
    if spec.command is not None:
        command = [args.python, "-I", "-S", str(EXEC_WORKER), str(claim.folder.path)]
        environ = {**os.environ, **facts, "DLTUI_DEVICE": args.device}
        inherited = InheritedFiles(claim.lock, log.fd, claim.folder.path)
        return replace(worker_process.start(command, environ, inherited), is_command=True)
    environ = {**environment(spec, args.device, os.environ, len(os.sched_getaffinity(0))), **facts}
    module = "engine.worker" if spec.executor == "local" else "engine.remote"
    python = spec.file.python if spec.file and module == "engine.worker" else ""
    command = [python or args.python, "-P", "-m", module, str(claim.folder.path)]
    return worker_process.start(command, environ, InheritedFiles(claim.lock, log.fd, claim.folder.path))


def _watch_worker(
    claim: Claim,
    args: Arguments,
    worker: WorkerProcess,
    log: LimitedLog,
    input_fds: tuple[int, int],
    report: Report,
) -> Outcome:
    watch = WorkerWatch(claim, worker, log, args.grace_periods, report)
    try:
        claim.record_worker(process_identity.of(worker.pid))
    except OSError as error:
        report(f"keeper.json could not be written: {error}; the keeper continues")
    watch.wait(*input_fds)
    process = worker_process.reap(worker.pid)
    descendants_gone = descendants.kill_all()
    if not descendants_gone:
        report(f"left behind, they do not die: {descendants.children()}")
    watch.close()
    evidence = Evidence(
        process=process,
        exit_message=worker_pipe.read_exit_message(watch.exit_data),
        requested=watch.requested,
        request_signal=watch.request_signal,
        stop_step=watch.sequence.step,
        grace_periods=args.grace_periods,
        out_of_memory=oom_kills.happened(watch.kills, oom_kills.count()),
        disk_full=is_full(claim.folder),
        log_tail=log.tail(),
        checkpoint=newest_checkpoint(claim.folder),
        is_command=worker.is_command,
    )
    log.enforce_limit()
    return Outcome(process, cause.decide(evidence), descendants_gone)


def finish(claim: Claim, outcome: Outcome, report: Report) -> int:
    """Release the lock, then write exit.json: the next attempt may start as soon as exit.json is there.

    The lock stays held while a process of this attempt is left. Returns the exit code of the keeper.
    """
    status, why = outcome.verdict
    if outcome.descendants_gone:
        claim.release()
    exit_facts = ExitFacts(
        attempt=claim.facts.attempt,
        status=status,
        cause=why,
        at=round(time.time(), 3),
        code=outcome.process.code,
        signal=outcome.process.signal,
        usage={"cpu_seconds": outcome.process.cpu_seconds, "max_rss": outcome.process.max_rss},
    )
    tensorboard_end.write_end(claim.folder.tensorboard, status, exit_facts.at)
    report(f"attempt {exit_facts.attempt} ended: {status}, {why.text}")
    try:
        claim.write_exit(exit_facts)
    except OSError as error:
        report(f"exit.json could not be written: {error}; it would say {to_json(exit_facts)}")
        return arguments.FOLDER_UNUSABLE
    return arguments.RECORDED


def is_full(folder: RunFolder) -> bool:
    """Whether fewer than MIN_FREE_BYTES are free on the disk of the run."""
    found = os.statvfs(folder.path)
    return found.f_bavail * found.f_frsize < MIN_FREE_BYTES


def newest_checkpoint(folder: RunFolder) -> int:
    """The step of the newest checkpoint, by the name of its folder; 0 when there is none."""
    try:
        found = [_CHECKPOINT.fullmatch(name) for name in os.listdir(folder.checkpoints)]
    except OSError:
        return 0
    return max((int(match[1]) for match in found if match), default=0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
