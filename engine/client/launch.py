"""Starting and ending the process of the service."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from engine import files
from engine.client import detach
from engine.client.detach import Detacher, DetachPlan
from engine.engine_path import python_path
from engine.errors import CorruptRun, EngineError
from engine.places import Places, make_private

START_SECONDS = 30.0
END_SECONDS = 10.0
"""for a service to exit after a signal"""
ALREADY_RUNNING = 3
"""exit code of a service where another one has the lock"""
LOG_LIMIT = 4 * 1024 * 1024
COMMAND = (sys.executable, "-P", "-m", "engine.service")
_NOT_INHERITED = frozenset(
    ["INVOCATION_ID", "JOURNAL_STREAM", "NOTIFY_SOCKET", "XDG_SESSION_ID", "TERM", "COLUMNS", "LINES"]
)
_started: list[subprocess.Popen[bytes]] = []
"""kept, so that subprocess does not warn that they are still running"""


def start(
    places: Places, *, command: Sequence[str] = COMMAND, detach_plan: DetachPlan | None = None,
    timeout: float = START_SECONDS,
) -> None:  # fmt: skip
    """Start the service where none runs, and wait until its socket accepts connections.

    Two calls at the same time start one service: its lock decides. Raises EngineError with the last line of
    the log.
    """
    make_private(places.root)
    if is_listening(places.socket):
        return
    program = (detach_plan or detach.choose()).program
    rotate_log(places.log)
    begin = files.size_of(places.log)
    try:
        process = _spawn(places, command, program)
        if program == "systemd-run" and not _has_started(process):
            program = "setsid"
            process = _spawn(places, command, program)
    except OSError as error:
        raise EngineError(f"The engine cannot be started: {error}.") from error
    _wait_until_listening(places, process, program, begin, timeout)


def end(pid: int, seconds: float = END_SECONDS) -> None:
    """End the service with process id `pid`: SIGTERM, and SIGKILL after `seconds`. Raises EngineError.

    Its runs continue under their keepers.
    """
    try:
        process = os.pidfd_open(pid)
    except OSError:
        return  # it has ended
    try:
        for number in (signal.SIGTERM, signal.SIGKILL):
            signal.pidfd_send_signal(process, number)
            signal.pidfd_send_signal(process, signal.SIGCONT)  # a stopped process handles no SIGTERM
            if select.select([process], [], [], seconds)[0]:
                return
    except OSError as error:
        if not isinstance(error, ProcessLookupError):
            raise EngineError(f"Process {pid} cannot be ended: {error.strerror}.") from error
    finally:
        os.close(process)
    raise EngineError(f"The engine (process {pid}) cannot be ended.", f"kill -9 {pid}")


def is_listening(path: Path) -> bool:
    """Whether a process accepts connections on that Unix socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def detached_command(
    command: Sequence[str], program: Detacher, environ: Mapping[str, str], log: Path
) -> list[str]:
    """The command line that starts `command` with `program`.

    KillMode=process: stopping the unit ends the service alone, and its keepers continue. The name of the unit
    is new each time, since a unit whose keepers still run stays loaded. Variables are passed by name only,
    since other users can read a command line.
    """
    if program == "setsid":
        return list(command)
    name = f"dltui-{os.getpid()}-{time.time_ns():x}"
    output = f"append:{log}".replace("%", "%%")
    properties = [
        "KillMode=process", "OOMPolicy=continue", "UMask=0077", "StandardInput=null",
        f"StandardOutput={output}", f"StandardError={output}",
    ]  # fmt: skip
    passed = [key for key in environ if key not in _NOT_INHERITED and key.isidentifier()]
    return [
        "systemd-run", "--user", "--collect", "--quiet", f"--unit={name}",
        *[word for text in properties for word in ("-p", text)],
        *[f"--setenv={key}" for key in passed],
        "--", *command,
    ]  # fmt: skip


def rotate_log(log: Path) -> None:
    """Rename a log of more than LOG_LIMIT bytes; processes that have it open keep writing to it."""
    if files.size_of(log) > LOG_LIMIT:
        os.replace(log, log.with_name(log.name + ".1"))


def _spawn(places: Places, command: Sequence[str], program: Detacher) -> subprocess.Popen[bytes]:
    environ = {**os.environ, "DLTUI_HOME": str(places.root), "PYTHONPATH": python_path(os.environ)}
    if places.data is not None:
        environ["DLTUI_DATA"] = str(places.data)
    try:
        log = files.open_to_append(places.log)
    except (CorruptRun, OSError) as error:
        raise EngineError(f"The log of the engine cannot be used: {error}", f"rm -r {places.log}") from error
    try:
        process = subprocess.Popen(
            detached_command(command, program, environ, places.log),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environ,
            cwd="/",
            start_new_session=True,
        )
    finally:
        os.close(log)
    _started[:] = [child for child in _started if child.poll() is None] + [process]
    return process


def _has_started(process: subprocess.Popen[bytes]) -> bool:
    """Whether systemd-run started the unit: it exits with 0 once the unit runs."""
    try:
        return process.wait(START_SECONDS / 3) == 0
    except subprocess.TimeoutExpired:
        return True


def _wait_until_listening(
    places: Places, process: subprocess.Popen[bytes], program: Detacher, begin: int, timeout: float
) -> None:
    """Wait until the socket accepts connections.

    Raises EngineError after `timeout` seconds, or where the child failed for another reason than a service
    that runs already.
    """
    fine = {None, ALREADY_RUNNING} if program == "setsid" else {None, 0}
    deadline = time.monotonic() + timeout
    while not is_listening(places.socket):
        if process.poll() not in fine:
            raise EngineError(
                f"The engine ended as soon as it was started (code {process.returncode}): "
                f"{_last_line(places.log, begin)}",
                f"Its log: {places.log}",
            )
        if time.monotonic() > deadline:
            raise EngineError(
                f"The engine does not answer after {timeout:g} s: {_last_line(places.log, begin)}",
                f"Its log: {places.log}",
            )
        time.sleep(0.01)


def _last_line(log: Path, begin: int) -> str:
    """The last line behind byte `begin`, at most 300 characters."""
    try:
        with files.open_regular(log) as file:
            file.seek(max(begin, files.size_of(log) - 4096))
            lines = file.read(4096).decode(errors="replace").split("\n")
    except (OSError, CorruptRun):
        lines = []
    written = [line.strip() for line in lines if line.strip()]
    text = written[-1] if written else "it said nothing"
    return "".join(letter if letter.isprintable() else " " for letter in text)[:300].removesuffix(".") + "."
