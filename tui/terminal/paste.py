"""What comes from the terminal, on its way to the key parser: a paste is text, whatever it holds."""

from __future__ import annotations

import time
from codecs import getincrementaldecoder
from collections.abc import Callable

from tui.terminal.plain_text import plain

START, END = b"\x1b[200~", b"\x1b[201~"
SPLIT = len(END) - 1
"""bytes of a mark that may have come before the rest of it"""
LIMIT = 64 * 1024
SILENCE = 2.0
"""seconds after which a paste has ended, though nobody said so"""


class PasteFilter:
    """Passes keys on as they are; a paste becomes plain text, at most `LIMIT` bytes, between its two marks.

    Nothing is held back, as an escape may be a key: the parser sees the marks in the pieces they come in.
    """

    def __init__(self, tell_cut: Callable[[], None]) -> None:
        self._tell_cut = tell_cut
        self._decode = getincrementaldecoder("utf-8")("replace").decode
        self._before = b""
        self._pasted = bytearray()
        self._is_pasting = False
        self._heard_at = 0.0

    def feed(self, data: bytes) -> str:
        """What the parser is to hear of these bytes; nothing while a paste goes on."""
        self._heard_at = time.monotonic()
        text = ""
        while data:
            heard, data = self._paste(data) if self._is_pasting else self._type(data)
            text += heard
        return text

    def idle(self) -> str:
        """To be called when nothing came for as long as the parser waits for the rest of a sequence."""
        self._before = b""
        if self._is_pasting and time.monotonic() - self._heard_at > SILENCE:
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
            self._tell_cut()
        text = self._pasted[: min(size, LIMIT)].decode("utf-8", "replace")
        self._pasted.clear()
        self._is_pasting = False
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        return plain(text, limit=LIMIT, lines=True) + END.decode()
