"""A home with a real engine, used through commands as a person does."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock

from engine import process_identity, store
from engine.client.client import Client, connect
from engine.errors import EngineError
from engine.events import Event, replay
from engine.places import Places
from engine.process_identity import ProcessIdentity
from engine.protocol import summary_to_json
from tests.end_to_end.forked_commands import ForkedCommands, starts_alike
from tests.timeouts import LONG, quiet_seconds

ROOT = Path(__file__).parents[2]
SECONDS = 180.0
COMMANDS = ForkedCommands()
T = TypeVar("T")
ENDED = {"paused", "done", "stopped", "failed", "lost"}


@dataclass
class Home:
    places: Places
    environ: dict[str, str] = field(default_factory=dict)

    # --- through commands

    def dltui(self, *words: str, status: int | None = 0, text: str | None = None) -> str:
        """The output of the command; `status` None accepts any exit status."""
        done = self.call(*words, text=text)
        assert status is None or done.returncode == status, (
            f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
        )
        return done.stdout

    def call(self, *words: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        environ = self.full_environ()
        if starts_alike(environ):
            return COMMANDS.run(words, environ, text)
        return subprocess.run(
            [sys.executable, "-m", "tui", *words],
            cwd=ROOT, env=environ, capture_output=True, text=True, input=text, timeout=LONG,
        )  # fmt: skip

    def start(self, experiment: str, *, seed: int = 1, name: str = "", **params: object) -> str:
        """The id of a new run."""
        settings = [word for key, value in params.items() for word in ("--set", f"{key}={value}")]
        named = ["--name", name] if name else []
        return self.dltui("run", experiment, "--seed", str(seed), *named, *settings).strip()

    def show(self, run: str) -> dict[str, Any]:
        """As `show --json`, without starting a process."""
        return summary_to_json(self.ask(lambda client: client.show(run)))

    def ask(self, question: Callable[[Client], Awaitable[T]]) -> T:
        async def run() -> T:
            async with await connect(self.places) as client:
                return await question(client)

        with mock.patch.dict(os.environ, self.full_environ()):
            try:
                return asyncio.run(run())
            except EngineError:  # killed while it answered, as tests do
                return asyncio.run(run())

    def reach(self, run: str, *statuses: str) -> dict[str, Any]:
        """Wait until the run has one of the statuses."""
        return self.until(
            lambda: (found := self.show(run))["status"] in statuses and found, f"{statuses} of {run}"
        )

    def finish(self, run: str) -> dict[str, Any]:
        """Wait until the run is done, resuming it whenever it has ended otherwise."""
        while (found := self.reach(run, *ENDED))["status"] != "done":
            self.dltui("resume", run)
        return found

    # --- files and processes

    def events(self, run: str) -> list[Event]:
        return list(replay(store.folder_of(self.places, run).events))

    def steps_saved(self, run: str) -> int:
        """The highest step of the checkpoint events."""
        return max((e.facts["step"] for e in self.events(run) if e.kind == "checkpoint"), default=0)

    def until(self, condition: Callable[[], Any], what: str = "", seconds: float = SECONDS) -> Any:
        deadline = quiet_seconds() + seconds
        while not (found := condition()):
            assert quiet_seconds() < deadline, f"waited {seconds:g} s for {what}\n{self.log_tail()}"
            time.sleep(0.02)
        return found

    def log_tail(self) -> str:
        return self.places.log.read_text()[-3000:] if self.places.log.exists() else ""

    def service(self) -> ProcessIdentity | None:
        """The process that holds the lock of the engine, if it is alive."""
        try:
            return process_identity.of(int(json.loads(self.places.lock.read_bytes())["pid"]))
        except (OSError, ValueError):
            return None

    def keeper(self, run: str) -> ProcessIdentity | None:
        facts = store.read_keeper(store.folder_of(self.places, run))
        return facts.identity if facts and facts.identity.is_alive() else None

    def worker(self, run: str) -> ProcessIdentity | None:
        facts = store.read_keeper(store.folder_of(self.places, run))
        return facts.worker if facts and facts.worker and facts.worker.is_alive() else None

    def full_environ(self) -> dict[str, str]:
        return {
            **os.environ,
            "DLTUI_HOME": str(self.places.root),
            "DLTUI_EXTRA_CATALOG": "tests.fakes.catalog:CATALOG",
            "PYTHONPATH": str(ROOT),
            **self.environ,
        }

    def processes(self) -> list[int]:
        """Every living process whose environment names this home."""
        mark = f"DLTUI_HOME={self.places.root}".encode()
        return [
            pid
            for pid in _pids()
            if pid != os.getpid() and mark in _environ(pid) and process_identity.of(pid)
        ]

    def close(self) -> None:
        """Kill every process of this home."""
        for pid in self.processes():
            kill(process_identity.of(pid))


def kill(target: ProcessIdentity | None, number: int = signal.SIGKILL) -> bool:
    """False where the process has ended already."""
    if target is None or not target.is_alive():
        return False
    try:
        os.kill(target.pid, number)
    except ProcessLookupError:  # just now
        return False
    return True


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _environ(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []
