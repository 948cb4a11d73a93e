"""A keeper and its worker in one small script: it uses the files of a run folder and trains nothing.

It makes `epochs` steps and waits between them until there is a file `hurry` in the home. The name of the run
changes what it does: `fast` does not wait between steps, `stubborn` obeys no command, `unstartable` exits
before it claims the run. The worker is a forked child that holds the run lock, as a real one does, and exits
when the keeper dies.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from engine import process_identity, store
from engine.events import EventWriter
from engine.keeper.claim import AttemptExists, Claim, RunLocked, acquire
from engine.keeper.command_pipe import CommandPipe, open_fifo
from engine.protocol import Cause, CauseKind, Status
from engine.store import ExitFacts, RunFolder

STEP_SECONDS = 0.02


class Worker:
    """Steps at a fixed rate, a checkpoint every ten; obeys commands, exits when the keeper is gone."""

    def __init__(self, folder: RunFolder, wire: int) -> None:
        self.spec = store.read_spec(folder)
        self.folder, self.wire, self.commands = folder, wire, CommandPipe()
        self.name = self.spec.name
        self.pace = 0.0 if "fast" in self.name else STEP_SECONDS
        self.hurry = folder.path.parent.parent / "hurry"
        self.events = EventWriter(folder.events)
        self.step = self._saved()

    def _saved(self) -> int:
        try:
            return max((int(name[5:]) for name in os.listdir(self.folder.checkpoints)), default=0)
        except FileNotFoundError:
            return 0

    def train(self) -> Status:
        total = int(self.spec.params["epochs"])
        self.events.append("started", total_steps=total, device="cpu", attempt=0)
        if self.step:
            self.events.append("restored", step=self.step)
        while self.step < total:
            self.step += 1
            self.events.append("metrics", series={"loss": [[self.step], [1 / self.step]]})
            self.folder.beat.touch()
            command = self._read_command()
            if self.step % 10 == 0 or command:
                self._save()
            if command and "stubborn" not in self.name:
                return self._end(Status.PAUSED if command == "pause" else Status.STOPPED)
        return self._end(Status.DONE)

    def _end(self, status: Status) -> Status:
        cause = {"kind": "finished" if status is Status.DONE else "user_stop", "text": str(status)}
        if status is not Status.STOPPED:
            self.events.append("ended", status=str(status), cause=cause)
        self.events.close()
        return status

    def _save(self) -> None:
        (self.folder.checkpoints / f"step-{self.step:08d}").mkdir(parents=True, exist_ok=True)
        self.events.append("checkpoint", step=self.step, path="", weights_sha256="0" * 64, bytes=1)

    def _read_command(self) -> str:
        """`pause`, `stop` or none; at the end of the pipe `gone`: the keeper died."""
        if self.hurry.exists():
            self.pace = 0.0
        ready, _, _ = select.select([self.wire], [], [], self.pace)
        if not ready:
            return ""
        data = os.read(self.wire, 4096)
        if not data:
            time.sleep(self.pace)
            return "gone"
        for command in self.commands.feed(data):
            if command["word"] == "set":
                self.events.append("set", step=self.step, name=command["name"], value=command["value"])
            else:
                return str(command["word"])
        return ""


def main() -> int:
    folder, attempt = RunFolder(Path(sys.argv[1])), int(sys.argv[2])
    if "unstartable" in store.read_spec(folder).name:
        return 7
    try:
        claim = acquire(folder, attempt)
    except RunLocked:
        return 3
    except AttemptExists:
        return 4
    claim.record_start()
    control = open_fifo(folder.control)
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(write)
        os.close(control)
        os.setpgid(0, 0)
        status = Worker(folder, read).train()
        os._exit(list(Status).index(status))
    os.close(read)
    claim.record_worker(process_identity.of(pid))
    return conclude(claim, watch(claim, control, write, pid))


def watch(claim: Claim, control: int, wire: int, pid: int) -> int:
    """The wait status of the worker."""
    commands = CommandPipe()
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return status
        ready, _, _ = select.select([control], [], [], 0.01)
        for command in commands.feed(os.read(control, 4096)) if ready else []:
            if command["word"] in ("pause", "stop"):
                claim.record_request(str(command["word"]))
            try:
                os.write(wire, json.dumps(command).encode() + b"\n")
            except BrokenPipeError:
                pass  # it has just left


def conclude(claim: Claim, waited: int) -> int:
    claim.release()
    if os.WIFSIGNALED(waited):
        number = os.WTERMSIG(waited)
        cause = Cause(CauseKind.SIGNAL, f"killed by {signal.Signals(number).name}")
        claim.write_exit(ExitFacts(claim.facts.attempt, Status.FAILED, cause, time.time(), signal=number))
        return 0
    status = list(Status)[os.waitstatus_to_exitcode(waited)]
    kinds = {Status.DONE: CauseKind.FINISHED, Status.PAUSED: CauseKind.PAUSED}
    cause = Cause(kinds.get(status, CauseKind.USER_STOP), str(status))
    claim.write_exit(ExitFacts(claim.facts.attempt, status, cause, time.time(), code=0))
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    sys.exit(main())
