"""Start the worker in a process group of its own, with three inherited descriptors; signal and reap it."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine import ending_signals
from engine.engine_path import python_path
from engine.keeper import prctl
from engine.keeper.cause import ProcessExit
from engine.protocol import Spec

NICE = 10
OOM_SCORE = 500
"""when memory runs out the kernel kills a worker, not the service or a shell"""


@dataclass(frozen=True, slots=True)
class WorkerProcess:
    pid: int
    """also the id of its process group"""
    command_fd: int
    """write end of the pipe of commands"""
    exit_fd: int
    """read end of the pipe of the exit message, non-blocking"""
    is_command: bool = False
    """whether it is the worker of a command, which ends as the command did"""


@dataclass(frozen=True, slots=True)
class InheritedFiles:
    """Descriptors that the worker inherits, and its working folder."""

    lock: int
    log: int
    folder: Path


def start(command: Sequence[str], environ: Mapping[str, str], inherited: InheritedFiles) -> WorkerProcess:
    """Fork and exec. The calling thread has to be the only one and has to outlive the worker.

    Raises OSError when it cannot be started.
    """
    command_end, command_fd = os.pipe2(os.O_CLOEXEC)
    exit_fd, exit_end = os.pipe2(os.O_CLOEXEC)
    failure, failure_end = os.pipe2(os.O_CLOEXEC)
    env = {
        **environ,
        "DLTUI_WIRE": str(command_end),
        "DLTUI_LAST_WORDS": str(exit_end),
        "DLTUI_LOCK": str(inherited.lock),
    }
    keeper = os.getpid()
    pid = os.fork()
    if pid == 0:
        _exec_worker(command, env, inherited, (command_end, exit_end), failure_end, keeper)
    for fd in (command_end, exit_end, failure_end):
        os.close(fd)
    with os.fdopen(failure, "rb") as pipe:
        error = pipe.read(16)
    if error:
        os.waitpid(pid, 0)
        os.close(command_fd)
        os.close(exit_fd)
        raise OSError(int(error), os.strerror(int(error)), command[0])
    os.set_blocking(exit_fd, False)
    return WorkerProcess(pid, command_fd, exit_fd)


def _exec_worker(
    command: Sequence[str],
    environ: Mapping[str, str],
    inherited: InheritedFiles,
    passed: tuple[int, int],
    failure: int,
    keeper: int,
) -> None:
    """Runs in the child and never returns."""
    try:
        os.setpgid(0, 0)
        prctl.die_with_parent(signal.SIGTERM)
        if os.getppid() != keeper:
            os._exit(1)  # the keeper ended before the parent-death signal was set
        _reset_signals()
        _lower_priority()
        null = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((null, 0), (inherited.log, 1), (inherited.log, 2)):
            os.dup2(source, target)
        for fd in (inherited.lock, *passed):
            os.set_inheritable(fd, True)
        os.chdir(inherited.folder)
        os.execvpe(command[0], list(command), environ)
    except OSError as error:
        os.write(failure, str(error.errno).encode())
    finally:
        os._exit(127)  # whatever happened: the child must not continue as a second keeper


def _reset_signals() -> None:
    """Ignored signals stay ignored after exec: reset those that the worker needs.

    SIGHUP stays ignored (there is no terminal), and so do the warnings of a batch system until the worker has
    handlers for them.
    """
    ending_signals.ignore()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    signal.pthread_sigmask(signal.SIG_SETMASK, set())


def _lower_priority() -> None:
    os.nice(NICE)
    _, hard_limit = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard_limit))  # a core of gigabytes would fill the run folder
    try:
        fd = os.open("/proc/self/oom_score_adj", os.O_RDWR | os.O_CLOEXEC)
        if int(os.read(fd, 16)) < OOM_SCORE:
            os.write(fd, str(OOM_SCORE).encode())
    except OSError:
        pass  # some containers forbid it


def has_ended(pid: int) -> bool:
    """Whether the worker has ended; it stays unreaped. Orphans that the keeper inherited are reaped."""
    while True:
        found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if found is None:
            return False
        if found.si_pid == pid:
            return True
        os.waitpid(found.si_pid, 0)


def reap(pid: int) -> ProcessExit:
    """Kill what is left in the worker's group, reap the worker, and return how it ended."""
    ending_signals.signal_group(pid, signal.SIGKILL)
    _, status, usage = os.wait4(pid, 0)
    signaled = os.WIFSIGNALED(status)
    return ProcessExit(
        code=None if signaled else os.WEXITSTATUS(status),
        signal=os.WTERMSIG(status) if signaled else None,
        cpu_seconds=round(usage.ru_utime + usage.ru_stime, 3),
        max_rss=usage.ru_maxrss * 1024,
    )


# --- environment variables: a function of the spec and the device -----------------------------------------


DETERMINISM = {
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    "MKL_DYNAMIC": "FALSE",
    "PYTHONHASHSEED": "0",
}
THREADS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
)
PASSIVE = {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0", "OPENBLAS_THREAD_TIMEOUT": "4"}
"""idle threads sleep instead of spinning, which took 74 % of the throughput of two busy cores. NumPy's spin
for a tenth of a second after every product, which took a third from a run with live pictures"""
MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(4 << 30),
    "MALLOC_TRIM_THRESHOLD_": str(8 << 30),
    "MALLOC_TOP_PAD_": str(256 << 20),
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}
"""large tensors are reused instead of being mapped and faulted in anew at each step, in huge pages where the
system grants them on request: 8 % more words a second, for PyTorch and for TensorFlow"""
PLAIN = {
    "PYTHONUNBUFFERED": "1",
    "PYTHONFAULTHANDLER": "1",
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
}
TENSORFLOW = {
    "KERAS_BACKEND": "tensorflow",
    "TF_ENABLE_ONEDNN_OPTS": "1",
    "TF_DETERMINISTIC_OPS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
}
"""the same kernels are chosen each time"""


def environment(spec: Spec, device: str, base: Mapping[str, str], cores: int) -> dict[str, str]:
    """`base` with everything that has to be set before a framework is imported.

    `device` is cpu or the UUID of a GPU; a spec with 0 threads gets `cores` of them.
    """
    threads = str(spec.threads or cores)
    return {
        **_with_data(spec, base),
        **DETERMINISM,
        **PASSIVE,
        **MEMORY,
        **PLAIN,
        **TENSORFLOW,
        **dict.fromkeys(THREADS, threads),
        "CUDA_VISIBLE_DEVICES": "" if device == "cpu" else device,
        "TF_CPP_MIN_LOG_LEVEL": "3" if device == "cpu" else "1",  # without a GPU it warns of having none
        "PYTHONPATH": python_path(base),
    }


def system_interval(spec: Spec) -> dict[str, str]:
    """The variable by which the worker knows how often to measure; none where the spec leaves it open."""
    seconds = spec.system_seconds
    return {} if seconds is None else {"DLTUI_SYSTEM_SECONDS": f"{seconds:g}"}


def _with_data(spec: Spec, base: Mapping[str, str]) -> dict[str, str]:
    """`base` with the spec's data folder as DLTUI_DATA.

    Specs without the field (version 1) keep the value of `base`, the service's environment.
    """
    if spec.data is None:
        return dict(base)
    others = {name: value for name, value in base.items() if name != "DLTUI_DATA"}
    return {**others, "DLTUI_DATA": spec.data} if spec.data else others
