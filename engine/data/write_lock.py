"""A file lock, so that of several processes one writes a file and the others wait."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import DataError

POLL = 0.05


@contextmanager
def exclusive_lock(lock: Path, limit: float) -> Iterator[None]:
    """Hold the lock; wait at most `limit` seconds, then raise DataError. The lock file is kept: removing it
    would let two processes in."""
    handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        deadline = time.monotonic() + limit
        while not _try_lock(handle):
            if time.monotonic() > deadline:
                raise DataError(
                    f"Another process has held {lock} for {limit:g} s.", "End it, or try again later."
                )
            time.sleep(POLL)
        yield
    finally:
        os.close(handle)


def _try_lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
