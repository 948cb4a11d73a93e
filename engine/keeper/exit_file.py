"""Reserve the bytes of exit.json at the start of an attempt, so that it can be written on a full disk."""

from __future__ import annotations

import json
import os
from pathlib import Path

from engine.store import ExitFacts, RunFolder, exit_to_json

RESERVED = 16 * 1024
"""bytes"""


class ExitFile:
    """The reserved file. Copy-on-write file systems (btrfs, ZFS) give no guarantee."""

    def __init__(self, folder: RunFolder) -> None:
        """Allocate the file. Raises OSError, also when the disk is full already."""
        self._final = folder.exit
        self.path: Path = folder.path / ".exit.json.draft"
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
        self._fd = os.open(self.path, flags, 0o600)
        try:
            os.posix_fallocate(self._fd, 0, RESERVED)
            os.fsync(self._fd)
        except OSError:
            self.discard()
            raise

    def write(self, facts: ExitFacts) -> None:
        """Write in place, fsync, rename to exit.json. Raises OSError."""
        text = json.dumps(exit_to_json(facts), allow_nan=False).encode()
        assert len(text) <= RESERVED, "the texts of a cause are limited"
        os.pwrite(self._fd, text, 0)
        os.ftruncate(self._fd, len(text))
        os.fsync(self._fd)
        os.rename(self.path, self._final)
        folder = os.open(self._final.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def discard(self) -> None:
        os.close(self._fd)
        self.path.unlink(missing_ok=True)
