"""A terminal in memory: a program in a real pty, and its screen."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import pyte

from tests.end_to_end.home import ROOT
from tests.timeouts import quiet_seconds

SECONDS = 120.0
APP = (sys.executable, "-m", "tui")
VARIABLES = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
UNSET = ("NO_COLOR", "SSH_CONNECTION", "TMUX", "STY", "COLUMNS", "LINES", "DLTUI_NO_MOUSE")
OTHER_SCREEN = re.compile(rb"\x1b\[\?1049[hl]")
"""both switches clear the screen: pyte has one screen"""
KEYS = {
    "enter": b"\r", "tab": b"\t", "esc": b"\x1b[27u", "space": b" ", "up": b"\x1b[A", "down": b"\x1b[B",
    "end": b"\x1b[F", "home": b"\x1b[H", "ctrl+p": b"\x10", "ctrl+u": b"\x15",
}  # fmt: skip


class Terminal:
    """`python -m tui WORDS...` in a pty; a thread reads its output, except between `stall` and `go_on`."""

    def __init__(
        self,
        environ: Mapping[str, str],
        *words: str,
        size: tuple[int, int] = (120, 40),
        command: Sequence[str] = APP,
        variables: Mapping[str, str] = {},
    ) -> None:
        self.raw = bytearray()
        """all output"""
        self.size = size
        self._screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()
        self._is_read = threading.Event()
        self._is_read.set()
        self._is_open = True
        self._is_drained = False
        self._status: int | None = None
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            _become({**environ, **VARIABLES, **variables}, (*command, *words), size)
        os.set_blocking(self._fd, False)
        self.modes_at_start = self.modes
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            self.wait()
        self.hang_up()

    @property
    def cells(self) -> list[list[pyte.screens.Char]]:
        """The rows of the screen."""
        with self._lock:
            lines = [self._screen.buffer[y] for y in range(self.size[1])]
            return [[line[x] for x in range(self.size[0])] for line in lines]

    @property
    def text(self) -> str:
        return "\n".join("".join(cell.data for cell in row).rstrip() for row in self.cells)

    def until(self, condition: Callable[[], Any], what: str = "", seconds: float = SECONDS) -> Any:
        deadline = quiet_seconds() + seconds
        while not (found := condition()):
            assert quiet_seconds() < deadline, f"waited {seconds:g} s for {what}; the screen:\n{self.text}"
            time.sleep(0.02)
        return found

    def shows(self, *words: str, seconds: float = SECONDS) -> None:
        for word in words:
            self.until(lambda word=word: word in self.text, f"{word!r}", seconds)

    def press(self, *keys: str) -> None:
        """Write each key by itself. Escape is sent as a kitty sequence: a bare one and the next key would be
        read as alt."""
        for key in keys:
            self.write(KEYS.get(key, key.encode()))
            time.sleep(0.02)

    def paste(self, text: bytes) -> None:
        self.write(b"\x1b[200~" + text + b"\x1b[201~")

    def write(self, data: bytes, seconds: float = SECONDS) -> None:
        deadline = quiet_seconds() + seconds
        while data:
            assert quiet_seconds() < deadline, f"nobody reads what is typed; the screen:\n{self.text}"
            if select.select([], [self._fd], [], 0.2)[1]:
                data = data[os.write(self._fd, data[:4096]) :]

    def resize(self, columns: int, lines: int) -> None:
        self.size = (columns, lines)
        with self._lock:
            self._screen.resize(lines, columns)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def stall(self) -> None:
        self._is_read.clear()

    def go_on(self) -> None:
        self._is_read.set()

    def hang_up(self) -> None:
        if self._is_open:
            self._is_open = False
            self._is_read.set()
            self._reader.join()
            os.close(self._fd)

    @property
    def modes(self) -> list[int]:
        return list(termios.tcgetattr(self._fd)[:4])

    @property
    def cpu_seconds(self) -> float:
        """Processor time of the program."""
        with open(f"/proc/{self.pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def status(self) -> int | None:
        """The exit status, negative for a signal; None while it lives."""
        if self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._status = os.waitstatus_to_exitcode(status) if pid else None
        return self._status

    def wait(self, seconds: float = SECONDS) -> int:
        """The exit status, after all output was read."""
        self.until(lambda: self.status is not None, "the end of the program", seconds)
        if self._is_open and self._is_read.is_set():
            self.until(lambda: self._is_drained, "all that it wrote", seconds)
        assert self._status is not None
        return self._status

    def _read(self) -> None:
        while self._is_open:
            self._is_read.wait()
            has_ended = self._status is not None
            if not select.select([self._fd], [], [], 0.05)[0]:
                self._is_drained = has_ended
                continue
            try:
                data = os.read(self._fd, 1 << 16)
            except OSError:  # the last process at the other end is gone
                self._is_drained = True
                return
            with self._lock:
                self.raw += data
                self._stream.feed(OTHER_SCREEN.sub(b"\x1b[m\x1b[2J\x1b[H", data))


def _become(environ: Mapping[str, str], command: tuple[str, ...], size: tuple[int, int]) -> None:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    os.chdir(ROOT)
    kept = {name: value for name, value in environ.items() if value and name not in UNSET}
    os.execve(command[0], command, kept)
