"""`python -m engine.remote.node DEVICE`: a run on this machine for somebody far away.

What comes in through stdin is a run, then words for it; the end of stdin is the end of the run. It trains in
a temporary folder, with a keeper and a worker as any other; what they write goes out through stdout.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from engine import store
from engine.errors import CorruptRun, DltuiError, EngineError
from engine.keeper import arguments, prctl
from engine.protocol import Json
from engine.remote import bundle, temporary_home
from engine.remote.frames import Frame, Reader, encode
from engine.remote.incoming import IncomingFiles
from engine.remote.named_data import VARIABLE
from engine.remote.outgoing import OutgoingFiles
from engine.remote.temporary_home import TemporaryHome
from engine.service.runs import keeper_commands
from engine.service.runs.keeper_commands import NoReader
from engine.store import RunFolder

LOOK_SECONDS = 0.1
LEAVE_SECONDS = 60.0
"""that a worker gets to save and leave once its keeper is gone"""


def main(words: list[str]) -> int:
    out = os.dup(1)
    os.dup2(2, 1)  # what anything prints is no frame
    node = RemoteNode(out, words[0])
    try:
        with temporary_home.take() as place:
            node.work(place)
    except BrokenPipeError:
        return 1  # nobody listens any more
    except (OSError, DltuiError) as error:
        node.tell_end(
            "failed", {"kind": "error", "text": f"On {socket.gethostname()}: {error}", "remedy": ""}
        )
    return 0


class RemoteNode:
    def __init__(self, out: int, device: str) -> None:
        self._out, self._device = out, device
        self._reader = Reader()
        self._is_cut = False
        """nobody is at the other end"""
        self._keeper: subprocess.Popen[bytes] | None = None
        self._attempt = 1
        self._data = ""
        """the fingerprint and the title of what it has to train on, where that is known"""
        self._words: list[Json] = []
        """for the keeper, which may not listen yet"""

    def work(self, place: TemporaryHome) -> None:
        """Raises OSError and DltuiError."""
        folder = self._unpack(place)
        if folder is None:
            return
        growth = OutgoingFiles(folder)
        self._send(encode("begun", host=socket.gethostname(), folder=str(folder.path)))
        self._keeper = self._start(folder)
        while self._is_at_work(folder) and not self._is_cut:
            for frame in self._hear(LOOK_SECONDS):
                self._obey(frame)
            self._pass_on(folder)
            self._ship(growth.frames())
        if self._is_cut:
            self._leave(folder)
        else:
            while self._ship(growth.frames()):
                pass
            self._tell_exit(folder)

    def tell_end(self, status: str, cause: Json, number: int | None = None) -> None:
        """`number` is the signal that the worker died of, if it did."""
        try:
            self._send(encode("end", status=status, cause=cause, signal=number))
        except OSError:
            pass  # nobody listens any more

    # --- what comes in --------------------------------------------------------------------------------------

    def _unpack(self, place: TemporaryHome) -> RunFolder | None:
        """None when the other end went away. Raises OSError and DltuiError."""
        copy = IncomingFiles(place.unpacking)
        while not self._is_cut:
            for frame in self._hear(1.0):
                if frame.kind == "go":
                    copy.close()
                    _check_edition(str(frame.facts.get("edition")))
                    self._attempt = int(frame.facts["attempt"])
                    self._data = str(frame.facts.get("data") or "")
                    return place.settle(str(frame.facts["run"]))
                copy.take(frame)
        return None

    def _hear(self, seconds: float) -> list[Frame]:
        ready, _, _ = select.select([0], [], [], seconds)
        if not ready:
            return []
        data = os.read(0, 1 << 20)
        self._is_cut = not data
        return self._reader.feed(data)

    def _obey(self, frame: Frame) -> None:
        if frame.kind == "orphan":
            self._orphan()
        elif frame.kind == "word" and isinstance(frame.facts.get("word"), dict):
            self._words.append(frame.facts["word"])

    def _pass_on(self, folder: RunFolder) -> None:
        while self._words:
            try:
                keeper_commands.send(folder.control, self._words[0])
            except NoReader:
                return  # its keeper is just starting, or just leaving
            del self._words[0]

    # --- the keeper -----------------------------------------------------------------------------------------

    def _start(self, folder: RunFolder) -> subprocess.Popen[bytes]:
        """From the main thread: the keeper hears of the death of the thread that started it."""
        command = arguments.command(folder.path, self._attempt, python=sys.executable, device=self._device)
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=2,
            env={**os.environ, VARIABLE: self._data},
            preexec_fn=lambda: prctl.die_with_parent(signal.SIGTERM),
        )

    def _is_at_work(self, folder: RunFolder) -> bool:
        assert self._keeper is not None
        return self._keeper.poll() is None or _is_held(folder.lock)

    def _orphan(self) -> None:
        """The keeper at the other end died: so does this one, and the worker saves and exits."""
        assert self._keeper is not None
        self._keeper.kill()

    def _leave(self, folder: RunFolder) -> None:
        self._orphan()
        deadline = time.monotonic() + LEAVE_SECONDS
        while self._is_at_work(folder) and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)

    # --- what goes out --------------------------------------------------------------------------------------

    def _ship(self, frames: Iterator[bytes]) -> int:
        count = 0
        for frame in frames:
            self._send(frame)
            count += 1
        return count

    def _send(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._out, view) :]

    def _tell_exit(self, folder: RunFolder) -> None:
        try:
            ended = store.read_exit(folder)
        except CorruptRun:
            ended = None
        if ended is None:
            text = f"Its keeper on {socket.gethostname()} was killed."
            self.tell_end("lost", {"kind": "keeper_lost", "text": text, "remedy": ""})
        else:
            said = store.exit_to_json(ended)
            self.tell_end(str(ended.status), {**said["cause"], "kind": str(ended.cause.kind)}, ended.signal)


def _is_held(lock: Path) -> bool:
    """By a worker that outlives its keeper."""
    if not lock.exists():
        return False
    with lock.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _check_edition(theirs: str) -> None:
    mine = bundle.edition()
    if mine != theirs:
        raise EngineError(f"dltui {mine} is installed, expected {theirs}.", "Install the same on every node.")


if __name__ == "__main__":
    sys.exit(main([*sys.argv[1:], "cpu"]))
