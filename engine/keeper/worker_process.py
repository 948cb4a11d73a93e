"""The worker as a process: started in a group of its own, with the three descriptors it inherits."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine import signals
from engine.keeper import prctl
from engine.keeper.cause import Ended

NICE = 10
OOM_SCORE = 500
"""when memory runs out the kernel takes a worker, not the service or somebody's shell"""


@dataclass(frozen=True, slots=True)
class WorkerProcess:
    pid: int
    """also the number of its process group"""
    wire: int
    """write end: words to the worker"""
    last_words: int
    """read end, non-blocking"""


@dataclass(frozen=True, slots=True)
class InheritedFiles:
    """What the worker gets: descriptors and the folder it works in."""

    lock: int
    log: int
    folder: Path


def start(command: Sequence[str], environ: Mapping[str, str], given: InheritedFiles) -> WorkerProcess:
    """Fork and exec. The calling thread has to be the only one and to outlive the worker.

    Raises OSError when it cannot be started.
    """
    wire_end, wire = os.pipe2(os.O_CLOEXEC)
    last_words, last_words_end = os.pipe2(os.O_CLOEXEC)
    failure, failure_end = os.pipe2(os.O_CLOEXEC)
    env = {
        **environ,
        "DLTUI_WIRE": str(wire_end),
        "DLTUI_LAST_WORDS": str(last_words_end),
        "DLTUI_LOCK": str(given.lock),
    }
    keeper = os.getpid()
    pid = os.fork()
    if pid == 0:
        _become(command, env, given, (wire_end, last_words_end), failure_end, keeper)
    for fd in (wire_end, last_words_end, failure_end):
        os.close(fd)
    with os.fdopen(failure, "rb") as said:
        error = said.read(16)
    if error:
        os.waitpid(pid, 0)
        os.close(wire)
        os.close(last_words)
        raise OSError(int(error), os.strerror(int(error)), command[0])
    os.set_blocking(last_words, False)
    return WorkerProcess(pid, wire, last_words)


def _become(
    command: Sequence[str],
    environ: Mapping[str, str],
    given: InheritedFiles,
    passed: tuple[int, int],
    failure: int,
    keeper: int,
) -> None:
    """In the child: never returns."""
    try:
        os.setpgid(0, 0)
        prctl.die_with_parent(signal.SIGTERM)
        if os.getppid() != keeper:
            os._exit(1)  # the keeper died before it could be watched
        _reset_signals()
        _be_modest()
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (given.log, 1), (given.log, 2)):
            os.dup2(source, target)
        for fd in (given.lock, *passed):
            os.set_inheritable(fd, True)
        os.chdir(given.folder)
        os.execvpe(command[0], list(command), environ)
    except OSError as error:
        os.write(failure, str(error.errno).encode())
    finally:
        os._exit(127)  # whatever happened: there must not be two keepers


def _reset_signals() -> None:
    """What the keeper ignores would stay ignored after exec. SIGHUP does: there is no terminal to hang up.

    So do the warnings of a batch system, until the worker listens to them.
    """
    signals.ignore()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    signal.pthread_sigmask(signal.SIG_SETMASK, set())


def _be_modest() -> None:
    os.nice(NICE)
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, most))  # a core of gigabytes would fill the run folder
    try:
        fd = os.open("/proc/self/oom_score_adj", os.O_RDWR | os.O_CLOEXEC)
        if int(os.read(fd, 16)) < OOM_SCORE:
            os.write(fd, str(OOM_SCORE).encode())
    except OSError:
        pass  # some containers forbid it; training does not depend on it


def signal_group(pid: int, number: signal.Signals) -> None:
    """To the whole group of a worker that is not reaped yet, so that the number cannot be another's."""
    try:
        os.killpg(pid, number)
        if number == signal.SIGTERM:
            os.killpg(pid, signal.SIGCONT)  # a stopped worker could not obey
    except ProcessLookupError:
        pass  # it had left its own group and the group is empty


def has_ended(pid: int) -> bool:
    """Reap orphans that fell to the keeper; True once the worker itself only waits to be reaped."""
    while True:
        found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if found is None:
            return False
        if found.si_pid == pid:
            return True
        os.waitpid(found.si_pid, 0)


def reap(pid: int) -> Ended:
    """The worker's end, after everything left in its group was killed."""
    signal_group(pid, signal.SIGKILL)
    _, status, usage = os.wait4(pid, 0)
    signaled = os.WIFSIGNALED(status)
    return Ended(
        code=None if signaled else os.WEXITSTATUS(status),
        signal=os.WTERMSIG(status) if signaled else None,
        cpu_seconds=round(usage.ru_utime + usage.ru_stime, 3),
        max_rss=usage.ru_maxrss * 1024,
    )
