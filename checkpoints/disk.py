"""The file-system calls of checkpoints, in one class that tests replace to make them fail."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


class Disk:
    """The real file system. Each method is one operation; all of them raise OSError."""

    def make_folder(self, path: Path) -> None:
        """Make a folder with mode 0700."""
        os.mkdir(path, 0o700)

    def create(self, path: Path) -> int:
        """Open a new file for writing; it must not exist, and links are not followed."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)

    def write(self, fd: int, data: memoryview) -> int:
        """Write some of the bytes; returns their number."""
        return os.write(fd, data)

    def sync(self, fd: int) -> None:
        """Wait until the bytes of a file are on stable storage. After a failure, do not retry on the same
        file."""
        os.fsync(fd)

    def close(self, fd: int) -> None:
        """Close a file; some file systems report a failed write only then."""
        os.close(fd)

    def sync_folder(self, path: Path) -> None:
        """Wait until the names in a folder are on stable storage."""
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def rename(self, old: Path, new: Path) -> None:
        os.rename(old, new)

    def link(self, old: Path, new: Path) -> None:
        """Give a file another name; a link is not followed."""
        os.link(old, new, follow_symlinks=False)

    def unlink(self, path: Path) -> None:
        os.unlink(path)

    def remove_folder(self, path: Path) -> None:
        os.rmdir(path)

    def free(self, path: Path) -> int:
        """Free bytes for this user."""
        facts = os.statvfs(path)
        return facts.f_bavail * facts.f_frsize

    def names(self, path: Path) -> list[str]:
        """The names in a folder, in no order."""
        return os.listdir(path)

    def is_folder(self, path: Path) -> bool:
        """Whether the path is a folder; a link to one is not."""
        try:
            return stat.S_ISDIR(os.lstat(path).st_mode)
        except FileNotFoundError:
            return False

    def read(self, path: Path, limit: int) -> bytes:
        """The content of a regular file; links are not followed. OSError when it is longer than `limit`
        bytes."""
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(fd, "rb") as file:
            facts = os.fstat(fd)
            if not stat.S_ISREG(facts.st_mode):
                raise OSError(errno.EINVAL, "is not a regular file")
            if facts.st_size > limit:
                raise OSError(errno.EFBIG, f"has {facts.st_size} bytes, expected at most {limit}")
            return file.read(limit + 1)


DISK = Disk()
