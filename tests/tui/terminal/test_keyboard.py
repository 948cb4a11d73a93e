"""The keyboard reader sleeps without input, and wakes for keys and for the end."""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.events import Key
from textual.message import Message

from tests.fakes.app_pilot import TIMEOUT
from tests.timeouts import quiet_seconds
from tui.terminal import keyboard
from tui.terminal.keyboard import KeyboardDriver


class Desk(KeyboardDriver):
    """Reads from a pipe; notes what it was sent."""

    def __init__(self, fileno: int) -> None:
        super().__init__(App[None]())
        self.fileno = fileno
        self.heard: list[Message] = []
        self._key_thread = threading.Thread(target=self.run_input_thread, daemon=True)
        self._key_thread.start()

    def process_message(self, message: Message) -> None:
        self.heard.append(message)

    def _disable_mouse_support(self) -> None:
        """It writes to the terminal, of which there is none."""

    @property
    def reader(self) -> threading.Thread:
        assert self._key_thread is not None
        return self._key_thread

    @property
    def sleeps(self) -> int:
        """How often its thread went to sleep of its own will."""
        status = Path(f"/proc/self/task/{self.reader.native_id}/status").read_text()
        return int(status.split("\nvoluntary_ctxt_switches:")[1].split()[0])


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, int]]:
    monkeypatch.setattr(keyboard, "POLL_AFTER_INPUT", 0.0)
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def until(holds: Callable[[], object]) -> None:
    end = quiet_seconds() + TIMEOUT
    while not holds():
        assert quiet_seconds() < end, "never came to pass"
        time.sleep(0.005)


async def test_a_sleeping_reader_wakes_for_a_key_and_for_the_end(typed: tuple[int, int]) -> None:
    desk = Desk(typed[0])
    until(lambda: desk.sleeps)
    os.write(typed[1], b"j")
    until(lambda: desk.heard)
    assert [message.key for message in desk.heard if isinstance(message, Key)] == ["j"]
    desk.disable_input()
    assert not desk.reader.is_alive()


async def test_the_reader_does_not_wake_without_input(
    typed: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float | None] = []
    wait = select.select

    def noted(read: list[int], write: list[int], fail: list[int], seconds: float | None) -> Any:
        waits.append(seconds)
        return wait(read, write, fail, seconds)

    monkeypatch.setattr(keyboard.select, "select", noted)
    desk = Desk(typed[0])
    until(lambda: waits)
    desk.disable_input()
    assert set(waits) == {None} and not desk.reader.is_alive()


async def test_escape_and_a_digit_in_one_sequence_are_alt_and_the_digit(typed: tuple[int, int]) -> None:
    desk = Desk(typed[0])
    os.write(typed[1], b"\x1b2")
    until(lambda: desk.heard)
    assert [(one.key, one.character) for one in desk.heard if isinstance(one, Key)] == [("alt+2", None)]
    desk.disable_input()
