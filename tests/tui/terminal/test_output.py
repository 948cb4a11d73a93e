"""Nobody waits for a terminal that does not read, and what it shows in the end is right."""

from __future__ import annotations

import io
import os
import pty
import select
import threading
import tty
from collections.abc import Iterator

import pytest

from tests.timeouts import LONG
from tui.terminal.output import BREAK_OFF, LIMIT, SMALL, TerminalOutput


class Screen:
    """A terminal that is read when a test says so."""

    def __init__(self) -> None:
        self._read, self._write = pty.openpty()
        tty.setraw(self._write)
        self.caught_up = threading.Event()
        self.output = TerminalOutput(io.FileIO(self._write, "w", closefd=False), self.caught_up.set)  # type: ignore[arg-type]
        self.output.start()

    def send(self, text: str) -> bool:
        accepted = self.output.accepts(text)
        if accepted:
            self.output.write(text)
        return accepted

    def read(self, seconds: float = 0.5) -> bytes:
        """All that comes until nothing does for a while."""
        came = b""
        while select.select([self._read], [], [], seconds)[0]:
            came += os.read(self._read, 1 << 16)
        return came

    def close(self) -> None:
        os.close(self._read)
        os.close(self._write)


@pytest.fixture
def screen() -> Iterator[Screen]:
    made = Screen()
    yield made
    made.output.stop()
    made.close()


def test_what_is_written_comes_in_order(screen: Screen) -> None:
    for number in range(100):
        assert screen.send(f"<{number}>")
    assert screen.read() == b"".join(b"<%d>" % number for number in range(100))


def test_whole_pictures_are_left_out_while_too_much_waits_and_that_is_told_once_all_is_sent(
    screen: Screen,
) -> None:
    picture = "x" * 1000
    sent = 0
    while screen.send(picture):
        sent += 1
        assert sent < 10_000
    assert screen.send("y" * (SMALL - 1))
    assert not screen.caught_up.is_set()
    assert len(screen.read()) == 1000 * sent + SMALL - 1 >= LIMIT
    assert screen.caught_up.wait(LONG)
    assert screen.send(picture)


def test_leaving_does_not_wait_and_its_last_words_come_whole(screen: Screen) -> None:
    for _ in range(10):
        screen.send("x" * 10_000)
    screen.output.discard()
    screen.output.write("\x1b[?1049l the end")
    screen.output.stop()
    assert not screen.output.is_alive()
    assert screen.read().endswith(BREAK_OFF + b"\x1b[?1049l the end")


def test_a_terminal_that_is_gone_keeps_nobody(screen: Screen) -> None:
    os.close(screen._read)
    screen._read = os.open(os.devnull, os.O_RDONLY)
    for _ in range(10):
        screen.send("x" * 1000)
    screen.output.stop()
    assert not screen.output.is_alive()
