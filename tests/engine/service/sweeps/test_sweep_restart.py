"""The service is killed during sweeps: no trial is lost, none is created twice."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal

import pytest

from engine import store
from engine.client.client import Client
from engine.places import Places
from engine.service.sweeps import journal, sweep_folder
from engine.sweep_protocol import SweepStatus, TrialQuery
from engine.typed_json import to_json
from tests.chaos import scaled
from tests.engine.service.live import connect, end_runs, process, start
from tests.engine.service.sweeps.sweep_cases import submitted_spec
from tests.timeouts import quiet_seconds

SECONDS = 300.0
AXES = ["lr=0.1,0.2,0.3,0.4", "batch=10,20,30"]


@pytest.mark.long
@pytest.mark.parametrize("sampler", ["grid", "random", "tpe"])
async def test_no_trial_is_lost_and_none_doubled_by_killing_services(places: Places, sampler: str) -> None:
    chance = random.Random(sampler)
    made = ""
    deadline = quiet_seconds() + SECONDS
    kills = 0
    try:
        while kills < scaled(60):
            service = start(places)
            client = await connect(places)
            if not made:
                made = await _submitted(client, sampler)
            await asyncio.sleep(chance.uniform(0.02, 0.5))
            os.kill(service.pid, signal.SIGKILL)
            kills += 1
            await asyncio.to_thread(service.wait)
            await client.aclose()
        with process(places):
            async with await connect(places) as client:
                while (found := await client.sweep_show(made)).status is not SweepStatus.DONE:
                    assert quiet_seconds() < deadline, found
                    await asyncio.sleep(0.1)
                rows = (await client.sweep_trials(made, TrialQuery())).rows
                assert found.counts == {"done": 12} and [row.trial for row in rows] == list(range(1, 13))
                assert len({json.dumps(row.params) for row in rows}) == 12 or sampler == "tpe"
                assert sorted(row.run for row in rows) == store.list_ids(places)
                assert (await client.runs()).total == 12
    finally:
        end_runs(places)


async def _submitted(client: Client, sampler: str) -> str:
    made = await client.sweep_submit(
        "mnist", AXES, {"epochs": 40}, sampler=sampler, trials=12, metric="loss", goal="min",
        parallel=2,
    )  # fmt: skip
    return made.id


async def test_a_request_sent_twice_creates_one_sweep(places: Places) -> None:
    with process(places):
        async with await connect(places) as client:
            facts = {"experiment": "mnist", "axes": AXES, "params": {"epochs": 1}, "token": "t-1"}
            first = await client.request("sweep_submit", **facts)
            second = await client.request("sweep_submit", **facts)
            assert first["sweep"]["id"] == second["sweep"]["id"]
            assert len(await client.sweeps()) == 1


def test_a_trial_that_was_recorded_without_a_run_gets_one_from_the_next_service(places: Places) -> None:
    """The journal ends as after a crash between recording the trial and creating its run."""
    spec = submitted_spec("lr=0.1,0.2", params={"epochs": 3}, metric="loss", goal="min")
    folder = sweep_folder.create(places, to_json(spec), spec.id)
    run_id = store.new_id("mnist", 1.7e9)
    journal.append(
        folder.journal,
        [{"kind": "asked", "trial": 1, "config": 1, "params": {"lr": 0.1}, "seed": 1, "point": 0,
          "run": run_id, "created_at": 1.7e9}],
    )  # fmt: skip
    with folder.journal.open("ab") as file:
        file.write(b'{"at":1.0,"kind":"beg')

    async def finish() -> None:
        with process(places):
            async with await connect(places) as client:
                deadline = quiet_seconds() + SECONDS
                while (found := await client.sweep_show(spec.id)).status is not SweepStatus.DONE:
                    assert quiet_seconds() < deadline, found
                    await asyncio.sleep(0.05)
                rows = (await client.sweep_trials(spec.id)).rows
                assert rows[0].run == run_id and len(rows) == 2

    asyncio.run(finish())
    assert len(store.list_ids(places)) == 2


async def test_a_sweep_at_rest_is_listed_from_its_summary_and_opened_from_its_journal(places: Places) -> None:
    with process(places):
        async with await connect(places) as client:
            made = await client.sweep_submit(
                "mnist", ["lr=0.1,0.2"], {"epochs": 2}, metric="loss", goal="min", name="fast"
            )
            while (await client.sweep_show(made.id)).status is not SweepStatus.DONE:
                await asyncio.sleep(0.05)
            before = await client.sweep_show(made.id)
            await client.shutdown()
    folder = sweep_folder.folder_of(places, made.id)
    assert sweep_folder.read_summary(folder) == before
    with process(places):
        async with await connect(places) as client:
            assert await client.sweep_show("fast") == before
            assert len((await client.sweep_trials("fast")).rows) == 2
    with folder.journal.open("ab") as file:
        file.write(b"\n")
    assert sweep_folder.read_summary(folder) is None


async def test_a_folder_that_is_no_sweep_does_not_stop_the_service(places: Places) -> None:
    places.sweeps.mkdir(mode=0o700)
    (places.sweeps / "odd").mkdir()
    (places.sweeps / "torn").mkdir()
    (places.sweeps / "torn" / "sweep.json").write_text('{"id": 3')
    (places.sweeps / ".new-x").mkdir()
    with process(places):
        async with await connect(places) as client:
            assert {sweep.status for sweep in await client.sweeps()} == {SweepStatus.DAMAGED}
    assert not (places.sweeps / ".new-x").exists()
