"""exit.json before it is needed: its bytes are taken while the disk still has them."""

from __future__ import annotations

import json
import os
from pathlib import Path

from engine.store import ExitFacts, RunFolder, exit_to_json

RESERVED = 16 * 1024


class ExitFile:
    """Room for exit.json. File systems that write everything elsewhere (btrfs, ZFS) promise nothing."""

    def __init__(self, folder: RunFolder) -> None:
        """Raises OSError, also when the disk is full now."""
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
        """Make it exit.json: in place, fsync, rename. Raises OSError."""
        text = json.dumps(exit_to_json(facts), allow_nan=False).encode()
        assert len(text) <= RESERVED, "causes are bounded"
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
