"""The lock of a home, held by its one service; the kernel releases it when the process ends."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict
from pathlib import Path

from engine import files, process_identity
from engine.errors import CorruptRun, EngineError


class AlreadyRunning(EngineError):
    """Another service holds the lock of this home."""


def acquire(path: Path) -> int:
    """The descriptor that holds the lock until it is closed. Raises AlreadyRunning and EngineError."""
    try:
        fd = files.open_to_write(path)
    except CorruptRun as error:
        raise EngineError(error.message, "Remove it.") from error
    except OSError as error:
        raise EngineError(f"{path} cannot be opened: {error.strerror}.", "Remove it.") from error
    try:
        if not files.try_lock(fd):
            raise AlreadyRunning(f"The engine of {path.parent} is running already{_read_holder(fd)}.")
        _write_holder(fd)
    except OSError as error:
        os.close(fd)
        raise EngineError(f"{path} cannot be locked: {error.strerror}.") from error
    except AlreadyRunning:
        os.close(fd)
        raise
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
