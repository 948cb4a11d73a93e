"""Executors start the keepers of runs on this machine: of runs that train here, and of tasks of Ray."""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from engine import files
from engine.engine_path import python_path
from engine.errors import CorruptRun, EngineError, InputError
from engine.exec.script_environment import WITHHELD
from engine.keeper import arguments
from engine.places import Places
from engine.remote import gateway_address
from engine.remote.gateway_address import GatewayAddress

NOTHING: Mapping[str, str] = {}
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

    def start(
        self, folder: Path, attempt: int, device: str, withheld: Mapping[str, str] = ...
    ) -> KeeperStart:
        """`device` is cpu or the UUID of a GPU; `withheld` are variables of a command whose values are in no
        file. Raises OSError."""

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


# --- this machine -----------------------------------------------------------------------------------------


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

    def start(
        self, folder: Path, attempt: int, device: str, withheld: Mapping[str, str] = NOTHING
    ) -> StartedKeeper:
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
                env={**os.environ, WITHHELD: json.dumps(dict(withheld))} if withheld else None,
            )
        self._children.append(process)
        logging.info(
            "run %s: keeper %d started for attempt %d on %s", folder.name, process.pid, attempt, device
        )
        return StartedKeeper(attempt, device, process)

    def reap(self) -> None:
        """Wait for keepers that have ended, so that none stays a zombie."""
        self._children = [child for child in self._children if child.poll() is None]


# --- Ray --------------------------------------------------------------------------------------------------


GATEWAY_SECONDS = 0.5


def is_ray_installed() -> bool:
    """Whether the package ray is there; it is not imported."""
    return importlib.util.find_spec("ray") is not None


@dataclass(slots=True)
class RayExecutor:
    """Imports no Ray: proxy workers, started by the keepers, request a gateway process; see engine.remote."""

    places: Places
    local: LocalExecutor
    _gateways: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _next_poll: float = 0.0

    def start(
        self, folder: Path, attempt: int, device: str, withheld: Mapping[str, str] = NOTHING
    ) -> StartedKeeper:
        """Raises OSError. The cluster chooses the device: the proxy worker runs on the CPU."""
        return self.local.start(folder, attempt, "cpu")

    def reap(self) -> None:
        """Collect gateways that have ended, and start those that were requested."""
        now = time.monotonic()
        if now < self._next_poll:
            return
        self._next_poll = now + GATEWAY_SECONDS
        self._gateways = {name: gateway for name, gateway in self._gateways.items() if gateway.poll() is None}
        for requested in gateway_address.requested_gateways(self.places):
            if requested.address not in self._gateways:
                self._open(requested)

    def _open(self, requested: GatewayAddress) -> None:
        try:
            with os.fdopen(files.open_to_append(requested.log), "ab") as log:
                gateway = subprocess.Popen(
                    [sys.executable, "-P", "-m", "engine.remote.ray_gateway", requested.address],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    cwd="/",
                    env={
                        **os.environ,
                        "DLTUI_HOME": str(self.places.root),
                        "PYTHONPATH": python_path(os.environ),
                    },
                )
        except (OSError, CorruptRun) as error:
            logging.warning("no gateway for Ray: %s", error)
            return
        logging.info(
            "a gateway for Ray (%s): process %d", requested.address or "of this machine", gateway.pid
        )
        self._gateways[requested.address] = gateway
