"""A service for tests: in this process, or in a child process that can be killed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

from engine import store
from engine.client import client
from engine.client.client import Client
from engine.client.launch import is_listening
from engine.errors import CorruptRun, EngineError
from engine.places import Places
from engine.process_identity import ProcessIdentity
from engine.protocol import RunSummary, Status
from engine.service.placement.executors import LocalExecutor
from engine.service.placement.gpus import GpuDriver, NoGpus
from engine.service.server.service import Service
from tests.fakes.service import fake_command
from tests.timeouts import quiet_seconds

SCRIPT = Path(__file__).parents[2] / "fakes" / "service.py"
SECONDS = 120.0


@contextlib.asynccontextmanager
async def serving(places: Places, driver: GpuDriver | None = None) -> AsyncIterator[Service]:
    """A service in this event loop, with the fake keeper."""
    service = Service(places, local=LocalExecutor(places.log, fake_command), driver=driver or NoGpus())
    running = asyncio.create_task(service.run())
    try:
        await until(lambda: places.socket.exists() or running.done())
        yield service
    finally:
        service.stop()
        await running
        end_runs(places)


@contextlib.contextmanager
def process(places: Places, **environ: str) -> Iterator[subprocess.Popen[bytes]]:
    """A service in a child process, with the fake keeper; at the end it and its runs are killed."""
    started = start(places, **environ)
    try:
        yield started
    finally:
        started.kill()
        started.wait()
        end_runs(places)


def start(places: Places, **environ: str) -> subprocess.Popen[bytes]:
    began = subprocess.Popen(
        [sys.executable, str(SCRIPT)],
        env={**os.environ, "DLTUI_HOME": str(places.root), **environ},
        stderr=subprocess.PIPE,
    )
    deadline = quiet_seconds() + SECONDS
    while began.poll() is None and quiet_seconds() < deadline:
        if _holder(places) == began.pid and is_listening(places.socket):
            break
        time.sleep(0.005)
    return began


def _holder(places: Places) -> int:
    """The pid in the engine lock."""
    try:
        return int(json.loads(places.lock.read_bytes())["pid"])
    except (OSError, ValueError):
        return 0


async def until(condition: Callable[[], object], seconds: float = SECONDS) -> None:
    deadline = quiet_seconds() + seconds
    while not condition():
        assert quiet_seconds() < deadline, "waited too long"
        await asyncio.sleep(0.01)


async def reach(service_client: Client, run: str, *statuses: Status) -> RunSummary:
    """Wait until the run has one of the statuses."""
    deadline = quiet_seconds() + SECONDS
    while True:
        found = await service_client.show(run)
        if found.status in statuses:
            return found
        assert quiet_seconds() < deadline, f"{found.status} {found.state}, wanted {statuses}"
        await asyncio.sleep(0.03)


async def connect(places: Places) -> Client:
    """Connect, with retries while the service starts."""
    deadline = quiet_seconds() + SECONDS
    while True:
        try:
            return await client.connect(places, start=False)
        except EngineError:
            assert quiet_seconds() < deadline, places.log.read_text() if places.log.exists() else ""
            await asyncio.sleep(0.02)


def kill(target: ProcessIdentity | None) -> None:
    if target is not None and target.is_alive():
        with contextlib.suppress(ProcessLookupError):  # just now
            os.kill(target.pid, signal.SIGKILL)


def end_runs(places: Places) -> None:
    """Kill all keepers and workers."""
    for run_id in store.list_ids(places):
        try:
            keeper = store.read_keeper(store.folder_of(places, run_id))
        except CorruptRun:
            continue
        if keeper is not None:
            kill(keeper.identity)
            kill(keeper.worker)
