"""A file that really is a file: no folder, pipe, device or link to nothing."""

from __future__ import annotations

import os
import stat
from io import BufferedReader
from pathlib import Path

from engine.errors import DataError

KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def open_regular(path: Path) -> BufferedReader:
    """Opened for reading, never waiting on a pipe. Raises DataError for whatever is no regular file."""
    try:
        # O_NONBLOCK: opening a FIFO that nobody writes to would hang for ever.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise DataError(f"{path} cannot be opened: {_reason(path, error)}.") from error
    kind = stat.S_IFMT(os.fstat(handle).st_mode)
    if kind != stat.S_IFREG:
        os.close(handle)
        raise DataError(f"{path} is {KINDS.get(kind, 'no regular file')}, expected a regular file.")
    return os.fdopen(handle, "rb")


def _reason(path: Path, error: OSError) -> str:
    if path.is_symlink() and not path.exists():
        return f"it is a link to {os.readlink(path)}, which does not exist"
    return error.strerror or str(error)
