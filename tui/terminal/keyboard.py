"""Keyboard input: keys, pastes as plain text, invalid bytes."""

from __future__ import annotations

import os
import select
import time
from typing import Any

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key
from textual.keys import Keys

from tui.messages import PasteTruncated
from tui.terminal.paste import SILENCE, PasteFilter

CHUNK = 1 << 14
DIGITS = frozenset("123456789")
POLL_SECONDS = 0.1
"""the timeout of the parser for the rest of an escape sequence"""
POLL_AFTER_INPUT = SILENCE + 1.0
"""seconds after the last byte during which something may be unfinished; then the thread blocks"""


class KeyParser(XTermParser):
    """Textual's parser, but it ignores invalid character codes instead of raising, and reads escape before a
    digit as alt with that digit, not as the character of a Mac keyboard."""

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> list[Key]:
        if (digit := sequence.removeprefix("\x1b")) in DIGITS and sequence != digit:
            return [Key(f"alt+{digit}", None)]
        try:
            return list(super()._sequence_to_key_events(sequence, alt))
        except (ValueError, OverflowError):
            return [Key(Keys.Ignore, sequence)]


class KeyboardDriver(LinuxDriver):
    """Textual's driver with another reader: no input ends it, a paste never contains keys, and it does not
    wake ten times a second without input, which would slow down training on the same machine."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._wake_read, self._wake_write = os.pipe()
        self._last_input = time.monotonic()

    def disable_input(self) -> None:
        os.write(self._wake_write, b".")
        super().disable_input()  # joins the thread
        os.read(self._wake_read, 1)

    def run_input_thread(self) -> None:
        parser = KeyParser(self._debug)
        pastes = PasteFilter(lambda: self.send_message(PasteTruncated()))
        while not self.exit_event.is_set():
            data = self._read()
            if data == b"":
                return  # the terminal is gone: the app sees it too
            text = pastes.feed(data) if data else pastes.idle()
            for event in parser.feed(text) if text else ():  # empty text would end the parser
                self.process_message(event)
            for event in parser.tick():
                self.process_message(event)

    def _read(self) -> bytes | None:
        """The next bytes; None without input, empty when the terminal is gone."""
        is_polling = time.monotonic() - self._last_input < POLL_AFTER_INPUT
        if (
            self.fileno
            not in select.select(
                [self.fileno, self._wake_read], [], [], POLL_SECONDS if is_polling else None
            )[0]
        ):
            return None
        self._last_input = time.monotonic()
        try:
            return os.read(self.fileno, CHUNK)
        except OSError:
            return b""
