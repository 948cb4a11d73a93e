"""Start the command of a run: no shell, no input, one process group, output to a pipe or a pty."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from engine import ending_signals
from engine.keeper import prctl

SIGNALS = (
    signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGPIPE, signal.SIGUSR1,
    signal.SIGUSR2, signal.SIGXCPU, signal.SIGXFSZ, signal.SIGCHLD,
)  # fmt: skip
"""ignored or handled by the worker, with their default effect in the command"""


class NotStarted(Exception):
    """The command cannot be started: one line."""


class ScriptProcess(NamedTuple):
    pid: int
    """also the id of its process group"""
    output: int | None
    """where its output is read, non-blocking; None where it goes to the log directly"""


class ScriptStart(NamedTuple):
    argv: Sequence[str]
    environ: Mapping[str, str]
    folder: str
    umask: int
    pty: bool = False
    is_piped: bool = False
    """whether its output is read here; with `pty` it always is"""


def start(wanted: ScriptStart, standard_input: int | None = None) -> ScriptProcess:
    """Its input is empty where `standard_input` is None. Raises NotStarted.

    The calling thread has to outlive the command, which is killed where it ends.
    """
    reading, writing = _output_ends(wanted)
    failure, failure_end = os.pipe2(os.O_CLOEXEC)
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        _exec(wanted, standard_input, writing, failure_end, parent)
    os.close(failure_end)
    if writing is not None:
        os.close(writing)
    with os.fdopen(failure, "rb") as pipe:
        error = pipe.read(64)
    if error:
        os.waitpid(pid, 0)
        raise NotStarted(_reason(wanted, *error.decode().split()))
    if reading is not None:
        os.set_blocking(reading, False)
    return ScriptProcess(pid, reading)


def _output_ends(wanted: ScriptStart) -> tuple[int | None, int | None]:
    if wanted.pty:
        import termios

        reading, writing = os.openpty()
        attributes = termios.tcgetattr(writing)
        attributes[1] &= ~termios.OPOST  # the log has plain line ends
        attributes[3] &= ~termios.ECHO
        termios.tcsetattr(writing, termios.TCSANOW, attributes)
        termios.tcsetwinsize(writing, (40, 120))
        return reading, writing
    return os.pipe2(os.O_CLOEXEC) if wanted.is_piped else (None, None)


def _exec(
    wanted: ScriptStart, standard_input: int | None, output: int | None, failure: int, parent: int
) -> None:
    """Runs in the child and never returns."""
    what = "folder"
    try:
        prctl.die_with_parent(signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)  # the worker ended before the parent-death signal was set
        signal.set_wakeup_fd(-1)
        for number in SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        if wanted.pty:
            os.setsid()
        else:
            os.setpgid(0, 0)
        os.dup2(os.open(os.devnull, os.O_RDONLY) if standard_input is None else standard_input, 0)
        if output is not None:
            os.dup2(output, 1)
            os.dup2(output, 2)
        os.umask(wanted.umask)
        os.chdir(wanted.folder)
        what = "command"
        os.execvpe(wanted.argv[0], list(wanted.argv), dict(wanted.environ))
    except OSError as error:
        os.write(failure, f"{what} {error.errno}".encode())
    finally:
        os._exit(127)  # whatever happened: the child must not continue as a second worker


def _reason(wanted: ScriptStart, what: str, number: str) -> str:
    named = wanted.folder if what == "folder" else wanted.argv[0]
    reason = os.strerror(int(number))
    if what == "command":
        return f"The command cannot be started: {named}: {reason} (in {wanted.folder})."
    return f"The command cannot be started in the folder {named}: {reason}."


def has_ended(pid: int) -> bool:
    """Whether the command itself has ended; it is not reaped, so that the id of its group stays its own."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def reap(pid: int) -> int:
    """Kill what is left of the group; the exit code of the command, or minus the signal that ended it."""
    ending_signals.signal_group(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
