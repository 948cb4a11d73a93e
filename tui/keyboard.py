"""What comes from the terminal: keys, pastes that are text and nothing else, bytes that are no text."""

from __future__ import annotations

import codecs
import os
import selectors
from collections.abc import Iterator

from textual._parser import ParseError
from textual._xterm_parser import BRACKETED_PASTE_END, BRACKETED_PASTE_START, XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Paste

PASTE_LIMIT = 100_000
"""characters of a paste that are kept"""
CHUNK = 1 << 14
TICK = 0.1


class PasteFilter:
    """Takes pastes out of a stream of text, so that nobody looks for keys in them."""

    def __init__(self) -> None:
        self._is_open = False
        self._pasted: list[str] = []
        self._size = 0
        self._held = ""

    def split(self, text: str) -> Iterator[tuple[str, bool]]:
        """Parts of the text; True marks a whole paste, cut at its limit."""
        text, self._held = self._held + text, ""
        while text:
            sign = BRACKETED_PASTE_END if self._is_open else BRACKETED_PASTE_START
            before, found, text = text.partition(sign)
            if not found:
                before = self._hold_back(before, sign)
            if self._is_open:
                self._keep(before)
            elif before:
                yield before, False
            if found:
                self._is_open = not self._is_open
                if not self._is_open:
                    yield self._taken(), True

    def _hold_back(self, text: str, sign: str) -> str:
        """Keep what may be the beginning of the sign; not an escape alone, which is a key of its own."""
        for length in range(len(sign) - 1, 0 if self._is_open else 1, -1):
            if text.endswith(sign[:length]):
                self._held = sign[:length]
                return text[:-length]
        return text

    def _keep(self, text: str) -> None:
        room = PASTE_LIMIT - self._size
        if room > 0 and text:
            self._pasted.append(text[:room])
            self._size += len(text[:room])

    def _taken(self) -> str:
        pasted = "".join(self._pasted).replace("\x00", "")
        self._pasted.clear()
        self._size = 0
        return pasted


class Keyboard(LinuxDriver):
    """Textual's driver with a reader that no byte can end and that finds no keys in a paste."""

    def run_input_thread(self) -> None:
        parser = XTermParser(self._debug)
        decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
        pastes = PasteFilter()
        with selectors.DefaultSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(TICK):
                    data = os.read(self.fileno, CHUNK)
                    if not data:
                        self.exit_event.wait(TICK)
                    for text, is_paste in pastes.split(decode(data)):
                        self._hear(parser, text, is_paste)
                for event in parser.tick():
                    self.process_message(event)
        try:
            list(parser.feed(""))
        except (EOFError, ParseError):
            pass  # an unfinished sequence at the very end is nobody's

    def _hear(self, parser: XTermParser, text: str, is_paste: bool) -> None:
        if is_paste:
            self.process_message(Paste(text))
            return
        for event in parser.feed(text):
            self.process_message(event)
