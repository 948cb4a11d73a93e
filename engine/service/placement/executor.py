"""The interface of executors, which start the keepers of runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Protocol

from engine.errors import EngineError, InputError

INSTALL = "pip install 'dltui[ray]', then dltui engine stop"


class KeeperStart(Protocol):
    """A keeper that was started and has not written keeper.json yet."""

    @property
    def attempt(self) -> int: ...

    @property
    def device(self) -> str: ...

    @property
    def pid(self) -> int:
        """Of the keeper, a child of this process."""

    @property
    def code(self) -> int | None:
        """The exit code of the keeper, once it has ended."""


class Executor(Protocol):
    """Starts one keeper per run on this machine, which outlives the service and works on the run folder.

    Commands to a run (pause, stop, set) go through the FIFO `control` of its folder, `exit.json` is its end,
    and `keeper.json` and `run.lock` show whether an attempt is active. An executor whose workers are on other
    machines runs a local process that maintains these files.
    """

    def start(self, folder: Path, attempt: int, device: str) -> KeeperStart:
        """`device` is cpu or the UUID of a GPU. Raises OSError."""

    def reap(self) -> None:
        """Collect the exit codes of processes that have ended."""


def check_executor(executors: Collection[str], name: str) -> None:
    """Raises InputError where this service has no executor of that name."""
    if name.partition("@")[0] not in executors:
        raise InputError(f"executor: this engine has {', '.join(executors)}, got {name!r}.", INSTALL)


def find_executor(executors: Mapping[str, Executor], name: str) -> Executor:
    """`name` may have an address: ray@host:port. Raises EngineError where there is no such executor."""
    found = executors.get(name.partition("@")[0])
    if found is None:
        have = ", ".join(executors)
        raise EngineError(
            f"executor: expected one of {have}, got {name[:80]!r}: this engine has no such executor."
        )
    return found
