"""What comes from the terminal: keys, pastes that are text and nothing else, bytes that are no text."""

from __future__ import annotations

import os
import select

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key
from textual.keys import Keys

from tui.messages import PasteCut
from tui.paste_filter import PasteFilter

CHUNK = 1 << 14
QUIET = 0.1
"""seconds, as long as the parser waits for the rest of a sequence"""


class KeyParser(XTermParser):
    """Textual's, but a number that is no character is left out instead of raised."""

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> list[Key]:
        try:
            return list(super()._sequence_to_key_events(sequence, alt))
        except (ValueError, OverflowError):
            return [Key(Keys.Ignore, sequence)]


class Keyboard(LinuxDriver):
    """Textual's driver with a reader that no byte can end and that finds no keys in a paste."""

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
        if not select.select([self.fileno], [], [], QUIET)[0]:
            return None
        try:
            return os.read(self.fileno, CHUNK)
        except OSError:
            return b""
