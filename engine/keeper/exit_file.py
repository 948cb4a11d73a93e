"""Reserve the bytes of exit.json at the start of an attempt, so that it can be written on a full disk."""

from __future__ import annotations

import json
import os
from pathlib import Path

from engine import files
from engine.store import ExitFacts, RunFolder, exit_to_json

RESERVED = 16 * 1024
"""bytes"""


class ExitFile:
    """The reserved file. Copy-on-write file systems (btrfs, ZFS) give no guarantee."""

    def __init__(self, folder: RunFolder) -> None:
        """Allocate the file. Raises CorruptRun and OSError, also when the disk is full already."""
        self._final = folder.exit
        self.path: Path = folder.path / ".exit.json.draft"
        self._fd = files.open_to_write(self.path, os.O_TRUNC)
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
        files.sync_path(self._final.parent)

    def discard(self) -> None:
        os.close(self._fd)
        self.path.unlink(missing_ok=True)
