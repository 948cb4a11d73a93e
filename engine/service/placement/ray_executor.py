"""Runs whose workers are tasks of Ray: a keeper here for each, and a room for Ray when one is called for."""

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
from engine.errors import CorruptRun
from engine.import_path import python_path
from engine.places import Places
from engine.remote import gateway_address
from engine.remote.gateway_address import GatewayAddress
from engine.service.placement.local_executor import LocalExecutor, Starting

LOOK_SECONDS = 0.5


def is_installed() -> bool:
    """Without importing it."""
    return importlib.util.find_spec("ray") is not None


@dataclass(slots=True)
class RayExecutor:
    """Imports no Ray: the proxy workers that keepers start ask for a gateway; see engine.remote."""

    places: Places
    local: LocalExecutor
    _rooms: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _look_at: float = 0.0

    def start(self, folder: Path, attempt: int, device: str) -> Starting:
        """Raises OSError. Which device it is, is for the cluster to say."""
        return self.local.start(folder, attempt, "cpu")

    def reap(self) -> None:
        """Also answers those who call for a room."""
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + LOOK_SECONDS
        self._rooms = {name: room for name, room in self._rooms.items() if room.poll() is None}
        for called in gateway_address.called(self.places):
            if called.address not in self._rooms:
                self._open(called)

    def _open(self, called: GatewayAddress) -> None:
        try:
            with os.fdopen(files.open_to_append(called.log), "ab") as log:
                room = subprocess.Popen(
                    [sys.executable, "-P", "-m", "engine.remote.ray_gateway", called.address],
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
            logging.warning("no room for Ray: %s", error)
            return
        logging.info("a room for Ray (%s): process %d", called.address or "of this machine", room.pid)
        self._rooms[called.address] = room
