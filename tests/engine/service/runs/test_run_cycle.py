"""The loop over runs continues after an error of one run, of one step or of the disk."""

from __future__ import annotations

import os

import pytest

from engine.places import Places
from engine.protocol import Status
from engine.service.placement.executors import LocalExecutor
from engine.service.runs import orphans, read_run_folder, run_cycle
from engine.service.runs.tracked_run import TrackedRun
from engine.table_protocol import Query
from tests.engine.service.live import connect, reach, serving, until


async def test_a_run_that_cannot_be_updated_does_not_delay_others(
    places: Places, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = read_run_folder.read_new

    def read_new(run: TrackedRun, chunk: int = read_run_folder.CHUNK) -> int:
        if run.spec.name == "odd":
            raise ZeroDivisionError("odd")
        return real(run, chunk)

    monkeypatch.setattr(read_run_folder, "read_new", read_new)
    async with serving(places), await connect(places) as client:
        odd = await client.submit("xor", {"epochs": 2}, name="odd")
        fine = await client.submit("xor", {"epochs": 2}, name="fine")
        assert (await reach(client, fine.id, Status.DONE)).step == 2
        monkeypatch.setattr(read_run_folder, "read_new", real)
        assert (await reach(client, odd.id, Status.DONE)).step == 2
    assert f"run {odd.id} cannot be updated" in caplog.text


async def test_the_disk_use_of_a_run_is_known_when_it_has_ended_and_after_its_index_is_built_anew(
    places: Places,
) -> None:
    async with serving(places), await connect(places) as client:
        made = await client.submit("xor", {"epochs": 2})
        ended = await reach(client, made.id, Status.DONE)
        assert ended.disk > 1_000
        assert [run.id for run in (await client.runs(Query("disk>1kB and disk<1GB"))).runs] == [made.id]
        await client.reindex()
        assert (await client.runs(Query("disk>1kB"))).matching == 1


async def test_a_step_that_fails_is_followed_by_another(
    places: Places, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(run_cycle, "RETRY_SECONDS", 0.05)
    async with serving(places), await connect(places) as client:
        real = LocalExecutor.reap
        monkeypatch.setattr(LocalExecutor, "reap", _fail)
        made = await client.submit("xor", {"epochs": 2})
        await until(lambda: "a step of the service failed" in caplog.text)
        monkeypatch.setattr(LocalExecutor, "reap", real)
        assert (await reach(client, made.id, Status.DONE)).step == 2


async def test_a_disk_on_which_exit_json_cannot_be_written_is_logged_once(
    places: Places, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(run_cycle, "ORPHAN_SECONDS", 0.02)
    full = True

    def write_exit(*_: object) -> None:
        if full:
            raise OSError(28, "No space left on device")
        real(*_)

    real = orphans.store.write_exit
    async with serving(places) as service, await connect(places) as client:
        made = await client.submit("xor", {"epochs": 5000})
        await reach(client, made.id, Status.RUNNING)
        run = service.registry.get(made.id)
        assert run is not None and run.keeper is not None
        await until(lambda: run.keeper is not None and run.keeper.worker is not None)
        monkeypatch.setattr(orphans.store, "write_exit", write_exit)
        os.kill(run.keeper.identity.pid, 9)
        await until(lambda: "No space left" in caplog.text)
        assert (await client.show(made.id)).status is Status.RUNNING
        full = False
        await reach(client, made.id, Status.LOST)
    assert caplog.text.count("No space left") == 1


def _fail(local: object) -> None:
    raise ZeroDivisionError("a bug")
