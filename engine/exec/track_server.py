"""The socket through which the processes of a command send what dltui_track logs: lines of JSON."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from engine.exec.script_environment import TRACK_SOCKET

LINE_LIMIT = 8 * 1024 * 1024
CHUNK = 256 * 1024
MOST_CONNECTIONS = 256


class TrackServer:
    """Listens in the working folder, whose path may be longer than the address of a socket."""

    def __init__(
        self,
        folder: Path,
        on_message: Callable[[Mapping[str, Any]], None],
        on_damage: Callable[[str], None],
    ) -> None:
        """`folder` is the working folder. Raises OSError."""
        self.path = folder / TRACK_SOCKET
        self.connections: dict[int, TrackConnection] = {}
        self.on_message, self.on_damage = on_message, on_damage
        if os.path.lexists(TRACK_SOCKET):
            os.unlink(TRACK_SOCKET)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        self.listener.bind(TRACK_SOCKET)
        self.listener.listen(64)

    def accept(self) -> int | None:
        """The descriptor of the next connection; None where there is none."""
        try:
            made, _ = self.listener.accept()
        except OSError:
            return None
        if len(self.connections) >= MOST_CONNECTIONS:
            made.close()
            self.on_damage(f"More than {MOST_CONNECTIONS} processes log at once: the others are left out.")
            return None
        made.setblocking(False)
        self.connections[made.fileno()] = TrackConnection(made)
        return made.fileno()

    def receive(self, fd: int) -> bool:
        """Handle what has arrived; False, and the connection is closed, at its end."""
        connection = self.connections[fd]
        try:
            data = connection.socket.recv(CHUNK)
        except BlockingIOError:
            return True
        except OSError:
            data = b""
        if data and self._handle(connection, data):
            return True
        connection.socket.close()
        del self.connections[fd]
        return False

    def _handle(self, connection: TrackConnection, data: bytes) -> bool:
        """False for a process that sends no lines of JSON."""
        for line in connection.lines(data):
            if not line:
                continue
            try:
                message = json.loads(line)
            except (ValueError, RecursionError):
                message = None
            if not isinstance(message, dict):
                self.on_damage("A process of the command sent what dltui_track does not send.")
                return False
            self.on_message(message)
        if connection.pending > LINE_LIMIT:
            self.on_damage(f"A process of the command sent a message of more than {LINE_LIMIT >> 20} MB.")
            return False
        return True

    def drain(self) -> None:
        """Take all that has arrived; the command has ended."""
        while self.accept() is not None:
            pass
        for fd in list(self.connections):
            connection = self.connections[fd]
            while fd in self.connections and _is_readable(connection.socket):
                self.receive(fd)

    def close(self) -> None:
        for connection in self.connections.values():
            connection.socket.close()
        self.listener.close()
        try:
            os.unlink(TRACK_SOCKET)
        except OSError:
            pass  # removed meanwhile


class TrackConnection:
    """One process of the command."""

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        self.pending = 0
        """bytes of a line that is not complete"""
        self._parts: list[bytes] = []

    def lines(self, data: bytes) -> list[bytes]:
        """The lines that `data` completes."""
        head, newline, rest = data.partition(b"\n")
        if not newline:
            self._parts.append(data)
            self.pending += len(data)
            return []
        *others, partial = rest.split(b"\n")
        first = b"".join([*self._parts, head])
        self._parts, self.pending = [partial], len(partial)
        return [first, *others]


def _is_readable(connection: socket.socket) -> bool:
    """Whether bytes, or the end, have arrived."""
    try:
        connection.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
