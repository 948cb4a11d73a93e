"""Disks that fail, die or forget, for the tests of the real writer."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from checkpoints.disk import Disk

OPERATIONS = (
    "make_folder", "create", "write", "sync", "close", "sync_folder", "rename", "unlink", "remove_folder",
    "free",
)  # fmt: skip


class CountingDisk(Disk):
    """Counts the operations that change something; `before` gets the number of each, from 1."""

    def __init__(self, before: Callable[[int, str], None]) -> None:
        self.before = before
        self.done = 0

    def tick(self, operation: str) -> None:
        self.done += 1
        self.before(self.done, operation)


def _counted(operation: str) -> Callable[..., Any]:
    def method(self: CountingDisk, *arguments: Any) -> Any:
        self.tick(operation)
        return getattr(Disk, operation)(self, *arguments)

    return method


for _operation in OPERATIONS:
    setattr(CountingDisk, _operation, _counted(_operation))


class StutteringDisk(Disk):
    """Writes seven bytes at a time."""

    def write(self, fd: int, data: memoryview) -> int:
        return super().write(fd, data[:7])


class FullDisk(Disk):
    """Has space for `room` bytes and then for none, though it reports more."""

    def __init__(self, room: int) -> None:
        self.room = room

    def write(self, fd: int, data: memoryview) -> int:
        if self.room <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        done = super().write(fd, data[: self.room])
        self.room -= done
        return done


def dies_at(number: int) -> CountingDisk:
    """A disk whose process is gone at the n-th operation, as SIGKILL or a power cut would have it."""

    def before(count: int, operation: str) -> None:
        if count == number:
            os._exit(99)

    return CountingDisk(before)


def fails_at(number: int, code: int, *, for_good: bool = False) -> CountingDisk:
    """A disk that refuses the n-th operation, or all from the n-th on."""

    def before(count: int, operation: str) -> None:
        if count == number or (for_good and count > number):
            raise OSError(code, os.strerror(code))

    return CountingDisk(before)


class ReadOnlyDisk(Disk):
    """A folder without write permission, simulated because root ignores modes."""

    def make_folder(self, path: Path) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    def create(self, path: Path) -> int:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))
