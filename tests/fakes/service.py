"""The service with the fake keeper, as a process: `python service.py`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from engine import places
from engine.service import __main__
from engine.service.placement.executors import LocalExecutor
from engine.service.runs import orphans
from engine.service.server import client_connection, lock
from engine.service.server import service as service_module
from engine.service.server.service import Service

KEEPER = Path(__file__).with_name("keeper.py")


def fake_command(folder: Path, attempt: int, device: str) -> list[str]:
    return [sys.executable, "-I", "-S", str(KEEPER), str(folder), str(attempt), "--device", device]


async def run() -> None:
    home = places.home()
    if named := os.environ.get("DLTUI_TEST_VERSION"):
        service_module.VERSION = named
    service = Service(home, local=LocalExecutor(home.log, fake_command))
    client_connection.DRAIN_SECONDS = float(
        os.environ.get("DLTUI_TEST_SLOW", client_connection.DRAIN_SECONDS)
    )
    service.cycle.orphan_timeout = float(os.environ.get("DLTUI_TEST_PATIENCE", orphans.TIMEOUT))
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, service.stop)
    loop.add_signal_handler(signal.SIGUSR1, service.rebind_socket)
    await service.run()


if __name__ == "__main__":
    os.umask(0o077)
    here = places.home()
    places.make_private(here.root)
    held = lock.acquire(here.lock)
    __main__.open_log(here.log)
    asyncio.run(run())
