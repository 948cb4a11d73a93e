"""Output to the terminal by a thread, so that a terminal that does not read never blocks the app."""

from __future__ import annotations

import contextlib
import os
import select
import termios
import threading
import time
from collections.abc import Callable
from typing import IO

LIMIT = 32 * 1024
"""bytes that may be pending; beyond them whole frames are dropped, and one is drawn when all is sent"""
SMALL = 256
"""bytes; shorter writes, such as the end of an update, are accepted up to twice the limit"""
CHUNK = 4096
SELECT_SECONDS = 0.1
FLUSH_SECONDS = 0.5
"""that `stop` waits for the terminal to read"""
CANCEL_SEQUENCE = b"\x18\x1b\\"
"""ends an escape sequence that was cut in the middle"""


class TerminalOutput(threading.Thread):
    """Replaces Textual's WriterThread.

    `on_caught_up` is called, from the thread, when frames were dropped and can be drawn again.
    """

    def __init__(self, file: IO[str], on_caught_up: Callable[[], object]) -> None:
        super().__init__(daemon=True, name="dltui-output")
        self._file, self._on_caught_up = file, on_caught_up
        self._fd = _reopened(file.fileno())
        self._pending = bytearray()
        self._changed = threading.Condition()
        self._discarded = 0
        """number of discards: a chunk sent during one does not count as sent of what is pending after it"""
        self._is_behind = self._is_ended = False
        self._accepted_at = 0.0
        """when the terminal accepted output last, or had to accept some after a pause"""

    def is_stalled(self, seconds: float) -> bool:
        """Whether output has been pending for so long and the terminal accepted none of it."""
        with self._changed:
            return bool(self._pending) and time.monotonic() - self._accepted_at >= seconds

    def accepts(self, text: str) -> bool:
        """Whether the text will be sent; if not, `on_caught_up` will be called."""
        with self._changed:
            pending = len(self._pending)
            if pending < LIMIT or (len(text) < SMALL and pending < 2 * LIMIT):
                return True
            self._is_behind = True
            return False

    def write(self, text: str) -> None:
        """Queue the text; never blocks."""
        with self._changed:
            if not self._pending:
                self._accepted_at = time.monotonic()
            self._pending += text.encode(errors="replace")
            self._changed.notify_all()

    def discard(self) -> None:
        """Drop all output that is not sent yet."""
        with self._changed:
            if self._pending:
                self._pending[:] = CANCEL_SEQUENCE
            self._discarded += 1
            self._is_behind = False

    def stop(self) -> None:
        """Send pending output; where the terminal does not read, flush its unread output first."""
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
        """Does nothing: output is sent as soon as the terminal accepts it."""

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._file.fileno()

    def run(self) -> None:
        while (found := self._next()) is not None:
            chunk, discarded = found
            sent = self._send(chunk)
            with self._changed:
                if sent:
                    self._accepted_at = time.monotonic()
                if discarded == self._discarded:
                    del self._pending[:sent]
                is_caught_up = self._is_behind and not self._pending
                if is_caught_up:
                    self._is_behind = False
                self._changed.notify_all()
            if is_caught_up:
                self._on_caught_up()

    def _next(self) -> tuple[bytes, int] | None:
        with self._changed:
            while not self._pending:
                if self._is_ended:
                    return None
                self._changed.wait()
            return None if self._is_ended else (bytes(self._pending[:CHUNK]), self._discarded)

    def _send(self, chunk: bytes) -> int:
        """The number of bytes that were accepted; all of them when the terminal is gone."""
        try:
            if not select.select([], [self._fd], [], SELECT_SECONDS)[1]:
                return 0
            return os.write(self._fd, chunk)
        except BlockingIOError:
            return 0
        except (OSError, ValueError):
            return len(chunk)

    def _is_sent(self, seconds: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: not self._pending, seconds)


def _reopened(fd: int) -> int:
    """The same terminal, opened again: O_NONBLOCK must not be inherited by the shell."""
    flags = os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        return os.open(os.ttyname(fd), flags)
    except OSError:
        return os.dup(fd)
