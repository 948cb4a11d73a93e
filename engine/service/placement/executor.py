"""What starts the keeper of a run: the seam between the queue and a place to train."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Protocol

from engine.errors import EngineError, InputError

INSTALL = "pip install 'dltui[ray]', then dltui engine stop"


class KeeperStart(Protocol):
    """An attempt that was started and has not said so in its run folder yet."""

    @property
    def attempt(self) -> int: ...

    @property
    def device(self) -> str: ...

    @property
    def pid(self) -> int:
        """Of its keeper, a child of this process."""

    @property
    def code(self) -> int | None:
        """The exit code of its keeper, once that has ended."""


class Executor(Protocol):
    """One keeper a run; it outlives the service, and everything it does ends up in the run folder.

    Words for a run (pause, stop, set) go through the FIFO `control` of its folder, its end is `exit.json`,
    and whether somebody is at work on it is what `keeper.json` and `run.lock` say: an executor whose workers
    are elsewhere has somebody here who keeps these files.
    """

    def start(self, folder: Path, attempt: int, device: str) -> KeeperStart:
        """`device` is cpu or the UUID of a GPU. Raises OSError."""

    def reap(self) -> None:
        """Take notice of what has ended."""


def check(executors: Collection[str], name: str) -> None:
    """Raises DltuiError for one that this service does not have, before anything is started."""
    if name.partition("@")[0] not in executors:
        raise InputError(f"executor: this engine has {', '.join(executors)}, got {name!r}.", INSTALL)


def named(executors: Mapping[str, Executor], name: str) -> Executor:
    """`name` may say where: ray@host:port. Raises EngineError for one that this service does not have."""
    found = executors.get(name.partition("@")[0])
    if found is None:
        have = ", ".join(executors)
        raise EngineError(
            f"executor: expected one of {have}, got {name[:80]!r}: this engine has no such executor."
        )
    return found
