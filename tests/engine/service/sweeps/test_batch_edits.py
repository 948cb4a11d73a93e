"""Edits of a sweep of lanes: stop, pin, extend, widen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from engine import store
from engine.axes import Axis
from engine.client.client import Client
from engine.errors import DltuiError
from engine.models.xor.batch import record
from engine.places import Places
from engine.service.sweeps import batch_spec, sweep_folder
from engine.service.sweeps import sweep as sweeping
from engine.sweep_protocol import SweepStatus, TrialQuery, TrialRow, TrialStatus
from engine.typed_json import to_json
from tests.engine.service.sweeps.sweep_cases import make_sweep_spec
from tests.engine.service.sweeps.test_sweeps import open_client, wait_until_ended
from tests.timeouts import LONG


async def until(client: Client, sweep: str, is_so: Callable[[list[TrialRow]], bool]) -> list[TrialRow]:
    async with asyncio.timeout(LONG):
        while True:
            rows = list((await client.sweep_trials(sweep, TrialQuery(sort="trial"))).rows)
            if rows and is_so(rows):
                return rows
            await asyncio.sleep(0.05)


def weights(places: Places, row: TrialRow, lane: int) -> tuple[bytes, int]:
    folder = store.folder_of(places, row.run).path
    found = record.read(
        (folder / record.METADATA_FILE).read_bytes(), (folder / record.ARRAYS_FILE).read_bytes()
    )
    return found.arrays["weights"][lane].tobytes(), int(found.arrays["stop"][lane])


@pytest.mark.long
async def test_one_lane_is_stopped_and_another_pinned_while_the_others_train(places: Places) -> None:
    async with open_client(places) as client:
        made = await client.sweep_submit("xor", ["hidden=1..3"], {"epochs": 4_000_000}, seeds=2)
        await until(client, made.id, lambda rows: rows[0].status is TrialStatus.RUNNING)
        await client.sweep_edit(made.id, "stop_trial", trial=3)
        await client.sweep_edit(made.id, "pin", trial=5)
        rows = await until(client, made.id, lambda rows: rows[2].status is TrialStatus.STOPPED)
        assert [row.trial for row in rows if row.status is TrialStatus.RUNNING] == [1, 2, 4, 5, 6]
        assert [row.trial for row in rows if row.pinned] == [5]
        assert (await client.sweep_show(made.id)).status is SweepStatus.RUNNING
        stopped_at = rows[2].step
        with pytest.raises(DltuiError, match="stopped already"):
            await client.sweep_edit(made.id, "stop_trial", trial=3)
        await client.sweep_edit(made.id, "pin", trial=5, on=False)
        await client.sweep_edit(made.id, "pause")
        assert (await wait_until_ended(client, made.id)).status is SweepStatus.PAUSED
    async with open_client(places) as client:
        await client.sweep_edit(made.id, "resume")
        rows = await until(client, made.id, lambda rows: rows[0].step > stopped_at)
        assert (rows[2].status, rows[2].step) == (TrialStatus.STOPPED, stopped_at)
        assert not any(row.pinned for row in rows)
        await client.sweep_edit(made.id, "stop")
        await wait_until_ended(client, made.id)


async def test_edits_of_a_lane_before_its_batch_starts_are_applied_when_it_starts(places: Places) -> None:
    async with open_client(places) as client:
        made = await client.sweep_submit("xor", ["hidden=1..3"], {"epochs": 4_000_000})
        await client.sweep_edit(made.id, "stop_trial", trial=2)
        await client.sweep_edit(made.id, "pin", trial=3)
        rows = await until(client, made.id, lambda rows: rows[1].status is TrialStatus.STOPPED)
        assert [row.pinned for row in rows] == [False, False, True]
        await client.sweep_edit(made.id, "stop")
        assert (await wait_until_ended(client, made.id)).status is SweepStatus.STOPPED


@pytest.mark.long
async def test_an_extended_lane_equals_bit_for_bit_one_that_was_longer_from_the_start(
    places: Places,
) -> None:
    async with open_client(places) as client:
        short = await client.sweep_submit("xor", ["hidden=2,3"], {"epochs": 48}, seeds=2)
        await wait_until_ended(client, short.id)
        long = await client.sweep_submit("xor", ["hidden=2,3"], {"epochs": 96}, seeds=2)
        await wait_until_ended(client, long.id)
        with pytest.raises(DltuiError, match="49 or more"):
            await client.sweep_edit(short.id, "extend", trial=3, epochs=48)
        await client.sweep_edit(short.id, "extend", trial=3, epochs=96)
        rows = await until(client, short.id, lambda rows: rows[2].step == 96)
        done = await wait_until_ended(client, short.id)
        assert done.status is SweepStatus.DONE and sum(done.counts.values()) == done.planned == 4
        theirs = (await client.sweep_trials(long.id, TrialQuery(sort="trial"))).rows[2]
        assert weights(places, rows[2], 0) == weights(places, theirs, 2)
        assert [(row.trial, row.config, row.step, row.pinned) for row in rows] == [
            (1, 1, 48, False), (2, 1, 48, False), (3, 2, 96, True), (4, 2, 48, False),
        ]  # fmt: skip
        assert done.best is not None
        assert done.best.value == min(row.value for row in rows if row.value is not None)
    async with open_client(places) as client:
        assert (await client.sweep_trials(short.id, TrialQuery(sort="trial"))).rows == tuple(rows)


@pytest.mark.long
async def test_a_grid_of_lanes_is_widened_by_values_by_seeds_and_by_a_trial(places: Places) -> None:
    async with open_client(places) as client:
        made = await client.sweep_submit("xor", ["lr=0.1,0.2", "hidden=2,3"], {"epochs": 20})
        await wait_until_ended(client, made.id)
        for facts, match in (({"axis": "lr=0.1"}, "does not have yet"), ({"axis": "epochs=9"}, "one of lr")):
            with pytest.raises(DltuiError, match=match):
                await client.sweep_edit(made.id, "widen", **facts)
        assert (await client.sweep_edit(made.id, "widen", axis="lr=0.5")).planned == 6
        await client.sweep_edit(made.id, "widen", axis="seed=2")
        await wait_until_ended(client, made.id)
        await client.sweep_edit(made.id, "add", params={"lr": 0.7, "hidden": 4})
        done = await wait_until_ended(client, made.id)
        assert done.planned == 14 and sum(done.counts.values()) == 14
        rows = (await client.sweep_trials(made.id, TrialQuery(sort="trial"))).rows
        assert [row.trial for row in rows] == list(range(1, 15))
        points = [(row.params["lr"], row.params["hidden"], row.seed) for row in rows]
        assert points[4:6] == [(0.5, 2, 1), (0.5, 3, 1)] and set(points[6:12]) == {
            (lr, hidden, 2) for lr in (0.1, 0.2, 0.5) for hidden in (2, 3)
        }
        groups = (await client.sweep_trials(made.id, TrialQuery(group="config"))).groups
        assert len(groups) == 7 and all(group.count == 2 for group in groups)
        runs = (await client.runs()).total
        assert runs == 6, "the batch, the wider axis, two batches with the new seed, and two trials added"


async def test_impossible_edits_of_a_lane_are_refused_with_one_line(places: Places) -> None:
    async with open_client(places) as client:
        made = await client.sweep_submit("xor", ["lr=0.1,0.2"], {"epochs": 20})
        await wait_until_ended(client, made.id)
        for verb, facts, match in (
            ("stop_trial", {"trial": 1}, "done already"),
            ("extend", {"trial": 2, "epochs": "many"}, "epochs: expected a whole number"),
            ("extend", {"trial": 2}, "21 or more"),
            ("pin", {"trial": 0}, "one of the 2 trials"),
            ("pin", {"trial": 3}, "one of the 2 trials"),
            ("trials", {"count": 9}, "all points of its grid"),
        ):
            with pytest.raises(DltuiError, match=match):
                await client.sweep_edit(made.id, verb, **facts)


@pytest.mark.long
async def test_further_points_are_drawn_from_a_widened_range(places: Places) -> None:
    async with open_client(places) as client:
        made = await client.sweep_submit("xor", ["lr=0.1..0.2"], {"epochs": 8}, sampler="random", trials=3)
        await wait_until_ended(client, made.id)
        await client.sweep_edit(made.id, "widen", axis="lr=0.05..0.9")
        await client.sweep_edit(made.id, "trials", count=9)
        done = await wait_until_ended(client, made.id)
        rows = (await client.sweep_trials(made.id, TrialQuery(sort="trial"))).rows
        assert done.planned == len(rows) == 9
        rates = [float(row.params["lr"]) for row in rows]
        assert all(0.1 <= rate <= 0.2 for rate in rates[:3]) and len(set(rates)) == 9
        assert any(not 0.1 <= rate <= 0.2 for rate in rates[3:])


def test_the_same_entries_give_the_same_sweep(places: Places) -> None:
    folder = sweep_folder.folder_of(places, "s")
    spec = make_sweep_spec("lr=0.1,0.2", experiment="xor", seeds=(1, 2), lanes=True)
    facts = [
        {"verb": "widen", "axes": [to_json(Axis("lr", (0.1, 0.2, 0.4)))]},
        {"verb": "widen", "seeds": [1, 2, 5]},
        {"verb": "extend", "trial": 4, "params": {"lr": 0.2, "epochs": 9}, "seed": 2, "lengths": {}},
        {"verb": "pin", "trial": 2, "on": True},
        {"verb": "stop_trial", "trial": 4},
    ]
    one, other = sweeping.new_sweep(folder, spec), sweeping.new_sweep(folder, spec)
    for sweep in (one, other):
        for entry in facts:
            sweep.fold({"kind": "edited", **entry})
    assert one.batches == other.batches and one.pinned == other.pinned == {2, 4}
    assert one.stopped == [(4, 4)] and one.lane_count == 9 and one.next_trial() == 10
    assert [(batch.first, batch.last) for batch in one.batches] == [(1, 4), (5, 6), (7, 8), (9, 9), (4, 4)]
    assert [batch_spec.latest_batch(one.batches, trial).number for trial in (1, 4, 6, 9)] == [0, 4, 1, 3]  # type: ignore[union-attr]
