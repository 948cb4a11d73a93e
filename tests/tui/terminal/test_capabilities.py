"""The app in a real terminal: exit, restored screen, colours, ASCII."""

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
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.timeouts import quiet_seconds
from tui import view_state

ROOT = Path(__file__).parents[3]
PATIENCE = 120.0
FIRST_GREY = 232
"""of the 256 colours"""


class Terminal:
    def __init__(self, home: Path, **environ: str) -> None:
        self.written = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(ROOT)
            os.environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", **environ}
            os.execv(sys.executable, [sys.executable, "-m", "tests.fakes", "3", f"--home={home}"])
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def read_until(self, words: bytes) -> None:
        end = quiet_seconds() + PATIENCE
        while words not in self.written:
            assert quiet_seconds() < end, self.written[-3_000:]
            if select.select([self.fd], [], [], 0.1)[0]:
                self.written += os.read(self.fd, 1 << 16)

    def exit_status(self) -> int:
        """Take what still comes, then how it ended; fails when it does not end."""
        end = quiet_seconds() + PATIENCE
        while quiet_seconds() < end:
            self._take(0.02)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                while self._take(0):
                    pass
                return os.waitstatus_to_exitcode(status)
        raise AssertionError("it is still there")

    def _take(self, seconds: float) -> bool:
        """Whether something came."""
        try:
            if not select.select([self.fd], [], [], seconds)[0]:
                return False
            self.written += os.read(self.fd, 1 << 16)
        except OSError:
            return False  # the other side has closed
        return True

    def close(self) -> None:
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    opened = Terminal(tmp_path)
    opened.read_until(b"xor-0001")
    yield opened
    opened.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_exits_cleanly(terminal: Terminal, tmp_path: Path, number: signal.Signals) -> None:
    os.write(terminal.fd, b" ")
    terminal.read_until("◆".encode())
    os.kill(terminal.pid, number)
    assert terminal.exit_status() == 0
    assert b"\x1b[?1049l" in terminal.written and b"Traceback" not in terminal.written
    assert len(view_state.read(tmp_path / "view.json").marks) == 1


def test_a_lost_connection_to_the_terminal_ends_the_app_and_saves_the_view(
    terminal: Terminal, tmp_path: Path
) -> None:
    os.write(terminal.fd, b" ")
    terminal.read_until("◆".encode())
    os.close(terminal.fd)
    end = quiet_seconds() + PATIENCE
    while (found := os.waitpid(terminal.pid, os.WNOHANG))[0] == 0:
        assert quiet_seconds() < end, "it is still there"
        time.sleep(0.02)
    terminal.pid = 0
    assert os.waitstatus_to_exitcode(found[1]) == 0
    assert len(view_state.read(tmp_path / "view.json").marks) == 1


def test_q_quits_and_restores_the_screen(terminal: Terminal) -> None:
    os.write(terminal.fd, b"q")
    assert terminal.exit_status() == 0 and b"\x1b[?1049l" in terminal.written


def test_no_color_disables_all_colours(tmp_path: Path) -> None:
    plain = Terminal(tmp_path, NO_COLOR="1")
    try:
        plain.read_until(b"xor-0001")
        os.write(plain.fd, b"q")
        plain.exit_status()
        assert b"\x1b[31m" not in plain.written and b";31m" not in plain.written
        named = [int(number) for number in re.findall(rb"[34]8;5;(\d+)", plain.written)]
        assert [number for number in named if number < FIRST_GREY] == []
        mixed = re.findall(rb"[34]8;2;(\d+);(\d+);(\d+)", plain.written)
        assert mixed and [parts for parts in mixed if len(set(parts)) > 1] == []
    finally:
        plain.close()


def test_the_linux_console_gets_ascii(tmp_path: Path) -> None:
    console = Terminal(tmp_path, TERM="linux", COLORTERM="")
    try:
        console.read_until(b"xor-0001")
        for key in (b"?", b"\x1b", b"\x10", b"\x1b", b"n", b"\r", b"\x1b", b"l", b"q"):
            os.write(console.fd, key)
            time.sleep(0.2)
        console.exit_status()
        assert console.written.isascii()
    finally:
        console.close()
