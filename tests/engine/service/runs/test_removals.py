"""Removals are kept in `removed/`, restored as a whole, and deleted after a day or on a full disk."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from engine import store
from engine.client.client import Client
from engine.errors import DltuiError
from engine.places import Places
from engine.protocol import Status
from engine.service.runs import removed_folder
from engine.service.runs.removals import KEEP_SECONDS, Removals
from engine.service.server.service import Service
from engine.sweep_protocol import TrialRow, TrialStatus
from tests.engine.service.live import connect, process, reach, serving, until
from tests.timeouts import quiet_seconds


async def _done(client: Client, name: str, count: int = 1) -> list[str]:
    made = [await client.submit("xor", {"epochs": 2}, name=f"{name}{number}") for number in range(count)]
    for run in made:
        await reach(client, run.id, Status.DONE)
    return [run.id for run in made]


async def wait_for(
    read: Callable[[], Awaitable[TrialRow | None]], is_so: Callable[[TrialRow], bool]
) -> TrialRow:
    deadline = quiet_seconds() + 120
    while (row := await read()) is None or not is_so(row):
        assert quiet_seconds() < deadline, row
        await asyncio.sleep(0.05)
    return row


def _kept(places: Places) -> set[str]:
    return {path.parent.name for path in places.removed.glob("*/*/*/spec.json")}


async def test_a_removed_run_is_kept_with_its_spec_and_restored_as_it_was(
    places: Places,
) -> None:
    async with serving(places), await connect(places) as client:
        (run_id,) = await _done(client, "one")
        before = await client.show(run_id)
        removal = await client.remove(run_id)
        assert [(item.kind, item.id, item.status) for item in removal.items] == [("run", run_id, "done")]
        assert removal.bytes > 0 and 0 < removal.seconds_left <= KEEP_SECONDS
        assert _kept(places) == {run_id} and store.list_ids(places) == []
        assert (await client.runs()).total == 0
        back = await client.undo()
        assert [item.id for item in back.items] == [run_id]
        assert await client.show(run_id) == before and (await client.runs()).total == 1
        assert await client.removals() == [] and _kept(places) == set()


async def test_runs_removed_together_are_restored_together_and_in_their_order(places: Places) -> None:
    async with serving(places), await connect(places) as client:
        ids = await _done(client, "r", 4)
        order = [run.id for run in (await client.runs()).runs]
        await client.remove(*ids[:3])
        assert [run.id for run in (await client.runs()).runs] == ids[3:]
        assert [len(removal.items) for removal in await client.removals()] == [3]
        await client.undo()
        assert [run.id for run in (await client.runs()).runs] == order


async def test_one_run_of_a_removal_is_restored_by_its_name_and_the_rest_later(places: Places) -> None:
    async with serving(places), await connect(places) as client:
        ids = await _done(client, "r", 2)
        await client.remove(*ids)
        assert [item.id for item in (await client.undo("r1")).items] == [ids[1]]
        assert [[item.id for item in removal.items] for removal in await client.removals()] == [[ids[0]]]
        await client.undo()
        with pytest.raises(DltuiError, match="Nothing was removed"):
            await client.undo()
        assert (await client.runs()).total == 2


async def test_removals_survive_a_restart_and_are_undone_last_first(places: Places) -> None:
    async with serving(places), await connect(places) as client:
        first, second = await _done(client, "r", 2)
        await client.remove(first)
        await client.remove(second)
    async with serving(places), await connect(places) as client:
        assert (await client.runs()).total == 0
        assert [item.id for item in (await client.undo()).items] == [second]
        assert [item.id for item in (await client.undo()).items] == [first]


async def test_with_now_nothing_is_kept(places: Places) -> None:
    async with serving(places), await connect(places) as client:
        (run_id,) = await _done(client, "r")
        assert (await client.remove(run_id, now=True)).seconds_left == 0
        await until(lambda: _kept(places) == set())
        assert await client.removals() == []


async def test_on_a_full_disk_what_is_removed_is_deleted_at_once(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    async with serving(places), await connect(places) as client:
        run_id, other = await _done(client, "r", 2)
        monkeypatch.setattr(removed_folder, "make", full)
        removal = await client.remove(run_id)
        assert [item.id for item in removal.items] == [run_id] and removal.seconds_left == 0
        assert store.list_ids(places) == [other] and os.listdir(places.runs) == [other]


async def test_active_runs_are_left_out_with_a_reason(places: Places) -> None:
    async with serving(places), await connect(places) as client:
        (done,) = await _done(client, "r")
        long = await client.submit("xor", {"epochs": 100_000}, name="long")
        await reach(client, long.id, Status.RUNNING)
        answer = await client.request("remove", runs=[done, long.id])
        assert [item["id"] for item in answer["removal"]["items"]] == [done]
        assert "is running and cannot be removed" in answer["left_out"][0]["why"]
        with pytest.raises(DltuiError, match="is running and cannot be removed"):
            await client.remove(long.id)
        assert len(await client.removals()) == 1


async def test_an_existing_run_of_that_id_is_not_replaced(places: Places) -> None:
    async with serving(places), await connect(places) as client:
        (run_id,) = await _done(client, "r")
        await client.remove(run_id)
        (places.runs / run_id).mkdir()
        with pytest.raises(DltuiError, match=f"There is a run {run_id} already"):
            await client.undo()
        assert _kept(places) == {run_id}


async def test_a_sweep_and_its_trials_are_one_removal(places: Places) -> None:
    async with serving(places), await connect(places) as client:
        made = await client.sweep_submit("xor", ["lr=0.1,0.2"], {"epochs": 3})
        while (await client.sweep_show(made.id)).status != "done":
            await asyncio.sleep(0.05)
        before, trials = await client.sweep_show(made.id), await client.sweep_trials(made.id)
        runs = {run.id for run in (await client.runs()).runs}
        removal = await client.sweep_remove(made.id, runs=True)
        assert {item.id for item in removal.items} == {made.id, *runs}
        assert await client.sweeps() == () and (await client.runs()).total == 0
        await client.undo()
        assert await client.sweep_show(made.id) == before
        assert await client.sweep_trials(made.id) == trials
        assert {run.id for run in (await client.runs()).runs} == runs


async def test_a_trial_whose_run_is_restored_has_the_status_of_the_run(places: Places) -> None:
    """Also where a service that started meanwhile counted the trial as failed."""

    async def first(client: Client) -> TrialRow | None:
        return next((row for row in (await client.sweep_trials("s")).rows if row.trial == 1), None)

    async with serving(places), await connect(places) as client:
        await client.sweep_submit("mnist", ["seed=1,2"], {"epochs": 1000}, parallel=1, name="s")
        running = await wait_for(partial(first, client), lambda row: row.status is TrialStatus.RUNNING)
        await client.pause(running.run)
        await wait_for(partial(first, client), lambda row: row.status is TrialStatus.PAUSED)
        await client.remove(running.run)
    async with serving(places), await connect(places) as client:
        await wait_for(partial(first, client), lambda row: row.status is TrialStatus.FAILED)
        await client.undo()
        back = await wait_for(partial(first, client), lambda row: row.status is TrialStatus.PAUSED)
        assert not back.removed


@pytest.mark.parametrize("free", [100, 200])
async def test_space_for_the_next_checkpoint_counts_too(places: Places, free: int) -> None:
    async with serving(places) as service, await connect(places) as client:
        (run_id,) = await _done(client, "r")
        long = await client.submit("xor", {"epochs": 100_000}, name="long")
        await reach(client, long.id, Status.RUNNING)
        service.removals.free = lambda path: 1 << 40
        await client.remove(run_id)
        (places.runs / long.id / "checkpoints" / "step-99999999").mkdir(parents=True)
        big = places.runs / long.id / "checkpoints" / "step-99999999" / "model"
        big.write_bytes(bytes(100 << 20))
        service.removals.free = lambda path: free << 20
        if free == 100:
            await until(lambda: _kept(places) == set())
        else:
            assert await service.removals._clear_one() and _kept(places) == {run_id}


async def test_applicable_returns_runs_a_verb_applies_to_and_reasons_for_the_others(
    places: Places,
) -> None:
    async with serving(places), await connect(places) as client:
        (done,) = await _done(client, "r")
        long = await client.submit("xor", {"epochs": 100_000}, name="long")
        await reach(client, long.id, Status.RUNNING)
        applies, left_out = await client.applicable("stop", where="experiment=xor")
        assert [run.id for run in applies] == [long.id]
        assert [(run.id, run.why) for run in left_out] == [(done, "r0 is done and cannot be stopped now.")]
        applies, left_out = await client.applicable("remove", [done, done, long.id])
        assert [run.id for run in applies] == [done] and [run.id for run in left_out] == [long.id]
        with pytest.raises(DltuiError, match="Expected one of pause"):
            await client.applicable("fly", [done])


# --- time and space ----------------------------------------------------------------------------------------


def _removals(places: Places, **facts: Any) -> Removals:
    service = Service(places)
    made = service.removals
    for name, value in facts.items():
        setattr(made, name, value)
    return made


def _removed(places: Places, clock: float, run_id: str) -> Path:
    made = removed_folder.make(places, 1.0, clock)
    (made.path / "runs" / run_id).mkdir()
    (made.path / "runs" / run_id / "spec.json").write_text("{}")
    return made.path


async def test_a_removal_is_deleted_after_a_day_of_running_time(places: Places) -> None:
    _removed(places, 100.0, "old")
    young = _removed(places, 100.0 + KEEP_SECONDS - 60.0, "young")
    removals = _removals(places)
    removals.prepare()
    removals._base = 100.0 + KEEP_SECONDS - 30.0
    await removals._clear_one()
    assert _kept(places) == {"old", "young"}
    removals._base = 100.0 + KEEP_SECONDS
    await removals._clear_one()
    await removals._clear_one()
    assert _kept(places) == {"young"} and young.is_dir()


async def test_the_running_time_continues_from_that_of_the_last_service(places: Places) -> None:
    _removed(places, 100.0, "r")
    first = _removals(places)
    first.prepare()
    assert 100.0 <= first.clock < 1000.0
    first._base += 5000.0
    first.close()
    second = _removals(places)
    second.prepare()
    assert 5100.0 <= second.clock < 6000.0


@pytest.mark.parametrize("text", ["", "{", '{"seconds": "x"}', '{"seconds": -1e99}', "[]"])
def test_with_a_damaged_clock_file_no_removal_is_deleted_early(places: Places, text: str) -> None:
    _removed(places, 777.0, "r")
    (places.removed / "clock.json").write_text(text)
    assert removed_folder.read_clock(places) == 777.0


async def test_on_a_full_disk_the_oldest_are_deleted_until_there_is_space(places: Places) -> None:
    for number in range(3):
        _removed(places, float(number), f"r{number}")
    removals = _removals(places, free=lambda path: 1 << 20 if len(_kept(places)) > 1 else 1 << 40)
    removals.prepare()
    for _ in range(4):
        await removals._clear_one()
    assert _kept(places) == {"r2"}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"items": 3}', '{"items": [1, {"id": 5}], "at": "x"}'])
def test_a_damaged_description_loses_its_facts_and_not_the_runs(places: Places, text: str) -> None:
    path = _removed(places, 0.0, "r1")
    (path / "removal.json").write_text(text)
    (removal,) = removed_folder.read_all(places)
    assert [(item.kind, item.id, item.name) for item in removal.items] == [("run", "r1", "r1")]


async def test_leftovers_of_a_crash_are_deleted_at_the_start(places: Places) -> None:
    async with serving(places), await connect(places) as client:
        (run_id,) = await _done(client, "r")
    left = [
        folder / name
        for folder in (places.runs, places.sweeps, places.removed)
        for name in (".new-x-1", ".trash-x-1")
    ]
    for path in left:
        (path / "checkpoints").mkdir(parents=True)
    drafts = [places.runs / run_id / ".exit.json.draft", places.runs / run_id / ".model.json.999999999"]
    drafts.append(places.root / ".view.json.999999999")
    for draft in drafts:
        draft.write_bytes(bytes(16384))
    others = [places.runs / run_id / f".model.json.{os.getpid()}", places.root / ".mine"]
    for path in others:
        path.write_text("a live process writes it")
    async with serving(places), await connect(places) as client:
        await until(lambda: not any(path.exists() for path in [*left, *drafts]))
        assert (await client.runs()).total == 1
    assert all(path.exists() for path in others)


async def test_a_kill_between_two_renames_of_a_removal_loses_nothing(places: Places) -> None:
    async with serving(places), await connect(places) as client:
        first, second = await _done(client, "r", 2)
    made = removed_folder.make(places, 1.0, 0.0)
    (places.runs / first).rename(made.path / "runs" / first)  # the second was never reached
    with process(places):
        async with await connect(places) as client:
            assert [run.id for run in (await client.runs()).runs] == [second]
            assert [item.id for item in (await client.undo()).items] == [first]
            assert (await client.runs()).total == 2
