"""The driver reads all keys, and is Textual's own where parts are missing."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rich.segment import Segment
from textual._parser import Parser
from textual.app import App
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key
from textual.message import Message
from textual.strip import Strip

from tests.fakes.app_pilot import TIMEOUT
from tests.timeouts import quiet_seconds
from tui.terminal.driver import TerminalDriver, driver_for


class Desk(TerminalDriver):
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


@pytest.fixture
def typed() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def until(holds: Callable[[], object]) -> None:
    end = quiet_seconds() + TIMEOUT
    while not holds():
        assert quiet_seconds() < end, "never came to pass"
        time.sleep(0.005)


async def test_the_reader_hands_on_keys_after_an_invalid_byte_until_it_is_ended(
    typed: tuple[int, int],
) -> None:
    desk = Desk(typed[0])
    os.write(typed[1], b"\xffj")
    until(lambda: len(desk.heard) == 2)
    assert [message.key for message in desk.heard if isinstance(message, Key)][1:] == ["j"]
    desk.disable_input()
    assert not desk.reader.is_alive()


async def test_escape_and_a_digit_in_one_sequence_are_alt_and_the_digit(typed: tuple[int, int]) -> None:
    desk = Desk(typed[0])
    os.write(typed[1], b"\x1b2")
    until(lambda: desk.heard)
    assert [(one.key, one.character) for one in desk.heard if isinstance(one, Key)] == [("alt+2", None)]
    desk.disable_input()


class Refusing:
    """Output to a terminal that does not read."""

    def accepts(self, text: str) -> bool:
        return False


async def test_all_cells_are_sent_again_after_a_frame_that_the_terminal_did_not_take() -> None:
    driver = driver_for(App[None](), mouse=False)
    assert isinstance(driver, TerminalDriver)
    row, size = (0, 0, Strip([Segment("loss")])), (20, 2)
    assert driver.sent_cells.differing([row], size)
    assert not driver.sent_cells.differing([row], size)
    driver._output = Refusing()  # type: ignore[assignment]
    driver.write("a frame")
    assert driver.sent_cells.differing([row], size)


@pytest.mark.parametrize(("kind", "part"), [(Parser, "tick"), (LinuxDriver, "exit_event"), (Driver, "_loop")])
async def test_without_a_part_that_it_relies_on_the_driver_is_textuals_own(
    monkeypatch: pytest.MonkeyPatch, kind: type, part: str
) -> None:
    assert type(driver_for(App[None](), mouse=False)) is TerminalDriver
    if hasattr(kind, part):
        monkeypatch.delattr(kind, part)
    else:
        start = kind.__init__

        def without(self: Driver, *given: Any, **named: Any) -> None:
            start(self, *given, **named)
            delattr(self, part)

        monkeypatch.setattr(kind, "__init__", without)
    assert type(driver_for(App[None](), mouse=False)) is LinuxDriver
