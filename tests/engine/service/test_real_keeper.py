"""The service with the real keeper and a real worker."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from engine import store
from engine.client.client import Client
from engine.places import Places
from engine.protocol import CauseKind, Status
from engine.service.placement.gpus import NoGpus
from engine.service.server.service import Service
from tests.engine.service.live import connect, end_runs, reach, until
from tests.timeouts import quiet_seconds


@pytest.fixture(autouse=True)
def catalog(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTUI_EXTRA_CATALOG", "tests.fakes.catalog:CATALOG")


async def test_a_run_counts_is_paused_resumed_and_lost_with_its_keeper(places: Places) -> None:
    service = Service(places, driver=NoGpus())
    running = asyncio.create_task(service.run())
    await until(places.socket.exists)
    try:
        async with await connect(places) as service_client:
            made = await service_client.submit("counter", {"steps": 100_000, "seconds": 0.01})
            await _steps(service_client, made.id, 3)
            await service_client.set(made.id, "pace", 2.0)
            await service_client.pause(made.id)
            paused = await reach(service_client, made.id, Status.PAUSED)
            assert paused.checkpoint_step == paused.step and paused.checkpoints[-1].step == paused.step
            assert paused.live == {"pace": 2.0} and paused.total_steps == 100_000
            checked = await service_client.verify(made.id)
            assert checked and all(row["ok"] for row in checked)
            await service_client.resume(made.id)
            await _steps(service_client, made.id, paused.step + 2)
            keeper = store.read_keeper(store.folder_of(places, made.id))
            assert keeper is not None and keeper.attempt == 2
            os.kill(keeper.identity.pid, signal.SIGKILL)
            lost = await reach(service_client, made.id, Status.LOST)
            assert lost.cause is not None and lost.cause.kind is CauseKind.KEEPER_LOST
            assert lost.checkpoint_step == lost.step > paused.step
            assert keeper.worker is not None and not keeper.worker.is_alive()
    finally:
        service.stop()
        await running
        end_runs(places)


async def _steps(service_client: Client, run: str, step: int) -> None:
    deadline = quiet_seconds() + 60
    while (found := await service_client.show(run)).step < step:
        assert quiet_seconds() < deadline and not found.status.is_final, found
        await asyncio.sleep(0.03)
