"""Output to a terminal that does not read never blocks, and the final screen is right."""

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
from tui.terminal.output import CANCEL_SEQUENCE, LIMIT, SMALL, TerminalOutput


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


def test_output_arrives_in_order(screen: Screen) -> None:
    for number in range(100):
        assert screen.send(f"<{number}>")
    assert screen.read() == b"".join(b"<%d>" % number for number in range(100))


def test_frames_are_dropped_beyond_the_limit_and_a_callback_reports_when_all_is_sent(
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


def test_stopping_does_not_block_and_the_last_output_is_complete(screen: Screen) -> None:
    for _ in range(10):
        screen.send("x" * 10_000)
    screen.output.discard()
    screen.output.write("\x1b[?1049l the end")
    screen.output.stop()
    assert not screen.output.is_alive()
    assert screen.read().endswith(CANCEL_SEQUENCE + b"\x1b[?1049l the end")


def test_output_to_a_terminal_that_is_gone_does_not_block(screen: Screen) -> None:
    os.close(screen._read)
    screen._read = os.open(os.devnull, os.O_RDONLY)
    for _ in range(10):
        screen.send("x" * 1000)
    screen.output.stop()
    assert not screen.output.is_alive()


def test_a_terminal_that_reads_nothing_is_stalled_until_it_reads(screen: Screen) -> None:
    assert not screen.output.is_stalled(0)
    while screen.send("x" * SMALL):
        pass
    sent = threading.Event()
    while not screen.output.is_stalled(0.3):
        sent.wait(0.05)
    screen.read()
    assert not screen.output.is_stalled(0)
