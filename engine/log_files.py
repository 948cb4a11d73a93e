"""What a worker printed lies in two pieces: `worker.log`, and before it `worker.log.1` once that was long.

The older piece says in its first line at which byte of all that was printed it begins, and the newer one goes
on where it ends. Who turns the log over locks `worker.log` meanwhile; who reads both holds it shared.
"""

from __future__ import annotations

import fcntl
import re
from pathlib import Path

_HEADER = re.compile(rb"--- from byte (\d{1,18}) of what was printed ---\n")
HEADER_LIMIT = 64
"""bytes that hold the first line"""


def older(path: Path) -> Path:
    """The piece before `path`."""
    return path.with_name(path.name + ".1")


def header(start: int) -> bytes:
    """The first line of a piece that begins at that byte."""
    return b"--- from byte %d of what was printed ---\n" % start


def parse_header(first: bytes) -> tuple[int, int]:
    """(the byte at which a piece begins, the bytes of its first line), from its first HEAD_LIMIT bytes.

    A piece without that line was written by a dltui of before: it counts as the beginning.
    """
    found = _HEADER.match(first)
    return (int(found[1]), found.end()) if found else (0, 0)


def lock(descriptor: int, *, shared: bool) -> bool:
    """Take the lock of an open `worker.log` without waiting; whether it was free. It ends with the file."""
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
