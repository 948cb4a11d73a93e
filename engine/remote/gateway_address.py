"""Where a gateway listens (a folder under the root per cluster address), requests for one, and connecting."""

from __future__ import annotations

import hashlib
import os
import select
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from engine import files
from engine.errors import CorruptRun
from engine.places import Places, make_private
from engine.remote.messages import Frame, FrameReader, encode

FRAMES = "frames 2"
"""part of the name of a gateway's folder: one of an older dltui with other frames may still serve its runs"""
REQUEST_SECONDS = 10.0
"""a request for a gateway is valid"""


@dataclass(frozen=True, slots=True)
class GatewayAddress:
    places: Places
    address: str
    """of the cluster; empty for a Ray started on this machine"""

    @property
    def folder(self) -> Path:
        named = f"{self.address} {FRAMES}" if self.address else FRAMES
        return self.places.root / "ray" / hashlib.sha256(named.encode()).hexdigest()[:12]

    @property
    def socket(self) -> Path:
        """A path that is too long for a socket is replaced by one under /tmp, as for the engine."""
        return Places(self.folder).socket

    @property
    def lock(self) -> Path:
        return self.folder / "room.lock"

    @property
    def log(self) -> Path:
        return self.folder / "room.log"

    @property
    def call(self) -> Path:
        """Written by a proxy worker that finds no gateway; the service starts one and deletes the file."""
        return self.folder / "call"

    def create_folders(self) -> None:
        """Raises EngineError."""
        for folder in (self.folder.parent, self.folder, self.socket.parent):
            make_private(folder)

    def request(self) -> None:
        """Raises OSError and EngineError."""
        self.create_folders()
        self.call.write_text(self.address)


def requested_gateways(places: Places) -> list[GatewayAddress]:
    """The gateways that proxy workers wait for; the request files are deleted."""
    found = []
    for path in places.root.glob("ray/*/call"):
        try:
            age = time.time() - path.stat().st_mtime
            gateway = GatewayAddress(places, (files.read_bytes(path, limit=4096) or b"").decode())
            path.unlink()
        except (OSError, UnicodeDecodeError, CorruptRun):
            continue  # deleted meanwhile, or being written: proxy workers repeat their request
        if age < REQUEST_SECONDS and gateway.folder == path.parent:
            found.append(gateway)
    return found


def address_of(executor: str) -> str:
    """The address in `ray@host:port`, else that of the environment, else empty."""
    _, _, named = executor.partition("@")
    return named or os.environ.get("DLTUI_RAY_ADDRESS") or os.environ.get("RAY_ADDRESS") or ""


# --- the connection of a proxy worker ---------------------------------------------------------------------


class GatewayClient:
    """All calls block, except `receive`, which has a timeout."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._reader = FrameReader()
        self.is_closed = False

    def send(self, kind: str, payload: bytes = b"", **facts: object) -> None:
        """Raises OSError if the gateway is gone."""
        self._connection.sendall(encode(kind, payload, **facts))

    def receive(self, seconds: float) -> list[Frame]:
        """Frames received within `seconds`; empty once the connection is closed. Raises ProtocolError."""
        ready, _, _ = select.select([self._connection], [], [], seconds)
        if not ready:
            return []
        try:
            data = self._connection.recv(1 << 20)
        except ConnectionError:
            data = b""
        self.is_closed = not data
        return self._reader.feed(data)

    def close(self) -> None:
        self._connection.close()


def connect(path: str) -> GatewayClient | None:
    """None if no gateway listens."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        connection.connect(path)
    except OSError:
        connection.close()
        return None
    return GatewayClient(connection)
