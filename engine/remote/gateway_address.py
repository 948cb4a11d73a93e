"""Where a room is found, and how one is asked for: a folder under the root for each address of a cluster."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

from engine import files
from engine.errors import CorruptRun
from engine.places import Places, make_private

CALL_SECONDS = 10.0
"""that a call for a room counts"""


@dataclass(frozen=True, slots=True)
class GatewayAddress:
    places: Places
    address: str
    """of the cluster; empty for one that is started here"""

    @property
    def folder(self) -> Path:
        return self.places.root / "ray" / hashlib.sha256(self.address.encode()).hexdigest()[:12]

    @property
    def socket(self) -> Path:
        """Like the engine's: where the path is too long for a socket it lies under /tmp."""
        return Places(self.folder).socket

    @property
    def lock(self) -> Path:
        return self.folder / "room.lock"

    @property
    def log(self) -> Path:
        return self.folder / "room.log"

    @property
    def call(self) -> Path:
        """Written anew by whoever finds no room; the service starts one and takes it away."""
        return self.folder / "call"

    def make(self) -> None:
        """Raises EngineError."""
        for folder in (self.folder.parent, self.folder, self.socket.parent):
            make_private(folder)

    def ask(self) -> None:
        """Raises OSError and EngineError."""
        self.make()
        self.call.write_text(self.address)


def called(places: Places) -> list[GatewayAddress]:
    """The rooms that somebody waits for; their calls are taken away."""
    found = []
    for path in places.root.glob("ray/*/call"):
        try:
            age = time.time() - path.stat().st_mtime
            post = GatewayAddress(places, (files.read_bytes(path, limit=4096) or b"").decode())
            path.unlink()
        except (OSError, UnicodeDecodeError, CorruptRun):
            continue  # gone meanwhile, or being written: whoever waits calls again
        if age < CALL_SECONDS and post.folder == path.parent:
            found.append(post)
    return found


def address_of(executor: str) -> str:
    """`ray@host:port` names a cluster; without a name the environment does, or there is none."""
    _, _, named = executor.partition("@")
    return named or os.environ.get("DLTUI_RAY_ADDRESS") or os.environ.get("RAY_ADDRESS") or ""
