"""The connection of a proxy worker to the gateway."""

from __future__ import annotations

import select
import socket

from engine.remote.frames import Frame, FrameReader, encode


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
