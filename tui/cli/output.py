"""Standard output and standard error as every verb may rely on them: open, writable in any encoding, honest.

A write to standard output that fails raises OutputRefused; what cannot be told on standard error is dropped.
"""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
from typing import Any

STANDINS = {"…": "...", "×": "x", "–": "-", "—": "-", "·": "-", "±": "+-", "→": "->", "≥": ">=", "≤": "<="}
"""of signs in our own sentences, where the encoding has no such letter"""


class OutputRefused(Exception):
    """Standard output took no more; no OSError, so that nobody on the way takes it for one of its own."""

    def __init__(self, error: OSError) -> None:
        super().__init__(error.strerror)
        self.is_closed_pipe = error.errno == errno.EPIPE


class _Sink(io.FileIO):
    """A descriptor that is written to until it refuses; what comes after that is dropped."""

    def __init__(self, descriptor: int, *, is_talk: bool) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self._is_talk = is_talk
        self._refused = False

    def write(self, data: Any) -> int:
        if not self._refused:
            try:
                return super().write(data) or 0
            except OSError as error:
                self._refused = True
                if not self._is_talk:
                    raise OutputRefused(error) from error
        return memoryview(data).nbytes


def prepare() -> None:
    """Take hold of the three standard descriptors of this process."""
    _fill_holes()
    codecs.register_error("dltui", _standin)
    sys.stdout = _stream(1, sys.stdout, is_talk=False)
    sys.stderr = _stream(2, sys.stderr, is_talk=True)


def _fill_holes() -> None:
    """A closed descriptor would be that of the next file opened. This one refuses to be read or written."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            wrong_way = os.O_WRONLY if descriptor == 0 else os.O_RDONLY
            os.dup2(os.open(os.devnull, wrong_way), descriptor)


def _stream(descriptor: int, before: Any, *, is_talk: bool) -> io.TextIOWrapper:
    sink = _Sink(descriptor, is_talk=is_talk)
    encoding = getattr(before, "encoding", None) or "utf-8"
    return io.TextIOWrapper(
        io.BufferedWriter(sink), encoding, errors="dltui", line_buffering=is_talk or sink.isatty(), newline=""
    )


def _standin(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    return "".join(STANDINS.get(letter) or _escaped(letter) for letter in letters), error.end


def _escaped(letter: str) -> str:
    return letter.encode("ascii", "backslashreplace").decode()
