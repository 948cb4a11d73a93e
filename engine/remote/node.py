"""`python -m engine.remote.node DEVICE`: trains a run on this machine for a proxy worker on another.

stdin carries the bundle of the run, then commands; its end ends the run. The run trains in a temporary home
with a keeper and a worker of its own; the files that they write are sent through stdout.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

from engine import files, store
from engine.errors import CorruptRun, DltuiError, EngineError
from engine.keeper import arguments, command_pipe, prctl
from engine.keeper.command_pipe import NoReader
from engine.protocol import Json
from engine.remote import temporary_home
from engine.remote.data_fingerprint import EXPECTED_DATA
from engine.remote.messages import Frame, FrameReader, encode
from engine.remote.received_files import IncomingFiles
from engine.remote.sent_files import OutgoingFiles
from engine.remote.temporary_home import TemporaryHome
from engine.store import RunFolder
from engine.typed_json import to_json
from engine.version import VERSION

POLL_SECONDS = 0.1
EXIT_SECONDS = 60.0
"""a worker may take to save and exit once its keeper is gone"""


def main(argv: list[str]) -> int:
    out = os.dup(1)
    os.dup2(2, 1)  # stdout carries frames only
    node = RemoteNode(out, argv[0])
    try:
        with temporary_home.create() as home:
            node.run(home)
    except BrokenPipeError:
        return 1  # the other end is gone
    except (OSError, DltuiError) as error:
        node.send_end(
            "failed", {"kind": "error", "text": f"On {socket.gethostname()}: {error}", "remedy": ""}
        )
    return 0


class RemoteNode:
    def __init__(self, out: int, device: str) -> None:
        self._out, self._device = out, device
        self._reader = FrameReader()
        self._is_closed = False
        """the other end is gone"""
        self._keeper: subprocess.Popen[bytes] | None = None
        self._attempt = 1
        self._data = ""
        """fingerprint and title of the data to train on; empty if unknown"""
        self._commands: list[Json] = []
        """for the keeper, which may not be listening yet"""

    def run(self, home: TemporaryHome) -> None:
        """Raises OSError and DltuiError."""
        folder = self._unpack(home)
        if folder is None:
            return
        outgoing = OutgoingFiles(folder)
        self._send(encode("begun", host=socket.gethostname(), folder=str(folder.path)))
        self._keeper = self._start(folder)
        if self._device != "cpu":
            from engine.remote import node_gpus

            node_gpus.start(folder.path.parent.parent)
        while self._is_running(folder) and not self._is_closed:
            for frame in self._receive(POLL_SECONDS):
                self._handle(frame)
            self._forward_commands(folder)
            self._send_all(outgoing.frames())
        if self._is_closed:
            self._shut_down(folder)
        else:
            while self._send_all(outgoing.frames()):
                pass
            self._send_exit(folder)

    def send_end(self, status: str, cause: Json, number: int | None = None) -> None:
        """`number` is the signal that killed the worker, if any."""
        try:
            self._send(encode("end", status=status, cause=cause, signal=number))
        except OSError:
            pass  # the other end is gone

    # --- incoming -------------------------------------------------------------------------------------------

    def _unpack(self, home: TemporaryHome) -> RunFolder | None:
        """None if the other end went away. Raises OSError and DltuiError."""
        incoming = IncomingFiles(home.unpacking)
        while not self._is_closed:
            for frame in self._receive(1.0):
                if frame.kind == "go":
                    incoming.close()
                    if (theirs := str(frame.facts.get("edition"))) != VERSION:
                        text = f"dltui {VERSION} is installed, expected {theirs}."
                        raise EngineError(text, "Install the same on every node.")
                    self._attempt = int(frame.facts["attempt"])
                    self._data = str(frame.facts.get("data") or "")
                    return home.move_to_runs(str(frame.facts["run"]))
                incoming.apply(frame)
        return None

    def _receive(self, seconds: float) -> list[Frame]:
        ready, _, _ = select.select([0], [], [], seconds)
        if not ready:
            return []
        data = os.read(0, 1 << 20)
        self._is_closed = not data
        return self._reader.feed(data)

    def _handle(self, frame: Frame) -> None:
        if frame.kind == "orphan":
            self._kill_keeper()
        elif frame.kind == "word" and isinstance(frame.facts.get("word"), dict):
            self._commands.append(frame.facts["word"])

    def _forward_commands(self, folder: RunFolder) -> None:
        while self._commands:
            try:
                command_pipe.send_command(folder.control, self._commands[0])
            except NoReader:
                return  # its keeper is starting or exiting
            del self._commands[0]

    # --- the keeper -----------------------------------------------------------------------------------------

    def _start(self, folder: RunFolder) -> subprocess.Popen[bytes]:
        """To be called from the main thread: the keeper is signalled when the thread that started it ends."""
        command = arguments.command(folder.path, self._attempt, python=sys.executable, device=self._device)
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=2,
            env={**os.environ, EXPECTED_DATA: self._data},
            preexec_fn=lambda: prctl.die_with_parent(signal.SIGTERM),
        )

    def _is_running(self, folder: RunFolder) -> bool:
        assert self._keeper is not None
        return self._keeper.poll() is None or files.is_locked(folder.lock)

    def _kill_keeper(self) -> None:
        """The keeper at the other end died: kill this one, so that the worker saves and exits."""
        assert self._keeper is not None
        self._keeper.kill()

    def _shut_down(self, folder: RunFolder) -> None:
        self._kill_keeper()
        deadline = time.monotonic() + EXIT_SECONDS
        while self._is_running(folder) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)

    # --- outgoing -------------------------------------------------------------------------------------------

    def _send_all(self, frames: Iterator[bytes]) -> int:
        count = 0
        for frame in frames:
            self._send(frame)
            count += 1
        return count

    def _send(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._out, view) :]

    def _send_exit(self, folder: RunFolder) -> None:
        try:
            ended = store.read_exit(folder)
        except CorruptRun:
            ended = None
        if ended is None:
            text = f"Its keeper on {socket.gethostname()} was killed."
            self.send_end("lost", {"kind": "keeper_lost", "text": text, "remedy": ""})
        else:
            facts = to_json(ended)
            self.send_end(str(ended.status), {**facts["cause"], "kind": str(ended.cause.kind)}, ended.signal)


if __name__ == "__main__":
    sys.exit(main([*sys.argv[1:], "cpu"]))
