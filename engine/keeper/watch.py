"""Watch one worker until it has ended: words in, words on, the ladder, the log."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable
from types import FrameType

from engine import signals
from engine.keeper import exit_message, oom_kills, stop_sequence, worker_process
from engine.keeper.claim import Claim
from engine.keeper.command_pipe import CommandPipe
from engine.keeper.log_limit import LimitedLog
from engine.keeper.stop_sequence import GracePeriods, StopSequence
from engine.keeper.worker_pipe import WorkerPipe
from engine.keeper.worker_process import WorkerProcess
from engine.protocol import Json

Say = Callable[[str], None]
COUNT_SECONDS = 30.0
"""between two counts of kills for lack of memory: an old one explains nothing"""


class WorkerWatch:
    def __init__(
        self, claim: Claim, worker: WorkerProcess, log: LimitedLog, graces: GracePeriods, say: Say
    ) -> None:
        self.ladder = StopSequence(graces)
        self.asked = ""
        self.told_by: int | None = None
        """the signal that asked this keeper to end the run"""
        self.said = b""
        self.kills = oom_kills.count()
        """for lack of memory, as they were half a minute ago at most"""
        self._claim, self._worker, self._log, self._say = claim, worker, log, say
        self._wire = WorkerPipe(worker.wire)
        self._words = CommandPipe()
        self._look_at = self._count_at = time.monotonic()

    def until_it_ends(self, control: int, wake: int) -> None:
        """Returns when the worker only waits to be reaped. Sleeps until there is something to do."""
        readers = {control: self._hear, wake: self._wake, self._worker.last_words: self._listen}
        while not worker_process.has_ended(self._worker.pid):
            writers = [self._wire.fd] if self._wire.is_waiting else []
            ready, writable, _ = select.select(list(readers), writers, [], self._patience())
            for fd in ready:
                data = os.read(fd, 65536)
                if not data:
                    del readers[fd]
                readers.get(fd, self._ignore)(data)
            if writable:
                self._wire.flush()
            self._tick()
        self._drain()

    def close(self) -> None:
        self._wire.close()
        os.close(self._worker.last_words)
        if self._words.noise or self._wire.dropped:
            self._say(f"{self._words.noise} lines were no words, {self._wire.dropped} words found no reader")

    def _hear(self, data: bytes) -> None:
        for word in self._words.feed(data):
            self._take(word)

    def _take(self, word: Json) -> None:
        self._wire.send(word)
        if word["word"] in ("pause", "stop"):
            self._ask(word["word"])

    def _ask(self, word: str) -> None:
        """A stop outranks a pause; neither gives more time."""
        if self.asked in (word, "stop"):
            return
        self.asked = word
        self.ladder = stop_sequence.ask(self.ladder, time.monotonic())
        try:
            self._claim.record_asked(word)
        except OSError as error:
            self._say(f"keeper.json could not be written: {error}; the keeper continues")

    def _wake(self, numbers: bytes) -> None:
        ending = [number for number in numbers if number in signals.ENDING]
        if ending and self.asked != "stop":
            self.told_by = ending[0]
            self._take({"word": "stop"})

    def _listen(self, data: bytes) -> None:
        self.said = (self.said + data)[-exit_message.LIMIT :]
        if exit_message.read(self.said) is not None:
            self.ladder = stop_sequence.ask(
                self.ladder, time.monotonic()
            )  # it said goodbye: now it has to go

    def _ignore(self, data: bytes) -> None:
        """What a closed descriptor says."""

    def _tick(self) -> None:
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at = now + self._log.bound()
        if now >= self._count_at:
            self.kills, self._count_at = oom_kills.count(), now + COUNT_SECONDS
        self.ladder, number = stop_sequence.climb(self.ladder, now)
        if number is not None:
            self._say(f"the worker did not leave: {number.name} to its group")
            worker_process.signal_group(self._worker.pid, number)

    def _patience(self) -> float:
        moments = [self._look_at] if self.ladder.deadline is None else [self._look_at, self.ladder.deadline]
        return max(0.0, min(moments) - time.monotonic())

    def _drain(self) -> None:
        try:
            while data := os.read(self._worker.last_words, 65536):
                self._listen(data)
        except BlockingIOError:
            pass  # somebody it started still holds the other end


def open_wake() -> int:
    """A descriptor that becomes readable with the number of each signal that came."""
    reading, writing = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, *signals.ENDING):
        signal.signal(number, _awake)
    for number in (signal.SIGINT, *signals.IGNORED):
        signal.signal(number, signal.SIG_IGN)
    return reading


def _awake(number: int, frame: FrameType | None) -> None:
    """The number is on its way through the wakeup descriptor."""
