"""A gateway without Ray: each run goes to a node process of its own, through pipes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

from engine.remote.messages import Frame, FrameReader, encode

CHUNK = 1 << 12
"""bytes of one write to the socket"""
NODE = (sys.executable, "-m", "engine.remote.node", "cpu")


@dataclass
class PipeGateway:
    path: Path
    command: tuple[str, ...] = NODE
    refuses: str = ""
    """the reason with which every run is refused"""
    is_terse: bool = False
    """the last data of a node and its end are sent together"""
    nodes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    jobs: list[Frame] = field(default_factory=list)

    def open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(self.path))
        self._server.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._server.close()
        for node in self.nodes:
            node.kill()
            node.wait()

    def kill_node(self) -> None:
        self.nodes[-1].send_signal(signal.SIGKILL)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        node = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert node.stdin is not None
        reader = FrameReader()
        try:
            while data := connection.recv(1 << 16):
                for frame in reader.feed(data):
                    self._handle(frame, node, connection)
        except OSError:
            pass  # either end is gone
        node.stdin.close()

    def _handle(self, frame: Frame, node: subprocess.Popen[bytes], connection: socket.socket) -> None:
        assert node.stdin is not None
        if frame.kind in ("parcel", "word"):
            node.stdin.write(frame.payload)
            node.stdin.flush()
        elif frame.kind == "job":
            self.jobs.append(frame)
        elif self.refuses:
            connection.sendall(encode("refused", text=self.refuses, remedy="Try another."))
        else:
            self.nodes.append(node)
            threading.Thread(target=self._forward, args=(node, connection), daemon=True).start()

    def _forward(self, node: subprocess.Popen[bytes], connection: socket.socket) -> None:
        assert node.stdout is not None
        last = b""
        try:
            while data := os.read(node.stdout.fileno(), CHUNK):
                connection.sendall(last)
                last = encode("data", data)
                if not self.is_terse:
                    connection.sendall(last)
                    last = b""
            killed = node.wait() < 0
            connection.sendall(
                last + (encode("lost", text="The node was lost.") if killed else encode("over"))
            )
        except OSError:
            pass  # the proxy worker is gone
