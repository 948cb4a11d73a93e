"""What is sent to the terminal, by a thread of its own: nobody waits for a terminal that does not read."""

from __future__ import annotations

import contextlib
import os
import select
import termios
import threading
from collections.abc import Callable
from typing import IO

LIMIT = 32 * 1024
"""bytes that may wait; then whole pictures are left out, and one is drawn anew when all is sent"""
SMALL = 256
"""bytes; shorter writes, such as the end of an update, are sent also then, up to twice the limit"""
PIECE = 4096
LOOK_SECONDS = 0.1
FLUSH_SECONDS = 0.5
"""that leaving waits for the terminal to read"""
BREAK_OFF = b"\x18\x1b\\"
"""ends a sequence that was cut in the middle"""


class TerminalOutput(threading.Thread):
    """Has the methods of Textual's own writer.

    `caught_up` is called, from the thread, when what was left out can be drawn again.
    """

    def __init__(self, file: IO[str], caught_up: Callable[[], object]) -> None:
        super().__init__(daemon=True, name="dltui-output")
        self._file, self._caught_up = file, caught_up
        self._fd = _reopened(file.fileno())
        self._pending = bytearray()
        self._changed = threading.Condition()
        self._discarded = 0
        """times; what is being sent at such a moment does not count as sent of what waits then"""
        self._is_behind = self._is_ended = False

    def accepts(self, text: str) -> bool:
        """Whether the text will be sent; else there will be a call of `caught_up`."""
        with self._changed:
            waiting = len(self._pending)
            if waiting < LIMIT or (len(text) < SMALL and waiting < 2 * LIMIT):
                return True
            self._is_behind = True
            return False

    def write(self, text: str) -> None:
        """Never waits."""
        with self._changed:
            self._pending += text.encode(errors="replace")
            self._changed.notify_all()

    def discard(self) -> None:
        """Leave out all that is not sent yet."""
        with self._changed:
            if self._pending:
                self._pending[:] = BREAK_OFF
            self._discarded += 1
            self._is_behind = False

    def stop(self) -> None:
        """Send what waits; where the terminal does not read, what lies unread in it is thrown away first."""
        if self._is_ended:
            return
        if not self._is_sent(FLUSH_SECONDS):
            with contextlib.suppress(termios.error):
                termios.tcflush(self._fd, termios.TCOFLUSH)
            self._is_sent(FLUSH_SECONDS)
        with self._changed:
            self._is_ended = True
            self._changed.notify_all()
        self.join(FLUSH_SECONDS)
        if not self.is_alive():
            os.close(self._fd)

    def flush(self) -> None:
        """Everything is sent as soon as the terminal takes it."""

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._file.fileno()

    def run(self) -> None:
        while (found := self._next()) is not None:
            piece, discarded = found
            sent = self._send(piece)
            with self._changed:
                if discarded == self._discarded:
                    del self._pending[:sent]
                is_caught_up = self._is_behind and not self._pending
                if is_caught_up:
                    self._is_behind = False
                self._changed.notify_all()
            if is_caught_up:
                self._caught_up()

    def _next(self) -> tuple[bytes, int] | None:
        with self._changed:
            while not self._pending:
                if self._is_ended:
                    return None
                self._changed.wait()
            return None if self._is_ended else (bytes(self._pending[:PIECE]), self._discarded)

    def _send(self, piece: bytes) -> int:
        """How much of it was taken. A terminal that is gone takes everything."""
        try:
            if not select.select([], [self._fd], [], LOOK_SECONDS)[1]:
                return 0
            return os.write(self._fd, piece)
        except BlockingIOError:
            return 0
        except (OSError, ValueError):
            return len(piece)

    def _is_sent(self, seconds: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: not self._pending, seconds)


def _reopened(fd: int) -> int:
    """The same terminal with flags of its own: not to wait is nothing that the shell should inherit."""
    flags = os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        return os.open(os.ttyname(fd), flags)
    except OSError:
        return os.dup(fd)
