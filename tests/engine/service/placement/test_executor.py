"""The seam between the queue and a place to train."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.errors import DltuiError, EngineError
from engine.places import Places
from engine.service.placement.executor import named
from engine.service.placement.gpus import NoGpus
from engine.service.placement.local_executor import LocalExecutor, Starting
from engine.service.server.service import Service
from tests.engine.service.live import connect, end_runs, until
from tests.engine.service.sweeps.test_sweeps import over
from tests.fakes.service import fake_command


class Faraway(LocalExecutor):
    """Another place, which counts what it starts."""

    def start(self, folder: Path, attempt: int, device: str) -> Starting:
        started.append(folder.name)
        return super().start(folder, attempt, device)


started: list[str] = []


def test_an_executor_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="expected one of local, got 'ray'"):
        named({"local": LocalExecutor(tmp_path / "log")}, "ray")


def test_an_executor_may_be_told_where(tmp_path: Path) -> None:
    here = LocalExecutor(tmp_path / "log")
    assert named({"ray": here}, "ray@10.0.0.5:6379") is here


async def test_without_ray_its_remedy_is_said_and_nothing_starts(places: Places) -> None:
    service = Service(places, driver=NoGpus(), elsewhere={})
    running = asyncio.create_task(service.run())
    await until(places.socket.exists)
    try:
        async with await connect(places) as talk:
            with pytest.raises(DltuiError, match="has local, got 'ray@there:1'") as refused:
                await talk.sweep_submit("mnist", ["lr=0.1,0.2"], executor="ray@there:1")
            assert "pip install 'dltui[ray]'" in refused.value.remedy
            assert not await talk.sweeps()
            for executor, words in (
                ("ray", "has local, got 'ray'"),
                ("mars", "one of local, ray, got 'mars'"),
            ):
                with pytest.raises(DltuiError, match=f"executor: .*{words}"):
                    await talk.submit("xor", executor=executor)
            assert not (await talk.runs()).runs
    finally:
        service.leave()
        await running


async def test_what_trains_elsewhere_takes_no_place_here(places: Places) -> None:
    """One of these takes all the threads of this machine."""
    started.clear()
    service = Service(
        places, local=LocalExecutor(places.log, fake_command), driver=NoGpus(),
        elsewhere={"ray": Faraway(places.log, fake_command)},
    )  # fmt: skip
    running = asyncio.create_task(service.run())
    await until(places.socket.exists)
    try:
        async with await connect(places) as talk:
            made = await talk.sweep_submit(
                "mnist",
                ["lr=0.1,0.2,0.3,0.4,0.5"],
                {"epochs": 1000},
                executor="ray",
                metric="loss",
                goal="min",
            )
            await until(lambda: len(started) == 5)
            run = await talk.submit("xor", {"epochs": 100_000}, executor="ray@there:1")
            assert run.spec.executor == "ray@there:1"
            await until(lambda: run.id in started)
            assert (await talk.resources()).slots_used == 0
            await talk.sweep_edit(made.id, "stop")
            await talk.stop(run.id)
            await over(talk, made.id)
    finally:
        service.leave()
        await running
        end_runs(places)


async def test_a_sweep_trains_where_its_executor_is(places: Places) -> None:
    started.clear()
    far = Faraway(places.log, fake_command)
    service = Service(places, driver=NoGpus(), elsewhere={"ray": far})
    running = asyncio.create_task(service.run())
    await until(places.socket.exists)
    try:
        async with await connect(places) as talk:
            made = await talk.sweep_submit(
                "mnist", ["lr=0.1,0.2"], {"epochs": 2}, executor="ray", metric="loss", goal="min"
            )
            assert dict((await over(talk, made.id)).counts) == {"done": 2}
            rows = (await talk.sweep_trials(made.id)).rows
            assert sorted(row.run for row in rows) == sorted(started)
            assert (await talk.show(rows[0].run)).spec.executor == "ray"
    finally:
        service.leave()
        await running
        end_runs(places)
