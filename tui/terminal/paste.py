"""A filter before the key parser that turns pastes into plain text."""

from __future__ import annotations

import time
from codecs import getincrementaldecoder
from collections.abc import Callable

from tui.terminal.plain_text import plain

START, END = b"\x1b[200~", b"\x1b[201~"
SPLIT = len(END) - 1
"""bytes of a mark that may arrive before the rest of it"""
LIMIT = 64 * 1024
SILENCE = 2.0
"""seconds without input after which a paste is ended without its end mark"""


class PasteFilter:
    """Passes keys through; a paste becomes plain text of at most `LIMIT` bytes between its two marks.

    Nothing is held back, as an escape may be a key: the parser receives marks in the pieces they arrive in.
    """

    def __init__(self, on_truncated: Callable[[], None]) -> None:
        self._on_truncated = on_truncated
        self._decode = getincrementaldecoder("utf-8")("replace").decode
        self._before = b""
        self._pasted = bytearray()
        self._is_pasting = False
        self._last_input = 0.0

    def feed(self, data: bytes) -> str:
        """Text for the parser; empty while a paste is incomplete."""
        self._last_input = time.monotonic()
        text = ""
        while data:
            passed, data = self._paste(data) if self._is_pasting else self._type(data)
            text += passed
        return text

    def idle(self) -> str:
        """To be called without input for the parser's timeout; returns text for the parser."""
        self._before = b""
        if self._is_pasting and time.monotonic() - self._last_input > SILENCE:
            return self._end(len(self._pasted))
        return ""

    def _type(self, data: bytes) -> tuple[str, bytes]:
        seen = self._before + data
        at = seen.find(START)
        if at < 0:
            self._before = seen[-SPLIT:]
            return self._decode(data), b""
        after = at + len(START) - len(self._before)
        self._before, self._is_pasting = b"", True
        return self._decode(data[:after]), data[after:]

    def _paste(self, data: bytes) -> tuple[str, bytes]:
        pasted = self._pasted
        pasted += data
        at = pasted.find(END, max(0, len(pasted) - len(data) - SPLIT))
        if at < 0:
            del pasted[LIMIT + 1 : -SPLIT]
            return "", b""
        rest = bytes(pasted[at + len(END) :])
        return self._end(at), rest

    def _end(self, size: int) -> str:
        if size > LIMIT:
            self._on_truncated()
        text = self._pasted[: min(size, LIMIT)].decode("utf-8", "replace")
        self._pasted.clear()
        self._is_pasting = False
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        return plain(text, limit=LIMIT, lines=True) + END.decode()
