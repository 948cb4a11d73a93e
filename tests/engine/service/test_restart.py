"""The service or a keeper is killed, the machine restarts: runs continue, and every end has a cause."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import shutil
import signal
import time

import pytest

from engine import process_identity, store
from engine.client.client import Client
from engine.errors import DltuiError
from engine.places import Places
from engine.protocol import Cause, CauseKind, RunSummary, Status
from engine.service.index.index import open_index
from engine.store import KeeperFacts, RunFolder, Wanted
from tests.chaos import scaled
from tests.engine.service.live import SECONDS, connect, end_runs, process, reach, serving, start, until
from tests.fakes import waits
from tests.timeouts import quiet_seconds


async def test_a_service_after_a_killed_one_has_all_runs(places: Places) -> None:
    with process(places) as first:
        service_client = await connect(places)
        goes_on = await service_client.submit("xor", {"epochs": 3000}, name="resumes")
        ends = await service_client.submit("xor", {"epochs": 3}, name="ends while nobody looks")
        await _steps(service_client, goes_on.id, 5)
        os.kill(first.pid, signal.SIGKILL)
        await asyncio.to_thread(first.wait)
        await service_client.aclose()
        await until(lambda: store.folder_of(places, ends.id).exit.exists())
        with process(places):
            async with await connect(places) as again:
                assert (await again.show(ends.id)).status is Status.DONE
                running = await reach(again, goes_on.id, Status.RUNNING)
                assert running.attempt == 1
                waits.skip(places.root)
                done = await reach(again, goes_on.id, Status.DONE)
    assert done.step == 3000 and done.metrics == {"loss": 1 / 3000}


@pytest.mark.slow
async def test_no_step_and_no_run_is_lost_by_killing_services(places: Places) -> None:
    kept: list[str] = []
    try:
        for _ in range(scaled(50)):
            service = start(places)
            service_client = await connect(places)
            kept.append((await service_client.submit("xor", {"epochs": 25})).id)
            os.kill(service.pid, signal.SIGKILL)
            await asyncio.to_thread(service.wait)
            await service_client.aclose()
        with process(places):
            async with await connect(places) as service_client:
                found = [await reach(service_client, run_id, Status.DONE) for run_id in kept]
                assert (await service_client.runs()).total == len(kept)
    finally:
        end_runs(places)
    assert {run.step for run in found} == {25} and {run.attempt for run in found} == {1}


async def test_a_run_whose_keeper_was_killed_is_lost_with_its_checkpoint_named(places: Places) -> None:
    async with serving(places), await connect(places) as service_client:
        made = await service_client.submit("xor", {"epochs": 5000})
        await _steps(service_client, made.id, 3)
        keeper = _keeper(store.folder_of(places, made.id))
        os.kill(keeper.identity.pid, signal.SIGKILL)
        lost = await reach(service_client, made.id, Status.LOST)
        assert lost.cause is not None and lost.cause.kind is CauseKind.KEEPER_LOST
        assert lost.checkpoint_step == lost.step > 0
        assert lost.cause.text == (
            f"its keeper was killed; step {lost.step} was saved: resume continues from there"
        )
        assert keeper.worker is not None and not keeper.worker.is_alive()
        await service_client.resume(made.id)
        await _steps(service_client, made.id, lost.step + 1)
        assert (await service_client.show(made.id)).attempt == 2


async def test_a_worker_that_outlives_its_keeper_is_killed_after_the_timeout(places: Places) -> None:
    async with serving(places) as service, await connect(places) as service_client:
        made = await service_client.submit("xor", {"epochs": 5000}, name="stubborn")
        await _steps(service_client, made.id, 1)
        keeper = _keeper(store.folder_of(places, made.id))
        os.kill(keeper.identity.pid, signal.SIGKILL)
        await until(lambda: "its keeper was killed" in _notice(service.registry.get(made.id)))
        assert (await service_client.show(made.id)).status is Status.RUNNING
        service.cycle.orphan_timeout = 0.0
        lost = await reach(service_client, made.id, Status.LOST)
        assert lost.cause is not None and lost.cause.kind is CauseKind.KEEPER_LOST
        assert keeper.worker is not None and not keeper.worker.is_alive()


async def test_a_process_that_has_the_pid_of_a_former_keeper_is_not_killed(places: Places) -> None:
    """The recorded pid of the keeper is that of a living process with another start time."""
    bystander = await asyncio.create_subprocess_exec("sleep", "60")
    try:
        found = process_identity.of(bystander.pid)
        assert found is not None
        stranger = dataclasses.replace(found, start_ticks=found.start_ticks - 1)
        async with serving(places) as service, await connect(places) as service_client:
            service.machine.meter.cores = 1
            first = await service_client.submit("xor", {"epochs": 5000})
            await reach(service_client, first.id, Status.RUNNING)
            made = await service_client.submit("xor", {"epochs": 5})
        end_runs(places)
        folder = store.folder_of(places, made.id)
        store.write_keeper(folder, KeeperFacts(1, stranger, time.time(), worker=stranger))
        async with serving(places), await connect(places) as service_client:
            lost = await reach(service_client, made.id, Status.LOST)
        assert lost.cause is not None
        assert lost.cause.text == (
            "its keeper was killed before the first checkpoint: resume starts from the beginning"
        )
        assert found.is_alive()
    finally:
        bystander.kill()
        await bystander.wait()


async def test_after_a_restart_of_the_machine_the_run_is_lost_and_can_be_resumed(places: Places) -> None:
    async with serving(places), await connect(places) as service_client:
        made = await service_client.submit("xor", {"epochs": 5000})
        await _steps(service_client, made.id, 11)
    folder = store.folder_of(places, made.id)
    keeper = _keeper(folder)
    before = dataclasses.replace(keeper.identity, boot_id="of another start")
    store.write_keeper(folder, dataclasses.replace(keeper, identity=before, worker=before))
    async with serving(places), await connect(places) as service_client:
        lost = await reach(service_client, made.id, Status.LOST)
        assert lost.cause is not None and lost.cause.text.startswith("the machine was restarted; step ")
        await service_client.resume(made.id)
        assert (await reach(service_client, made.id, Status.RUNNING)).attempt == 2


async def test_the_cause_after_a_power_cut_names_a_checkpoint_that_exists(
    places: Places,
) -> None:
    async with serving(places), await connect(places) as service_client:
        made = await service_client.submit("xor", {"epochs": 5000})
        await _steps(service_client, made.id, 11)
    folder = store.folder_of(places, made.id)
    saved = max(int(path.name.removeprefix("step-")) for path in folder.checkpoints.iterdir())
    folder.events.write_bytes(folder.events.read_bytes().splitlines(keepends=True)[0])
    for _ in range(2):
        async with serving(places), await connect(places) as service_client:
            lost = await reach(service_client, made.id, Status.LOST)
            assert lost.cause is not None and lost.checkpoint_step == saved
            assert (
                lost.cause.text
                == f"its keeper was killed; step {saved} was saved: resume continues from there"
            )
        assert not (folder.path / ".exit.json.draft").exists()
        places.index.unlink()


async def test_a_run_that_ended_without_its_last_weights_can_be_resumed(places: Places) -> None:
    async with serving(places), await connect(places) as service_client:
        made = await service_client.submit("xor", {"epochs": 12})
        await reach(service_client, made.id, Status.DONE)
        with pytest.raises(DltuiError, match="is done and cannot be resumed"):
            await service_client.resume(made.id)
    folder = store.folder_of(places, made.id)
    ended = store.read_exit(folder)
    assert ended is not None
    cause = Cause(CauseKind.DISK_FULL, "Finished at step 12. Its last checkpoint was not saved.")
    store.write_exit(folder, dataclasses.replace(ended, cause=cause))
    places.index.unlink()
    async with serving(places), await connect(places) as service_client:
        applies, _ = await service_client.applicable("resume", [made.id])
        assert [run.id for run in applies] == [made.id]
        await service_client.resume(made.id)
        done = await reach(service_client, made.id, Status.DONE)
        assert done.cause is not None and done.cause.kind is CauseKind.FINISHED and done.attempt == 2


@pytest.mark.long
async def test_the_exit_that_a_keeper_wrote_just_before_it_ended_counts(places: Places) -> None:
    """Fifty fast runs: none is lost because its keeper has ended when it is checked."""
    async with serving(places), await connect(places) as service_client:
        ids = [(await service_client.submit("xor", {"epochs": 1}, name=f"fast {n}")).id for n in range(20)]
        found = [
            await reach(service_client, run_id, Status.DONE, Status.LOST, Status.FAILED) for run_id in ids
        ]
    assert {run.status for run in found} == {Status.DONE}


async def test_a_damaged_exit_of_a_run_without_a_keeper_is_reported_and_replaced(places: Places) -> None:
    async with serving(places), await connect(places) as service_client:
        made = await service_client.submit("xor", {"epochs": 2})
        await reach(service_client, made.id, Status.DONE)
    places.index.unlink()
    folder = store.folder_of(places, made.id)
    folder.exit.write_text("{not json")
    async with serving(places), await connect(places) as service_client:
        found = await reach(service_client, made.id, Status.DONE)
        assert found.step == 2, "what the worker said when it left is believed"
    assert store.read_exit(folder) is not None


@pytest.mark.parametrize("damage", ["gone", "garbage", "old schema", "not SQLite"])
async def test_an_index_that_cannot_be_used_is_rebuilt_from_the_run_folders(
    places: Places, damage: str
) -> None:
    async with serving(places), await connect(places) as service_client:
        ids = [(await service_client.submit("xor", {"epochs": 3})).id for _ in range(3)]
        before = [await reach(service_client, run_id, Status.DONE) for run_id in ids]
    assert all(run.disk for run in before)
    _damage(places, damage)
    async with serving(places), await connect(places) as service_client:
        assert [await service_client.show(run_id) for run_id in ids] == before
        assert (await service_client.runs()).total == 3


async def test_folders_that_are_not_runs_are_listed_as_damaged_and_left_alone(places: Places) -> None:
    (places.runs / "20260101-000000-xor-aaaa").mkdir(parents=True)
    (places.runs / "notes.txt").write_text("mine")
    (places.runs / ".new-20260101-000000-xor-bbbb-11223344").mkdir()
    async with serving(places), await connect(places) as service_client:
        (empty,) = (await service_client.runs()).runs
        assert (empty.id, empty.status) == ("20260101-000000-xor-aaaa", Status.DAMAGED)
        made = await service_client.submit("xor", {"epochs": 1})
        assert (await reach(service_client, made.id, Status.DONE)).step == 1
    assert (places.runs / "notes.txt").read_text() == "mine"
    assert (places.runs / "20260101-000000-xor-aaaa").is_dir()


async def test_a_folder_that_was_removed_while_no_service_ran_is_dropped(places: Places) -> None:
    async with serving(places), await connect(places) as service_client:
        made = await service_client.submit("xor", {"epochs": 1})
        await reach(service_client, made.id, Status.DONE)
    (places.runs / made.id).rename(places.root / "elsewhere")
    async with serving(places), await connect(places) as service_client:
        assert (await service_client.runs()).total == 0
        with pytest.raises(DltuiError, match="No run answers"):
            await service_client.show(made.id)


async def test_a_crash_in_the_middle_of_a_resume_leaves_the_run_paused_or_queued(places: Places) -> None:
    """The row of the index is queued before the run folder has another attempt."""
    async with serving(places), await connect(places) as service_client:
        made = await service_client.submit("xor", {"epochs": 5000})
        await _steps(service_client, made.id, 3)
        await service_client.pause(made.id)
        await reach(service_client, made.id, Status.PAUSED)
    index = open_index(places.index)
    index.set_status(made.id, Status.QUEUED)
    index.close()
    async with serving(places), await connect(places) as service_client:
        assert (await service_client.show(made.id)).status is Status.PAUSED
    index = open_index(places.index)
    index.set_status(made.id, Status.QUEUED)
    index.close()
    store.write_wanted(store.folder_of(places, made.id), Wanted(2))
    async with serving(places), await connect(places) as service_client:
        assert (await reach(service_client, made.id, Status.RUNNING)).attempt == 2


async def test_a_run_folder_that_is_added_while_the_service_runs_is_found_by_its_id(places: Places) -> None:
    async with serving(places), await connect(places) as service_client:
        made = await service_client.submit("xor", {"epochs": 3})
        done = await reach(service_client, made.id, Status.DONE)
        spec = dataclasses.replace(made.spec, id="20250101-000000-xor-0123", token="")
        folder = store.create(places, spec)
        for name in ("events.jsonl", "keeper.json", "exit.json"):
            shutil.copy(places.runs / made.id / name, folder.path)
        found = await service_client.show(spec.id)
        assert found.status is Status.DONE and found.metrics == done.metrics
        assert await service_client.reindex() == 2


def _damage(places: Places, kind: str) -> None:
    if kind == "gone":
        places.index.unlink()
    elif kind == "garbage":
        raw = bytearray(places.index.read_bytes())
        raw[4096:] = os.urandom(len(raw) - 4096)
        places.index.write_bytes(raw)
    elif kind == "old schema":
        import sqlite3

        with sqlite3.connect(places.index) as db:
            db.execute("UPDATE facts SET value = '0' WHERE name = 'schema'")
        db.close()
    else:
        places.index.write_text("not a database at all" * 500)


def _keeper(folder: RunFolder) -> KeeperFacts:
    found = store.read_keeper(folder)
    assert found is not None
    return found


def _notice(run: object) -> str:
    summary = getattr(run, "summary", None)
    found = summary() if summary else None
    return found.notice if isinstance(found, RunSummary) else ""


async def _steps(service_client: Client, run: str, step: int) -> None:
    deadline = quiet_seconds() + SECONDS
    while (await service_client.show(run)).step < step:
        assert quiet_seconds() < deadline
        await asyncio.sleep(0.02)
