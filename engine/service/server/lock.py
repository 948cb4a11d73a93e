"""The lock of a home, held by its one service; the kernel releases it when the process ends."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
import time
from dataclasses import asdict
from pathlib import Path

from engine import files, process_identity
from engine.errors import EngineError


class AlreadyRunning(EngineError):
    """Another service holds the lock of this home."""


def acquire(path: Path) -> int:
    """The descriptor that holds the lock until it is closed. Raises AlreadyRunning and EngineError."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    except OSError as error:
        raise EngineError(f"{path} cannot be opened: {error.strerror}.", "Remove it.") from error
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise EngineError(f"{path} is no regular file.", "Remove it.")
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = _read_holder(fd)
        os.close(fd)
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            raise AlreadyRunning(f"The engine of {path.parent} is running already{holder}.") from error
        raise EngineError(f"{path} cannot be locked: {error.strerror}.") from error
    _write_holder(fd)
    return fd


def _write_holder(fd: int) -> None:
    """Write the holder's process into the lock file, for messages only."""
    text = json.dumps({**asdict(process_identity.current()), "since": round(time.time(), 3)}).encode()
    os.ftruncate(fd, 0)
    os.pwrite(fd, text + b"\n", 0)


def _read_holder(fd: int) -> str:
    try:
        return f" (process {int(files.parse_object(os.pread(fd, 4096, 0))['pid'])})"
    except (OSError, ValueError, KeyError, TypeError):
        return ""
