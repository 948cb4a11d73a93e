"""A run folder with a real keeper process."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.files import write_json
from engine.keeper.arguments import command
from engine.keeper.stop_sequence import GracePeriods
from engine.protocol import Spec
from engine.store import ExitFacts, KeeperFacts, RunFolder, read_exit, read_keeper
from engine.typed_json import to_json
from tests.engine.keeper import fakes
from tests.timeouts import LONG, quiet_seconds

PATIENCE = 120.0
QUICK = GracePeriods(0.1, 0.1)


@dataclass(slots=True)
class KeptRun:
    folder: RunFolder
    process: subprocess.Popen[bytes]

    def finish(self) -> int:
        return self.process.wait(LONG)

    def error(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.read().decode()

    def exit(self) -> ExitFacts:
        """exit.json, once the keeper has ended."""
        assert self.finish() == 0
        found = read_exit(self.folder)
        assert found is not None
        return found

    def facts(self) -> KeeperFacts:
        found = read_keeper(self.folder)
        assert found is not None
        return found

    def send(self, **command: object) -> None:
        self.write(json.dumps(command).encode() + b"\n")

    def write(self, data: bytes) -> None:
        fd = os.open(self.folder.control, os.O_WRONLY | os.O_NONBLOCK)
        try:
            os.write(fd, data)
        finally:
            os.close(fd)

    def wait_for(self, name: str) -> Path:
        path = self.folder.path / name
        until(path.exists)
        return path


def until(is_true: Callable[[], bool]) -> None:
    deadline = quiet_seconds() + PATIENCE
    while not is_true():
        assert quiet_seconds() < deadline, "it did not come true in time"
        time.sleep(0.005)


def make_folder(place: Path) -> RunFolder:
    path = place / "run"
    path.mkdir(mode=0o700)
    spec = Spec(
        id="run", experiment="xor", params={}, seed=1, name="", framework="torch",
        threads=1, device="cpu", created_at=0.0,
    )  # fmt: skip
    write_json(path / "spec.json", to_json(spec))
    return RunFolder(path)


@contextlib.contextmanager
def keeping(
    folder: RunFolder,
    python: str,
    *,
    attempt: int = 1,
    grace_periods: GracePeriods | None = None,
    environ: dict[str, str] | None = None,
) -> Iterator[KeptRun]:
    """A keeper, killed with its worker when the test is over."""
    line = command(folder.path, attempt, python=python, grace_periods=grace_periods)
    line[0] = sys.executable
    process = subprocess.Popen(
        line, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, env={**os.environ, **(environ or {})}
    )
    run = KeptRun(folder, process)
    try:
        yield run
    finally:
        process.kill()
        process.wait()
        _end_worker(run)
        assert process.stderr is not None
        process.stderr.close()


def _end_worker(run: KeptRun) -> None:
    """Not that of another keeper of the folder."""
    facts = read_keeper(run.folder)
    is_own = facts is not None and facts.identity.pid == run.process.pid
    if facts and is_own and facts.worker and facts.worker.is_alive():
        os.killpg(facts.worker.pid, signal.SIGKILL)


@contextlib.contextmanager
def run_of(
    fake: str,
    place: Path,
    *,
    grace_periods: GracePeriods | None = None,
    environ: dict[str, str] | None = None,
) -> Iterator[KeptRun]:
    """A new run whose worker is the fake of that name."""
    with keeping(
        make_folder(place), fakes.write(fake, place), grace_periods=grace_periods, environ=environ
    ) as run:
        yield run
