"""Executors: how they are named, and that runs of a remote one take no slots here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.errors import DltuiError, EngineError
from engine.places import Places
from engine.service.placement.executors import NOTHING, LocalExecutor, StartedKeeper, find_executor
from engine.service.placement.gpus import NoGpus
from engine.service.server.service import Service
from tests.engine.service.live import connect, end_runs, until
from tests.engine.service.sweeps.test_sweeps import wait_until_ended
from tests.fakes.service import fake_command


class RecordingExecutor(LocalExecutor):
    """Records the ids of the runs that it starts."""

    def start(
        self, folder: Path, attempt: int, device: str, withheld: Mapping[str, str] = NOTHING
    ) -> StartedKeeper:
        started.append(folder.name)
        return super().start(folder, attempt, device)


started: list[str] = []


def test_the_error_names_an_executor_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="expected one of local, got 'ray'"):
        find_executor({"local": LocalExecutor(tmp_path / "log")}, "ray")


def test_an_executor_may_have_an_address(tmp_path: Path) -> None:
    local = LocalExecutor(tmp_path / "log")
    assert find_executor({"ray": local}, "ray@10.0.0.5:6379") is local


async def test_without_ray_the_remedy_names_the_package_and_nothing_starts(places: Places) -> None:
    service = Service(places, driver=NoGpus(), elsewhere={})
    running = asyncio.create_task(service.run())
    await until(places.socket.exists)
    try:
        async with await connect(places) as client:
            with pytest.raises(DltuiError, match="has local, got 'ray@there:1'") as refused:
                await client.sweep_submit("mnist", ["lr=0.1,0.2"], executor="ray@there:1")
            assert "pip install 'dltui[ray]'" in refused.value.remedy
            assert not await client.sweeps()
            for executor, text in (
                ("ray", "has local, got 'ray'"),
                ("mars", "one of local, ray, got 'mars'"),
            ):
                with pytest.raises(DltuiError, match=f"executor: .*{text}"):
                    await client.submit("xor", executor=executor)
            assert not (await client.runs()).runs
    finally:
        service.stop()
        await running


async def test_a_run_on_another_executor_takes_no_slot_of_this_machine(places: Places) -> None:
    """Each of these runs would take all threads of this machine."""
    started.clear()
    service = Service(
        places, local=LocalExecutor(places.log, fake_command), driver=NoGpus(),
        elsewhere={"ray": RecordingExecutor(places.log, fake_command)},
    )  # fmt: skip
    running = asyncio.create_task(service.run())
    await until(places.socket.exists)
    try:
        async with await connect(places) as client:
            made = await client.sweep_submit(
                "mnist",
                ["lr=0.1,0.2,0.3,0.4,0.5"],
                {"epochs": 1000},
                executor="ray",
                metric="loss",
                goal="min",
            )
            await until(lambda: len(started) == 5)
            run = await client.submit("xor", {"epochs": 100_000}, executor="ray@there:1")
            assert run.spec.executor == "ray@there:1"
            await until(lambda: run.id in started)
            assert (await client.resources()).slots_used == 0
            await client.sweep_edit(made.id, "stop")
            await client.stop(run.id)
            await wait_until_ended(client, made.id)
    finally:
        service.stop()
        await running
        end_runs(places)


async def test_the_trials_of_a_sweep_start_on_its_executor(places: Places) -> None:
    started.clear()
    recording = RecordingExecutor(places.log, fake_command)
    service = Service(places, driver=NoGpus(), elsewhere={"ray": recording})
    running = asyncio.create_task(service.run())
    await until(places.socket.exists)
    try:
        async with await connect(places) as client:
            made = await client.sweep_submit(
                "mnist", ["lr=0.1,0.2"], {"epochs": 2}, executor="ray", metric="loss", goal="min"
            )
            assert dict((await wait_until_ended(client, made.id)).counts) == {"done": 2}
            rows = (await client.sweep_trials(made.id)).rows
            assert sorted(row.run for row in rows) == sorted(started)
            assert (await client.show(rows[0].run)).spec.executor == "ray"
    finally:
        service.stop()
        await running
        end_runs(places)
