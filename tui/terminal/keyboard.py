"""What comes from the terminal: keys, pastes that are text and nothing else, bytes that are no text."""

from __future__ import annotations

import os
import select
import time
from typing import Any

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key
from textual.keys import Keys

from tui.messages import PasteCut
from tui.terminal.paste import SILENCE, PasteFilter

CHUNK = 1 << 14
DIGITS = frozenset("123456789")
QUIET = 0.1
"""seconds, as long as the parser waits for the rest of a sequence"""
ALERT = SILENCE + 1.0
"""seconds after the last byte until nothing can be unfinished: from then on the thread sleeps"""


class KeyParser(XTermParser):
    """Textual's, but a number that is no character is left out instead of raised, and escape before a digit
    is alt with it, not a character that a keyboard of a Mac makes."""

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> list[Key]:
        if (digit := sequence.removeprefix("\x1b")) in DIGITS and sequence != digit:
            return [Key(f"alt+{digit}", None)]
        try:
            return list(super()._sequence_to_key_events(sequence, alt))
        except (ValueError, OverflowError):
            return [Key(Keys.Ignore, sequence)]


class Keyboard(LinuxDriver):
    """Textual's driver with a reader that no byte can end, that finds no keys in a paste, and that does not
    wake ten times a second while nobody types: on a machine that trains, each time costs the training."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._bell, self._cord = os.pipe()
        self._heard_at = time.monotonic()

    def disable_input(self) -> None:
        os.write(self._cord, b".")
        super().disable_input()  # waits for the thread
        os.read(self._bell, 1)

    def run_input_thread(self) -> None:
        parser = KeyParser(self._debug)
        pastes = PasteFilter(lambda: self.send_message(PasteCut()))
        while not self.exit_event.is_set():
            data = self._read()
            if data == b"":
                return  # the terminal is gone: the app sees it too
            text = pastes.feed(data) if data else pastes.idle()
            for event in parser.feed(text) if text else ():  # no text would end the parser
                self.process_message(event)
            for event in parser.tick():
                self.process_message(event)

    def _read(self) -> bytes | None:
        """What is typed; None while it is quiet, nothing at the end of the terminal."""
        alert = time.monotonic() - self._heard_at < ALERT
        if self.fileno not in select.select([self.fileno, self._bell], [], [], QUIET if alert else None)[0]:
            return None
        self._heard_at = time.monotonic()
        try:
            return os.read(self.fileno, CHUNK)
        except OSError:
            return b""
