"""Starts keepers on this machine."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from engine import files
from engine.keeper import arguments

Command = Callable[[Path, int, str], list[str]]
"""run folder, attempt, device (cpu or the UUID of a GPU) to a command line"""


@dataclass(frozen=True, slots=True)
class StartedKeeper:
    """A keeper process; see KeeperStart."""

    attempt: int
    device: str
    process: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def code(self) -> int | None:
        """None while it runs."""
        return self.process.poll()


def keeper_command(folder: Path, attempt: int, device: str) -> list[str]:
    return arguments.command(folder, attempt, python=sys.executable, device=device)


@dataclass(slots=True)
class LocalExecutor:
    """Starts each keeper in a session of its own, so that it outlives the service."""

    log: Path
    command: Command = keeper_command
    _children: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, folder: Path, attempt: int, device: str) -> StartedKeeper:
        """Raises OSError or CorruptRun.

        Only from the main thread: a parent-death signal fires when the thread ends.
        """
        with os.fdopen(files.open_to_append(self.log), "ab") as log:
            process = subprocess.Popen(
                self.command(folder, attempt, device),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                close_fds=True,
                cwd=folder,
            )
        self._children.append(process)
        logging.info(
            "run %s: keeper %d started for attempt %d on %s", folder.name, process.pid, attempt, device
        )
        return StartedKeeper(attempt, device, process)

    def reap(self) -> None:
        """Wait for keepers that have ended, so that none stays a zombie."""
        self._children = [child for child in self._children if child.poll() is None]
