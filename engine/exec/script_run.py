"""One attempt at a command: start it, take what it logs and prints, forward pause and stop, tell its end."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Mapping
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from engine import ending_signals
from engine.events import EventWriter
from engine.exec import log_places, script_environment, script_process
from engine.exec.log_feed import END_SECONDS, LogFeed
from engine.exec.script_end import RESUMED, ScriptEnd
from engine.exec.script_events import ScriptEvents
from engine.exec.script_process import NotStarted, ScriptProcess, ScriptStart
from engine.exec.track_server import TrackServer
from engine.refresh_intervals import WRITE_SECONDS
from engine.worker.keeper_pipe import KeeperPipe

if TYPE_CHECKING:
    from engine.exec.output_metrics import OutputSearch
    from engine.exec.script_tree import ScriptTree
    from engine.worker.system_sampler import SystemSampler

ORPHAN_SECONDS = 15.0
"""that the command has after SIGTERM when the keeper has ended"""
LEFT_SECONDS = 10.0
"""that processes of the command have after SIGTERM when it has ended itself"""
LOOK_SECONDS = 0.05
SYSTEM_SECONDS = 5.0
"""until the command is measured for the first time; a shorter one does not pay for it"""
ROOT = str(Path(__file__).resolve().parents[2])
"""the folder of the packages"""
OUTPUT_CHUNK = 256 * 1024
MOST_OUTPUT_AT_END = 4 * 1024 * 1024
"""bytes read after the command has ended: a process that it left may print forever"""


class ScriptAttempt(NamedTuple):
    """What the keeper says about this start."""

    folder: Path
    number: int
    mode: str
    device: str
    """cpu, or the UUID of a GPU"""
    withheld: dict[str, str]
    """variables whose values are in no file"""


class ScriptRun:
    def __init__(
        self, attempt: ScriptAttempt, spec: dict[str, Any], pipe: KeeperPipe, pipe_fd: int | None
    ) -> None:
        """`spec` as in spec.json. Raises OSError or CorruptRun where the run folder takes no files."""
        self._attempt, self._spec, self._command = attempt, spec, spec["command"]
        self._pipe, self._pipe_fd = pipe, pipe_fd
        self._signals = _signal_fd()
        self.events = ScriptEvents(attempt.folder, EventWriter(attempt.folder / "events.jsonl"))
        self._server = TrackServer(attempt.folder, self.events.add, self.events.note_once)
        self._search = _output_search(self._command["output_metrics"])
        (logs,) = _filled([self._command.get("tensorboard") or ""], spec)
        self._logs = Path(logs or attempt.folder / "tensorboard")
        places = log_places.places_of(self._command, self._logs)
        self._feed = LogFeed(places, self.events.began_at, sys.executable, ROOT)
        self._script: ScriptProcess | None = None
        self._requested, self._prune_reason = "", ""
        self._signal_number: int | None = None
        self._is_orphaned = False
        self._kill_at: float | None = None
        self._tree: ScriptTree | None = None
        """since the command was asked to end"""
        self._left_until: float | None = None
        """when what it left is killed; None while it runs"""
        self._flush_at = 0.0
        self._began_at = 0.0
        self._settings = {**os.environ, **self._command["environ"]}
        if "system_seconds" in spec:
            self._settings["DLTUI_SYSTEM_SECONDS"] = f"{spec['system_seconds']:g}"
        self._system: SystemSampler | None = None
        self._system_at = inf

    def start(self) -> None:
        """Start the command. Raises NotStarted."""
        facts = {
            "DLTUI_RUN": str(self._spec["id"]),
            "DLTUI_ATTEMPT": str(self._attempt.number),
            "DLTUI_SEED": str(self._spec["seed"]),
            "DLTUI_TRACK": str(self._server.path),
            "DLTUI_TENSORBOARD": str(self._logs),
            "DLTUI_RESUME": "1" if self.events.is_resumed else "",
        }
        command = self._command
        environ = script_environment.environment(
            command, self._attempt.withheld, self._attempt.device, {n: v for n, v in facts.items() if v}
        )
        argv = _filled(command["argv"], self._spec)
        self._log_started()
        self._script = script_process.start(
            ScriptStart(
                argv, environ, command["folder"], command["umask"], command["pty"],
                self._search is not None,
            )
        )  # fmt: skip
        self._began_at = time.monotonic()
        is_set = "DLTUI_SYSTEM_SECONDS" in self._settings
        self._system_at = self._began_at + (0.0 if is_set else SYSTEM_SECONDS)

    def _log_started(self) -> None:
        attempt, is_resumed = self._attempt, self.events.is_resumed
        self.events.event(
            "started", attempt=attempt.number, mode=attempt.mode, pid=os.getpid(),
            device=script_environment.device_name(attempt.device), threads=self._spec["threads"],
            total_steps=self._command.get("steps") or 0, notice="", versions={}, pinned={}, data={},
        )  # fmt: skip
        if is_resumed:
            self.events.note(RESUMED)

    # --- while it runs --------------------------------------------------------------------------------------

    def wait(self) -> ScriptEnd:
        """Until the command has ended and all that it logged is in the event file's buffer."""
        assert self._script is not None
        script = self._script
        poll = select.poll()
        for fd in (self._signals, self._server.listener.fileno(), self._pipe_fd, script.output):
            if fd is not None:
                poll.register(fd, select.POLLIN)
        while self._is_running(script.pid):
            for fd, _ in poll.poll(self._timeout()):
                self._on_ready(fd, poll)
            self._tick()
        self._server.drain()
        self._drain_output()
        self._drain_logs()
        code = script_process.reap(script.pid)
        self._server.close()
        return ScriptEnd(
            code, self.events.step, self._requested, self._prune_reason, self._signal_number,
            self._is_orphaned, self.events.diverged, self.events.saved_step,
        )  # fmt: skip

    def _is_running(self, pid: int) -> bool:
        """What is left of a command that was asked to end has LEFT_SECONDS to save."""
        if not script_process.has_ended(pid):
            return True
        if not (self._requested or self._signal_number is not None or self._is_orphaned):
            return False
        assert self._tree is not None
        if self._left_until is None:
            self._left_until = time.monotonic() + LEFT_SECONDS
            self._tree.send(signal.SIGTERM)
        return self._tree.are_running and time.monotonic() < self._left_until

    def _on_ready(self, fd: int, poll: select.poll) -> None:
        assert self._script is not None
        if fd == self._signals:
            self._on_signals(os.read(fd, 64))
        elif fd == self._server.listener.fileno():
            accepted = self._server.accept()
            if accepted is not None:
                poll.register(accepted, select.POLLIN)
        elif fd == self._pipe_fd:
            self._on_commands(poll)
        elif fd == self._script.output:
            if not self._read_output():
                poll.unregister(fd)
        elif not self._server.receive(fd):
            poll.unregister(fd)

    def _timeout(self) -> float | None:
        """Milliseconds; None while there is nothing to write and nothing to wait for."""
        due = [self._kill_at] if self._kill_at is not None else []
        due += [time.monotonic() + LOOK_SECONDS] if self._left_until is not None else []
        due += [self._flush_at] if self.events.has_points else []
        due += [self._feed.look_at] if self._feed.look_at is not None else []
        due += [self._system_at] if self._system_at < inf else []
        return max(0.0, min(due) - time.monotonic()) * 1000 + 1 if due else None

    def _tick(self) -> None:
        """Write what was logged, a quarter of a second after it arrived at the latest."""
        now = time.monotonic()
        if self.events.has_points and now >= self._flush_at:
            self.events.flush()
            self._flush_at = now + WRITE_SECONDS
        self._look_for_logs(now)
        if now >= self._system_at:
            self._log_system_use()
        if self._kill_at is not None and now >= self._kill_at and self._script is not None:
            ending_signals.signal_group(self._script.pid, signal.SIGKILL)
            if self._tree is not None:
                self._tree.send(signal.SIGKILL)
            self._kill_at = None

    def _log_system_use(self) -> None:
        assert self._script is not None
        if self._system is None:
            self._system = _sampler_of(self._script.pid, self._attempt, self._began_at, self._settings)
            if self._system.due_at > time.monotonic():
                self._system_at = self._system.due_at  # off, or more seldom
                return
        facts = self._system.measure()
        self._system_at = self._system.due_at
        if facts:
            self.events.event("system", step=self.events.step, **facts)

    def _look_for_logs(self, now: float) -> None:
        try:
            self._feed.look(now)
        except (NotStarted, OSError) as error:
            self.events.note_once(f"The logs that it writes cannot be read: {error}")

    def _drain_logs(self) -> None:
        """The command has ended: the logs that it wrote are read to their end."""
        try:
            self._feed.end()
        except (NotStarted, OSError) as error:
            self.events.note_once(f"The logs that it writes cannot be read: {error}")
        deadline = time.monotonic() + END_SECONDS
        while self._feed.is_running and time.monotonic() < deadline:
            self._server.drain()
            time.sleep(0.01)
        self._server.drain()

    def _on_commands(self, poll: select.poll) -> None:
        for command in self._pipe.commands():
            if command["word"] in ("pause", "stop"):
                self._request(command["word"], str(command.get("why") or ""))
            elif command["word"] == "set":
                self.events.note("No parameter of a command can be changed while it runs.", "warning")
        if self._pipe.is_closed and self._pipe_fd is not None:
            poll.unregister(self._pipe_fd)
            self._pipe_fd = None
            self._is_orphaned = True
            self._kill_at = time.monotonic() + ORPHAN_SECONDS
            self._terminate()

    def _request(self, word: str, why: str) -> None:
        """A stop overrides a pause."""
        if self._requested != "stop":
            self._requested = word
            self._prune_reason = self._prune_reason or why
        self._terminate()

    def _on_signals(self, numbers: bytes) -> None:
        ending = [number for number in numbers if number in (*ending_signals.ENDING, signal.SIGINT)]
        if ending:
            if not self._requested and self._signal_number is None:
                self._signal_number = ending[0]
            self._terminate()

    def _terminate(self) -> None:
        """SIGTERM to the command alone: a DataLoader whose workers end is an error of the script.

        What is left behind it gets SIGTERM at its end, and all of them the second time.
        """
        if self._script is None:
            return
        is_first = self._tree is None
        if self._tree is None:
            from engine.exec.script_tree import ScriptTree  # most commands end by themselves

            self._tree = ScriptTree(self._script.pid)
        self._tree.look()
        if is_first:
            ending_signals.signal_one(self._script.pid, signal.SIGTERM)
        else:
            ending_signals.signal_group(self._script.pid, signal.SIGTERM)
            self._tree.send(signal.SIGTERM)

    # --- its output, where it is read here ------------------------------------------------------------------

    def _read_output(self) -> int:
        """Copy what was printed to the log, and search it; the number of bytes, 0 at the end."""
        assert self._script is not None and self._script.output is not None
        try:
            data = os.read(self._script.output, OUTPUT_CHUNK)
        except BlockingIOError:
            return 0
        except OSError:
            return 0  # the last process has closed the pty
        _write_log(data)
        if self._search is not None:
            for found in self._search.feed(data):
                self.events.add_output(found)
        return len(data)

    def _drain_output(self) -> None:
        assert self._script is not None
        if self._script.output is None:
            return
        left = MOST_OUTPUT_AT_END
        while left > 0 and (count := self._read_output()):
            left -= count
        if self._search is not None:
            for found in self._search.end():
                self.events.add_output(found)


def _filled(texts: list[str], spec: Mapping[str, Any]) -> list[str]:
    """With the values of the placeholders of the command."""
    if not any("{" in text for text in texts):
        return texts
    from engine.exec import placeholders

    values = {
        name: placeholders.text_of(value, spec["command"]["texts"].get(name, ()))
        for name, value in (*spec["params"].items(), ("seed", spec["seed"]))
    }
    return placeholders.fill(texts, values)


def _output_search(patterns: list[str]) -> OutputSearch | None:
    if not patterns:
        return None
    from engine.exec.output_metrics import OutputSearch, parse_pattern  # most commands need none

    return OutputSearch([parse_pattern(text) for text in patterns])


def _sampler_of(pid: int, attempt: ScriptAttempt, began: float, settings: Mapping[str, str]) -> SystemSampler:
    from engine.worker.system_sampler import SystemSampler, seconds_between  # a short command needs none

    gpus = [] if attempt.device == "cpu" else [attempt.device]
    return SystemSampler(
        pid, attempt.folder.parent.parent, gpus, seconds=seconds_between(settings), began=began
    )  # fmt: skip


def _write_log(data: bytes) -> None:
    try:
        os.write(1, data)
    except OSError:
        pass  # a full disk: what it prints is not kept


def _signal_fd() -> int:
    """A descriptor from which the number of each received signal can be read."""
    reading, writing = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGINT, *ending_signals.ENDING):
        signal.signal(number, lambda *_: None)
    for number in ending_signals.IGNORED:
        signal.signal(number, signal.SIG_IGN)
    return reading
