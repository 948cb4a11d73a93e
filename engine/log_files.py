"""The output of a worker in two files: `worker.log`, and the older `worker.log.1` once the log was rotated.

The first line of a rotated file is a header with the offset, in all output, of its first byte; the newer file
continues where the older one ends. Rotation holds an exclusive lock on `worker.log`, readers of both files a
shared one.
"""

from __future__ import annotations

import re
from pathlib import Path

from engine import files

_HEADER = re.compile(rb"--- from byte (\d{1,18}) of what was printed ---\n")
HEADER_LIMIT = 64
"""bytes that hold the first line"""


def older(path: Path) -> Path:
    return path.with_name(path.name + ".1")


def header(start: int) -> bytes:
    """The header of a file that begins at byte `start` of all output."""
    return b"--- from byte %d of what was printed ---\n" % start


def parse_header(first: bytes) -> tuple[int, int]:
    """(offset in all output, bytes of the header), from the first HEADER_LIMIT bytes of a file.

    (0, 0) where there is no header, as in files of older versions.
    """
    found = _HEADER.match(first)
    return (int(found[1]), found.end()) if found else (0, 0)


def lock(descriptor: int, *, shared: bool) -> bool:
    """Lock an open `worker.log` without waiting; False where it is locked. Closing the file unlocks it."""
    try:
        return files.try_lock(descriptor, shared=shared)
    except OSError:
        return False
