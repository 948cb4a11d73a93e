"""What was removed lies in `removed/`, comes back as a whole, and is deleted when its time is over."""

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
from tests.patience import quiet_seconds


async def _done(talk: Client, name: str, count: int = 1) -> list[str]:
    made = [await talk.submit("xor", {"epochs": 2}, name=f"{name}{number}") for number in range(count)]
    for run in made:
        await reach(talk, run.id, Status.DONE)
    return [run.id for run in made]


async def wait_for(
    look: Callable[[], Awaitable[TrialRow | None]], is_so: Callable[[TrialRow], bool]
) -> TrialRow:
    deadline = quiet_seconds() + 120
    while (row := await look()) is None or not is_so(row):
        assert quiet_seconds() < deadline, row
        await asyncio.sleep(0.05)
    return row


def _lying(places: Places) -> set[str]:
    return {path.parent.name for path in places.removed.glob("*/*/*/spec.json")}


async def test_a_removed_run_lies_below_removed_with_its_spec_and_comes_back_as_it_was(
    places: Places,
) -> None:
    async with serving(places), await connect(places) as talk:
        (run_id,) = await _done(talk, "one")
        before = await talk.show(run_id)
        removal = await talk.remove(run_id)
        assert [(item.kind, item.id, item.status) for item in removal.items] == [("run", run_id, "done")]
        assert removal.bytes > 0 and 0 < removal.seconds_left <= KEEP_SECONDS
        assert _lying(places) == {run_id} and store.list_ids(places) == []
        assert (await talk.runs()).total == 0
        back = await talk.undo()
        assert [item.id for item in back.items] == [run_id]
        assert await talk.show(run_id) == before and (await talk.runs()).total == 1
        assert await talk.removals() == [] and _lying(places) == set()


async def test_runs_removed_together_come_back_together_and_in_their_order(places: Places) -> None:
    async with serving(places), await connect(places) as talk:
        ids = await _done(talk, "r", 4)
        order = [run.id for run in (await talk.runs()).runs]
        await talk.remove(*ids[:3])
        assert [run.id for run in (await talk.runs()).runs] == ids[3:]
        assert [len(removal.items) for removal in await talk.removals()] == [3]
        await talk.undo()
        assert [run.id for run in (await talk.runs()).runs] == order


async def test_one_run_of_a_removal_is_brought_back_by_its_name_and_the_rest_later(places: Places) -> None:
    async with serving(places), await connect(places) as talk:
        ids = await _done(talk, "r", 2)
        await talk.remove(*ids)
        assert [item.id for item in (await talk.undo("r1")).items] == [ids[1]]
        assert [[item.id for item in removal.items] for removal in await talk.removals()] == [[ids[0]]]
        await talk.undo()
        with pytest.raises(DltuiError, match="Nothing was removed"):
            await talk.undo()
        assert (await talk.runs()).total == 2


async def test_removals_survive_the_service_and_are_undone_last_first(places: Places) -> None:
    async with serving(places), await connect(places) as talk:
        first, second = await _done(talk, "r", 2)
        await talk.remove(first)
        await talk.remove(second)
    async with serving(places), await connect(places) as talk:
        assert (await talk.runs()).total == 0
        assert [item.id for item in (await talk.undo()).items] == [second]
        assert [item.id for item in (await talk.undo()).items] == [first]


async def test_with_now_nothing_is_kept(places: Places) -> None:
    async with serving(places), await connect(places) as talk:
        (run_id,) = await _done(talk, "r")
        assert (await talk.remove(run_id, now=True)).seconds_left == 0
        await until(lambda: _lying(places) == set())
        assert await talk.removals() == []


async def test_on_a_full_disk_what_is_removed_is_deleted_at_once(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    async with serving(places), await connect(places) as talk:
        run_id, other = await _done(talk, "r", 2)
        monkeypatch.setattr(removed_folder, "make", full)
        removal = await talk.remove(run_id)
        assert [item.id for item in removal.items] == [run_id] and removal.seconds_left == 0
        assert store.list_ids(places) == [other] and os.listdir(places.runs) == [other]


async def test_what_is_at_work_is_left_out_and_said(places: Places) -> None:
    async with serving(places), await connect(places) as talk:
        (done,) = await _done(talk, "r")
        long = await talk.submit("xor", {"epochs": 100_000}, name="long")
        await reach(talk, long.id, Status.RUNNING)
        answer = await talk.ask("remove", runs=[done, long.id])
        assert [item["id"] for item in answer["removal"]["items"]] == [done]
        assert "is running and cannot be removed" in answer["left_out"][0]["why"]
        with pytest.raises(DltuiError, match="is running and cannot be removed"):
            await talk.remove(long.id)
        assert len(await talk.removals()) == 1


async def test_a_run_of_that_id_is_not_replaced(places: Places) -> None:
    async with serving(places), await connect(places) as talk:
        (run_id,) = await _done(talk, "r")
        await talk.remove(run_id)
        (places.runs / run_id).mkdir()
        with pytest.raises(DltuiError, match=f"There is a run {run_id} already"):
            await talk.undo()
        assert _lying(places) == {run_id}


async def test_a_sweep_and_its_trials_are_one_removal(places: Places) -> None:
    async with serving(places), await connect(places) as talk:
        made = await talk.sweep_submit("xor", ["lr=0.1,0.2"], {"epochs": 3})
        while (await talk.sweep_show(made.id)).status != "done":
            await asyncio.sleep(0.05)
        before, trials = await talk.sweep_show(made.id), await talk.sweep_trials(made.id)
        runs = {run.id for run in (await talk.runs()).runs}
        removal = await talk.sweep_remove(made.id, runs=True)
        assert {item.id for item in removal.items} == {made.id, *runs}
        assert await talk.sweeps() == () and (await talk.runs()).total == 0
        await talk.undo()
        assert await talk.sweep_show(made.id) == before
        assert await talk.sweep_trials(made.id) == trials
        assert {run.id for run in (await talk.runs()).runs} == runs


async def test_a_trial_whose_run_is_brought_back_counts_as_it_stands(places: Places) -> None:
    """Also where a service that started meanwhile took it for lost."""

    async def first(talk: Client) -> TrialRow | None:
        return next((row for row in (await talk.sweep_trials("s")).rows if row.trial == 1), None)

    async with serving(places), await connect(places) as talk:
        await talk.sweep_submit("mnist", ["seed=1,2"], {"epochs": 1000}, parallel=1, name="s")
        running = await wait_for(partial(first, talk), lambda row: row.status is TrialStatus.RUNNING)
        await talk.pause(running.run)
        await wait_for(partial(first, talk), lambda row: row.status is TrialStatus.PAUSED)
        await talk.remove(running.run)
    async with serving(places), await connect(places) as talk:
        await wait_for(partial(first, talk), lambda row: row.status is TrialStatus.FAILED)
        await talk.undo()
        back = await wait_for(partial(first, talk), lambda row: row.status is TrialStatus.PAUSED)
        assert not back.removed


@pytest.mark.parametrize("free", [100, 200])
async def test_space_for_the_next_checkpoint_counts_too(places: Places, free: int) -> None:
    async with serving(places) as service, await connect(places) as talk:
        (run_id,) = await _done(talk, "r")
        long = await talk.submit("xor", {"epochs": 100_000}, name="long")
        await reach(talk, long.id, Status.RUNNING)
        service.removals.free = lambda path: 1 << 40
        await talk.remove(run_id)
        (places.runs / long.id / "checkpoints" / "step-99999999").mkdir(parents=True)
        big = places.runs / long.id / "checkpoints" / "step-99999999" / "model"
        big.write_bytes(bytes(100 << 20))
        service.removals.free = lambda path: free << 20
        if free == 100:
            await until(lambda: _lying(places) == set())
        else:
            assert await service.removals._clear_one() and _lying(places) == {run_id}


async def test_which_runs_a_verb_applies_to_is_told_with_the_reason_for_the_others(places: Places) -> None:
    async with serving(places), await connect(places) as talk:
        (done,) = await _done(talk, "r")
        long = await talk.submit("xor", {"epochs": 100_000}, name="long")
        await reach(talk, long.id, Status.RUNNING)
        applies, left_out = await talk.applicable("stop", where="experiment=xor")
        assert [run.id for run in applies] == [long.id]
        assert [(run.id, run.why) for run in left_out] == [(done, "r0 is done and cannot be stopped now.")]
        applies, left_out = await talk.applicable("remove", [done, done, long.id])
        assert [run.id for run in applies] == [done] and [run.id for run in left_out] == [long.id]
        with pytest.raises(DltuiError, match="Expected one of pause"):
            await talk.applicable("fly", [done])


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
    assert _lying(places) == {"old", "young"}
    removals._base = 100.0 + KEEP_SECONDS
    await removals._clear_one()
    await removals._clear_one()
    assert _lying(places) == {"young"} and young.is_dir()


async def test_the_running_time_goes_on_where_the_last_service_left_it(places: Places) -> None:
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
def test_a_damaged_clock_costs_no_removal_its_day(places: Places, text: str) -> None:
    _removed(places, 777.0, "r")
    (places.removed / "clock.json").write_text(text)
    assert removed_folder.read_clock(places) == 777.0


async def test_a_full_disk_deletes_the_oldest_first_and_no_more_than_it_takes(places: Places) -> None:
    for number in range(3):
        _removed(places, float(number), f"r{number}")
    removals = _removals(places, free=lambda path: 1 << 20 if len(_lying(places)) > 1 else 1 << 40)
    removals.prepare()
    for _ in range(4):
        await removals._clear_one()
    assert _lying(places) == {"r2"}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"items": 3}', '{"items": [1, {"id": 5}], "at": "x"}'])
def test_a_damaged_description_costs_its_words_and_not_what_lies_there(places: Places, text: str) -> None:
    path = _removed(places, 0.0, "r1")
    (path / "removal.json").write_text(text)
    (removal,) = removed_folder.read_all(places)
    assert [(item.kind, item.id, item.name) for item in removal.items] == [("run", "r1", "r1")]


async def test_what_a_crash_left_over_goes_at_the_start(places: Places) -> None:
    async with serving(places), await connect(places) as talk:
        (run_id,) = await _done(talk, "r")
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
    spared = [places.runs / run_id / f".model.json.{os.getpid()}", places.root / ".mine"]
    for path in spared:
        path.write_text("somebody writes it")
    async with serving(places), await connect(places) as talk:
        await until(lambda: not any(path.exists() for path in [*left, *drafts]))
        assert (await talk.runs()).total == 1
    assert all(path.exists() for path in spared)


async def test_a_kill_between_the_moves_of_a_removal_loses_nothing(places: Places) -> None:
    async with serving(places), await connect(places) as talk:
        first, second = await _done(talk, "r", 2)
    made = removed_folder.make(places, 1.0, 0.0)
    (places.runs / first).rename(made.path / "runs" / first)  # the second was never reached
    with process(places):
        async with await connect(places) as talk:
            assert [run.id for run in (await talk.runs()).runs] == [second]
            assert [item.id for item in (await talk.undo()).items] == [first]
            assert (await talk.runs()).total == 2
