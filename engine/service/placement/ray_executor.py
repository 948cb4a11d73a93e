"""Runs whose workers are tasks of Ray: starts their keepers on this machine, and gateways on request."""

from __future__ import annotations

import importlib.util
import logging
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from engine import files
from engine.engine_path import python_path
from engine.errors import CorruptRun
from engine.places import Places
from engine.remote import gateway_address
from engine.remote.gateway_address import GatewayAddress
from engine.service.placement.local_executor import LocalExecutor, StartedKeeper

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

    def start(self, folder: Path, attempt: int, device: str) -> StartedKeeper:
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
