"""The connection of a stand-in to the room."""

from __future__ import annotations

import select
import socket

from engine.remote.frames import Frame, Reader, encode


class GatewayClient:
    """Everything on it blocks but `hear`, which waits as long as it is told."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._reader = Reader()
        self.is_cut = False

    def say(self, kind: str, payload: bytes = b"", **facts: object) -> None:
        """Raises OSError when the room is gone."""
        self._connection.sendall(encode(kind, payload, **facts))

    def hear(self, seconds: float) -> list[Frame]:
        """Nothing, once it is cut. Raises ProtocolError."""
        ready, _, _ = select.select([self._connection], [], [], seconds)
        if not ready:
            return []
        try:
            data = self._connection.recv(1 << 20)
        except ConnectionError:
            data = b""
        self.is_cut = not data
        return self._reader.feed(data)

    def close(self) -> None:
        self._connection.close()


def connect(path: str) -> GatewayClient | None:
    """None where nobody listens."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        connection.connect(path)
    except OSError:
        connection.close()
        return None
    return GatewayClient(connection)
