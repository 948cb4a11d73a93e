"""Standard output and standard error for commands: always open, writable in any encoding.

A failed write to standard output raises OutputFailed; what cannot be written to standard error is dropped.
"""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
from typing import Any

REPLACEMENTS = {
    "…": "...",
    "×": "x",
    "–": "-",
    "—": "-",
    "·": "-",
    "±": "+-",
    "→": "->",
    "≥": ">=",
    "≤": "<=",
}
"""for characters of the app's own texts that the encoding lacks"""


class OutputFailed(Exception):
    """A write to standard output failed. Not an OSError, so that no handler of OSError catches it."""

    def __init__(self, error: OSError) -> None:
        super().__init__(error.strerror)
        self.is_closed_pipe = error.errno == errno.EPIPE


class _Sink(io.FileIO):
    """Writes to a descriptor; after a failed write everything is dropped."""

    def __init__(self, descriptor: int, *, drops_errors: bool) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self._drops_errors = drops_errors
        self._has_failed = False

    def write(self, data: Any) -> int:
        if not self._has_failed:
            try:
                return super().write(data) or 0
            except OSError as error:
                self._has_failed = True
                if not self._drops_errors:
                    raise OutputFailed(error) from error
        return memoryview(data).nbytes


def install_streams() -> None:
    """Install the streams of this module as sys.stdout and sys.stderr."""
    _open_missing_descriptors()
    codecs.register_error("dltui", _replacement)
    sys.stdout = _stream(1, sys.stdout, drops_errors=False)
    sys.stderr = _stream(2, sys.stderr, drops_errors=True)


def _open_missing_descriptors() -> None:
    """Occupy closed standard descriptors, which the next opened file would get, with one that fails."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            failing_mode = os.O_WRONLY if descriptor == 0 else os.O_RDONLY
            os.dup2(os.open(os.devnull, failing_mode), descriptor)


def _stream(descriptor: int, stream: Any, *, drops_errors: bool) -> io.TextIOWrapper:
    sink = _Sink(descriptor, drops_errors=drops_errors)
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return io.TextIOWrapper(
        io.BufferedWriter(sink),
        encoding,
        errors="dltui",
        line_buffering=drops_errors or sink.isatty(),
        newline="",
    )


def _replacement(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    return "".join(REPLACEMENTS.get(letter) or _escaped(letter) for letter in letters), error.end


def _escaped(letter: str) -> str:
    return letter.encode("ascii", "backslashreplace").decode()
