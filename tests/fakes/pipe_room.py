"""A room without Ray: each run that is handed in goes to a process of the node, through pipes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

from engine.remote.frames import Frame, Reader, encode

PIECE = 1 << 12
"""bytes that a socket takes and gives in one piece"""
NODE = (sys.executable, "-m", "engine.remote.node", "cpu")


@dataclass
class PipeRoom:
    path: Path
    command: tuple[str, ...] = NODE
    refuses: str = ""
    """why it takes nothing"""
    is_terse: bool = False
    """the last that a node says, and that it is over, arrive together"""
    nodes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    jobs: list[Frame] = field(default_factory=list)

    def open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(self.path))
        self._server.listen()
        threading.Thread(target=self._welcome, daemon=True).start()

    def close(self) -> None:
        self._server.close()
        for node in self.nodes:
            node.kill()
            node.wait()

    def kill_node(self) -> None:
        self.nodes[-1].send_signal(signal.SIGKILL)

    def _welcome(self) -> None:
        while True:
            try:
                visitor, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._attend, args=(visitor,), daemon=True).start()

    def _attend(self, visitor: socket.socket) -> None:
        node = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert node.stdin is not None
        reader = Reader()
        try:
            while data := visitor.recv(1 << 16):
                for frame in reader.feed(data):
                    self._obey(frame, node, visitor)
        except OSError:
            pass  # either end is gone
        node.stdin.close()

    def _obey(self, frame: Frame, node: subprocess.Popen[bytes], visitor: socket.socket) -> None:
        assert node.stdin is not None
        if frame.kind in ("parcel", "word"):
            node.stdin.write(frame.payload)
            node.stdin.flush()
        elif frame.kind == "job":
            self.jobs.append(frame)
        elif self.refuses:
            visitor.sendall(encode("refused", text=self.refuses, remedy="Try another."))
        else:
            self.nodes.append(node)
            threading.Thread(target=self._pump, args=(node, visitor), daemon=True).start()

    def _pump(self, node: subprocess.Popen[bytes], visitor: socket.socket) -> None:
        assert node.stdout is not None
        last = b""
        try:
            while data := os.read(node.stdout.fileno(), PIECE):
                visitor.sendall(last)
                last = encode("data", data)
                if not self.is_terse:
                    visitor.sendall(last)
                    last = b""
            killed = node.wait() < 0
            visitor.sendall(last + (encode("lost", text="The node was lost.") if killed else encode("over")))
        except OSError:
            pass  # the stand-in is gone
