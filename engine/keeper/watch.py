"""Watch one worker until it has ended: forward commands, run the stop sequence, limit the log."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable
from types import FrameType

from engine import ending_signals
from engine.keeper import oom_kills, stop_sequence, worker_pipe, worker_process
from engine.keeper.claim import Claim
from engine.keeper.command_pipe import CommandPipe
from engine.keeper.log_limit import LimitedLog
from engine.keeper.stop_sequence import GracePeriods, StopSequence
from engine.keeper.worker_pipe import WorkerPipe
from engine.keeper.worker_process import WorkerProcess
from engine.protocol import Json

Report = Callable[[str], None]
OOM_COUNT_SECONDS = 30.0
"""between two counts of out-of-memory kills: only a recent one can explain the end of the worker"""


class WorkerWatch:
    def __init__(
        self,
        claim: Claim,
        worker: WorkerProcess,
        log: LimitedLog,
        grace_periods: GracePeriods,
        report: Report,
    ) -> None:
        self.sequence = StopSequence(grace_periods)
        self.requested = ""
        """pause or stop"""
        self.request_signal: int | None = None
        """the signal to this keeper that ends the run"""
        self.exit_data = b""
        """the last bytes of the worker's exit messages"""
        self.kills = oom_kills.count()
        """out-of-memory kills, as counted OOM_COUNT_SECONDS ago at most"""
        self._claim, self._worker, self._log, self._report = claim, worker, log, report
        self._worker_pipe = WorkerPipe(worker.command_fd)
        self._commands = CommandPipe()
        self._next_log_check = self._next_oom_count = time.monotonic()

    def wait(self, control: int, signal_fd: int) -> None:
        """Until the worker has ended; it is not reaped yet.

        `control`: the FIFO of commands; `signal_fd`: see `open_signal_fd`.
        """
        readers = {
            control: self._on_control,
            signal_fd: self._on_signals,
            self._worker.exit_fd: self._on_exit_data,
        }
        while not worker_process.has_ended(self._worker.pid):
            writers = [self._worker_pipe.fd] if self._worker_pipe.has_pending else []
            ready, writable, _ = select.select(list(readers), writers, [], self._timeout())
            for fd in ready:
                data = os.read(fd, 65536)
                if not data:
                    del readers[fd]
                readers.get(fd, self._ignore)(data)
            if writable:
                self._worker_pipe.flush()
            self._tick()
        self._drain()

    def close(self) -> None:
        self._worker_pipe.close()
        os.close(self._worker.exit_fd)
        invalid, dropped = self._commands.invalid_lines, self._worker_pipe.dropped
        if invalid or dropped:
            self._report(f"{invalid} lines were no commands, {dropped} commands found no reader")

    def _on_control(self, data: bytes) -> None:
        for command in self._commands.feed(data):
            self._handle(command)

    def _handle(self, command: Json) -> None:
        self._worker_pipe.send(command)
        if command["word"] in ("pause", "stop"):
            self._request_stop(command["word"])

    def _request_stop(self, command: str) -> None:
        """A stop overrides a pause; a second request does not extend the grace period."""
        if self.requested in (command, "stop"):
            return
        self.requested = command
        self.sequence = stop_sequence.request_stop(self.sequence, time.monotonic())
        try:
            self._claim.record_request(command)
        except OSError as error:
            self._report(f"keeper.json could not be written: {error}; the keeper continues")

    def _on_signals(self, numbers: bytes) -> None:
        ending = [number for number in numbers if number in ending_signals.ENDING]
        if ending and self.requested != "stop":
            self.request_signal = ending[0]
            self._handle({"word": "stop"})

    def _on_exit_data(self, data: bytes) -> None:
        self.exit_data = (self.exit_data + data)[-worker_pipe.EXIT_MESSAGE_LIMIT :]
        if worker_pipe.read_exit_message(self.exit_data) is not None:
            # After its exit message the worker has to exit within the grace periods.
            self.sequence = stop_sequence.request_stop(self.sequence, time.monotonic())

    def _ignore(self, data: bytes) -> None:
        """The reader of a descriptor that was closed."""

    def _tick(self) -> None:
        now = time.monotonic()
        if now >= self._next_log_check:
            self._next_log_check = now + self._log.enforce_limit()
        if now >= self._next_oom_count:
            self.kills, self._next_oom_count = oom_kills.count(), now + OOM_COUNT_SECONDS
        self.sequence, number = stop_sequence.advance(self.sequence, now)
        if number is not None:
            self._report(f"the worker did not leave: {number.name} to its group")
            ending_signals.signal_group(self._worker.pid, number)

    def _timeout(self) -> float:
        deadline = self.sequence.deadline
        due = self._next_log_check if deadline is None else min(self._next_log_check, deadline)
        return max(0.0, due - time.monotonic())

    def _drain(self) -> None:
        try:
            while data := os.read(self._worker.exit_fd, 65536):
                self._on_exit_data(data)
        except BlockingIOError:
            pass  # a process that it started still holds the write end


def open_signal_fd() -> int:
    """A descriptor from which the number of each received signal can be read; replaces all handlers."""
    reading, writing = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, *ending_signals.ENDING):
        signal.signal(number, _ignore_signal)
    for number in (signal.SIGINT, *ending_signals.IGNORED):
        signal.signal(number, signal.SIG_IGN)
    return reading


def _ignore_signal(number: int, frame: FrameType | None) -> None:
    """The number arrives through the wakeup descriptor."""
