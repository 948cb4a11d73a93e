"""Sweeps with a real keeper and fake experiments that count, crash, hang or diverge."""

from __future__ import annotations

import asyncio
import contextlib
import errno
from collections.abc import AsyncIterator, Callable

import pytest

from engine.client.client import Client
from engine.errors import DltuiError
from engine.places import Places
from engine.protocol import CauseKind, Status
from engine.service.placement.gpus import NoGpus
from engine.service.server.service import Service
from engine.service.sweeps import journal
from engine.sweep_protocol import Prune, SweepStatus, SweepSummary, TrialQuery, TrialRow, TrialStatus
from tests.engine.service.live import connect, end_runs, reach, until
from tests.fakes import waits
from tests.timeouts import quiet_seconds

SECONDS = 180.0


@pytest.fixture(autouse=True)
def catalog(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTUI_EXTRA_CATALOG", "tests.fakes.catalog:CATALOG")


@contextlib.asynccontextmanager
async def open_client(places: Places) -> AsyncIterator[Client]:
    service = Service(places, driver=NoGpus())
    running = asyncio.create_task(service.run())
    await until(places.socket.exists)
    try:
        async with await connect(places) as client:
            yield client
    finally:
        service.stop()
        await running
        end_runs(places)


async def wait_for_sweep(client: Client, sweep: str, holds: Callable[[SweepSummary], object]) -> SweepSummary:
    deadline = quiet_seconds() + SECONDS
    while not holds(found := await client.sweep_show(sweep)):
        assert quiet_seconds() < deadline, found
        await asyncio.sleep(0.03)
    return found


async def wait_until_ended(client: Client, sweep: str) -> SweepSummary:
    return await wait_for_sweep(client, sweep, lambda found: found.status is not SweepStatus.RUNNING)


async def rows(client: Client, sweep: str, where: str = "") -> tuple[TrialRow, ...]:
    return (await client.sweep_trials(sweep, TrialQuery(where))).rows


async def test_a_grid_with_seeds_is_trained_and_grouped_with_mean_and_spread(places: Places) -> None:
    async with open_client(places) as client:
        made = await client.sweep_submit(
            "counter", ["pace=1,2,4"], {"steps": 20}, seeds=2, parallel=3, name="paces"
        )
        assert made.planned == 6 and made.status is SweepStatus.RUNNING
        done = await wait_until_ended(client, "paces")
        assert (done.status, dict(done.counts)) == (SweepStatus.DONE, {"done": 6})
        found = await rows(client, made.id)
        assert [(row.trial, row.config, row.params["pace"], row.seed) for row in found] == [
            (1, 1, 1.0, 1), (2, 1, 1.0, 2), (3, 2, 2.0, 1), (4, 2, 2.0, 2), (5, 3, 4.0, 1), (6, 3, 4.0, 2),
        ]  # fmt: skip
        assert done.best is not None and done.best.params == {"pace": 4.0}
        page = await client.sweep_trials(made.id, TrialQuery(group="config", sort="mean"))
        assert [group.key["config"] for group in page.groups] == [3, 2, 1]
        assert [group.spread for group in page.groups] == [0.0, 0.0, 0.0]
        run = await client.show(found[0].run)
        assert (run.spec.sweep, run.spec.trial, run.spec.params["steps"]) == (made.id, 1, 20)


async def test_trials_that_crash_or_diverge_fail_and_the_others_continue(places: Places) -> None:
    async with open_client(places) as client:
        made = await client.sweep_submit("nan", ["at=3,1000"], {"steps": 10}, parallel=2)
        done = await wait_until_ended(client, made.id)
        assert (done.status, dict(done.counts)) == (SweepStatus.DONE, {"failed": 1, "done": 1})
        failed, whole = await rows(client, made.id)
        assert (failed.status, failed.value) == (TrialStatus.FAILED, None) and "nan" in failed.cause
        assert done.best == whole
        crashed = await client.sweep_submit("crash", ["error=error,exit"], {"steps": 10, "at": 2}, parallel=2)
        assert dict((await wait_until_ended(client, crashed.id)).counts) == {"failed": 2}


async def test_a_paused_trial_and_one_whose_run_was_removed_do_not_block_a_sweep(places: Places) -> None:
    async with open_client(places) as client:
        made = await client.sweep_submit(
            "counter", ["seed=1..3"], {"steps": 3000, "seconds": 0.02}, parallel=1
        )
        await wait_for_sweep(client, made.id, lambda found: found.counts.get("running"))
        first = (await rows(client, made.id))[0]
        await client.pause(first.run)
        second = await wait_for_sweep(client, made.id, lambda found: sum(found.counts.values()) == 2)
        run = (await rows(client, made.id))[1].run
        await reach(client, run, Status.RUNNING)
        await client.stop(run)
        await reach(client, run, Status.STOPPED)
        await client.remove(run)
        waits.skip(places.root)
        done = await wait_until_ended(client, made.id)
        assert second.status is SweepStatus.RUNNING and done.status is SweepStatus.DONE
        assert done.counts["paused"] == 1 and done.counts["done"] == 1
        await client.resume(first.run)
        await wait_for_sweep(client, made.id, lambda found: found.counts.get("done") == 2)


async def test_asha_prunes_worse_trials_with_a_reason_and_they_can_be_extended(places: Places) -> None:
    async with open_client(places) as client:
        made = await client.sweep_submit(
            "counter", ["pace=8,4,2,1,0.5,0.25"], {"steps": 90, "seconds": 0.2}, parallel=6,
            prune=Prune("asha", 3, 2),
        )  # fmt: skip
        await wait_for_sweep(client, made.id, lambda found: found.counts.get("pruned"))
        waits.skip(places.root)
        done = await wait_until_ended(client, made.id)
        assert set(done.counts) == {"done", "pruned"} and done.best is not None
        pruned = await rows(client, made.id, "status=pruned")
        assert all(row.step < 90 and "not among the best" in row.cause for row in pruned)
        run = await client.show(pruned[-1].run)
        assert run.status is Status.STOPPED and run.checkpoint_step == run.step
        assert run.cause is not None and run.cause.kind is CauseKind.PRUNED
        await client.sweep_edit(made.id, "extend", trial=pruned[-1].trial)
        again = await wait_until_ended(client, made.id)
        assert again.counts["done"] == done.counts["done"] + 1
        row = (await rows(client, made.id, f"trial={pruned[-1].trial}"))[0]
        assert (row.step, row.status, row.pinned) == (90, TrialStatus.DONE, True)


async def test_a_pinned_trial_is_never_pruned(places: Places) -> None:
    async with open_client(places) as client:
        made = await client.sweep_submit(
            "counter", ["pace=8,0.1"], {"steps": 90, "seconds": 99}, parallel=2,
            prune=Prune("asha", 3, 1),
        )  # fmt: skip
        await wait_for_sweep(client, made.id, lambda found: sum(found.counts.values()) == 2)
        await client.sweep_edit(made.id, "pin", trial=2)
        waits.skip(places.runs / (await rows(client, made.id))[0].run)
        await wait_for_sweep(client, made.id, lambda found: found.counts.get("done"))
        waits.skip(places.root)
        assert dict((await wait_until_ended(client, made.id)).counts) == {"done": 2}


async def test_a_sweep_is_paused_with_its_trials_resumed_and_stopped(places: Places) -> None:
    async with open_client(places) as client:
        made = await client.sweep_submit(
            "counter", ["seed=1..4"], {"steps": 9999, "seconds": 0.01}, parallel=2
        )
        await wait_for_sweep(client, made.id, lambda found: found.counts.get("running") == 2)
        await client.sweep_edit(made.id, "pause")
        paused = await wait_until_ended(client, made.id)
        assert (paused.status, dict(paused.counts)) == (SweepStatus.PAUSED, {"paused": 2})
        await client.sweep_edit(made.id, "resume")
        await wait_for_sweep(client, made.id, lambda found: found.counts.get("running") == 2)
        await client.sweep_edit(made.id, "stop")
        stopped = await wait_until_ended(client, made.id)
        assert (stopped.status, dict(stopped.counts)) == (SweepStatus.STOPPED, {"stopped": 2})
        await client.sweep_remove(made.id, runs=True)
        assert (await client.runs()).total == 0 and await client.sweeps() == ()


async def test_a_running_sweep_is_edited(places: Places) -> None:
    async with open_client(places) as client:
        made = await client.sweep_submit("counter", ["pace=1,2"], {"steps": 100, "seconds": 0.5}, parallel=2)
        await wait_for_sweep(client, made.id, lambda found: found.counts.get("running") == 2)
        await client.sweep_edit(made.id, "stop_trial", trial=1)
        await client.sweep_edit(made.id, "add", params={"pace": 7})
        await client.sweep_edit(made.id, "widen", axis="pace=2,3")
        await client.sweep_edit(made.id, "widen", axis="seed=1,2")
        wider = await client.sweep_edit(made.id, "parallel", count=8)
        assert (wider.planned, wider.spec.parallel, wider.spec.seeds) == (8, 8, (1, 2))
        waits.skip(places.root)
        done = await wait_until_ended(client, made.id)
        assert dict(done.counts) == {"stopped": 1, "done": 7}
        tried = sorted((row.params["pace"], row.seed) for row in await rows(client, made.id))
        assert tried == [(pace, seed) for pace in (1.0, 2.0, 3.0, 7.0) for seed in (1, 2)]


async def test_an_extended_trial_equals_bit_for_bit_one_that_was_longer_from_the_start(
    places: Places,
) -> None:
    async with open_client(places) as client:
        made = await client.sweep_submit("counter", ["pace=1,2"], {"steps": 30}, parallel=2)
        await wait_until_ended(client, made.id)
        with pytest.raises(DltuiError, match="steps: expected 30 or more"):
            await client.sweep_edit(made.id, "extend", trial=2, steps=20)
        await client.sweep_edit(made.id, "extend", trial=2, steps=70)
        await wait_until_ended(client, made.id)
        row = (await rows(client, made.id))[1]
        assert (row.step, row.total_steps, row.status) == (70, 70, TrialStatus.DONE)
        longer = await client.submit("counter", {"pace": 2, "steps": 70})
        await reach(client, longer.id, Status.DONE)
        one, other = await client.show(row.run), await client.show(longer.id)
        assert one.checkpoints[-1].weights_sha256 == other.checkpoints[-1].weights_sha256
        assert one.metrics == other.metrics and one.spec.params == other.spec.params


async def test_watching_clients_receive_changes_of_sweeps(places: Places) -> None:
    async with open_client(places) as client:
        seen: list[SweepSummary] = []

        async def listen() -> None:
            async for change in client.watch():
                seen.extend(change.sweeps)

        listening = asyncio.create_task(listen())
        made = await client.sweep_submit("counter", ["pace=1,2"], {"steps": 5})
        await until(lambda: seen and seen[-1].status is SweepStatus.DONE, SECONDS)
        listening.cancel()
        assert {sweep.id for sweep in seen} == {made.id}


@pytest.mark.parametrize(
    ("axes", "facts", "expected"),
    [
        (["width=1,2"], {}, "Unknown axis 'width' of counter."),
        (["pace=3..1"], {}, "pace: the range '3..1' is empty"),
        (["pace=-1,2"], {}, "pace: expected a number of 0 or more, got '-1'."),
        ([], {}, "axes: expected one at least, got none."),
        (["pace=0..1"], {}, "pace: a grid needs values, got a range."),
        (["steps=1..100000", "pace=0..1 100000"], {}, "at most 100,000 points, got 10,000,000,000"),
        (["pace=1,2"], {"params": {"pace": 1}}, "pace: expected it fixed or as an axis, got both."),
        (["pace=1,2"], {"params": {"steps": -1}}, "steps: expected a whole number of 0 or more, got '-1'."),
        (["pace=1,2"], {"sampler": "magic"}, "sampler: expected one of grid, random, tpe, got 'magic'."),
        (["pace=1,2"], {"prune": Prune("never")}, "prune: expected one of none, median, asha"),
        (["pace=1,2"], {"parallel": -1}, "parallel: expected auto or a whole number of 1 or more"),
        (["pace=1,2"], {"gpu_share": 0.0}, "gpu_share: expected a number above 0, at most 1, got '0.0'."),
        (["pace=1,2"], {"executor": "local@there"}, "expected one of local, ray, got 'local@there'."),
        (["pace=1,2"], {"seeds": [1, 1]}, "seeds: expected different whole numbers"),
        (["pace=1,2"], {"metric": "accuracy"}, "goal: expected min or max of accuracy, got none."),
    ],
)  # fmt: skip
async def test_invalid_sweeps_are_refused_with_one_line_and_nothing_starts(
    places: Places, axes: list[str], facts: dict[str, object], expected: str
) -> None:
    async with open_client(places) as client:
        params = facts.pop("params", {})
        with pytest.raises(DltuiError) as refused:
            await client.sweep_submit("counter", axes, params, **facts)  # type: ignore[arg-type]
        assert expected in refused.value.message and "\n" not in refused.value.message
        assert await client.sweeps() == () and (await client.runs()).total == 0


async def test_invalid_combinations_are_refused_one_by_one(places: Places) -> None:
    async with open_client(places) as client:
        with pytest.raises(DltuiError, match="hidden: expected 1 or more while bypass is off"):
            await client.sweep_submit("xor", ["lr=0.1,0.2"], {"hidden": 0})
        made = await client.sweep_submit("xor", ["hidden=0,1"], {"epochs": 1}, seeds=2, parallel=1)
        assert not made.spec.lanes
        await wait_for_sweep(client, made.id, lambda found: found.counts.get("refused"))
        await client.sweep_edit(made.id, "stop")
        refused = (await rows(client, made.id, "status=refused"))[0]
        assert refused.run == "" and refused.cause.startswith("hidden: expected 1 or more")


async def test_invalid_edits_and_filters_are_refused_and_change_nothing(places: Places) -> None:
    async with open_client(places) as client:
        made = await client.sweep_submit("counter", ["pace=1,2"], {"steps": 3})
        before = await wait_until_ended(client, made.id)
        for verb, facts, expected in (
            ("fly", {}, "verb: expected one of"),
            ("pin", {}, "pin: expected trial="),
            ("pin", {"trial": 9}, "trial: expected a number of one of the 2 trials, got '9'."),
            ("widen", {"axis": "steps=1,2"}, "axis: expected one of pace, or seed, got 'steps'."),
            ("add", {"params": {"pace": -3}}, "pace: expected a number of 0 or more"),
            ("parallel", {"count": "many"}, "parallel: expected auto or a whole number"),
            ("extend", {"trial": 1}, "epochs: expected more of them"),
        ):
            with pytest.raises(DltuiError) as refused:
                await client.sweep_edit(made.id, verb, **facts)
            assert expected in refused.value.message
        for where, expected in (("pace<", "expected a value"), ("width<3", "got 'width'"), ("(", "expected")):
            with pytest.raises(DltuiError, match=expected):
                await client.sweep_trials(made.id, TrialQuery(where))
        with pytest.raises(DltuiError, match="No sweep answers"):
            await client.sweep_show("nobody")
        assert await client.sweep_show(made.id) == before


async def test_invalid_requests_are_answered_with_an_error(places: Places) -> None:
    async with open_client(places) as client:
        made = await client.sweep_submit("counter", ["pace=1,2"], {"steps": 3})
        grid = {"experiment": "counter", "axes": ["pace=1,2"]}
        for request, facts in (
            ("sweep_submit", {}), ("sweep_submit", {**grid, "axes": 5}),
            ("sweep_submit", {**grid, "seeds": {}}),
            ("sweep_submit", {**grid, "seeds": [[1]]}), ("sweep_submit", {**grid, "prune": {"kind": ["x"]}}),
            ("sweep_submit", {**grid, "sampler": ["grid"]}), ("sweep_submit", {**grid, "metric": "a\nb"}),
            ("sweep_submit", {**grid, "name": "\x1b["}), ("sweep_show", {}), ("sweep_edit", {"sweep": [1]}),
            ("sweep_edit", {"sweep": made.id, "verb": ["x"], "facts": 1}),
            ("sweep_edit", {"sweep": made.id, "verb": "pin", "facts": {"trial": "1"}}),
            ("sweep_trials", {"sweep": made.id, "limit": -1}),
            ("sweep_trials", {"sweep": made.id, "where": 3}),
            ("sweep_analysis", {"sweep": made.id, "kind": ["x"]}),
            ("sweep_analysis", {"sweep": made.id, "kind": "heat", "facts": {"x": [1]}}),
            ("sweep_remove", {"sweep": ""}),
        ):  # fmt: skip
            with pytest.raises(DltuiError) as refused:
                await client.request(request, **facts)
            assert "expected" in refused.value.message.lower() or "no experiment" in refused.value.message
        assert len(await client.sweeps()) == 1


async def test_a_full_disk_is_reported_and_nothing_is_lost(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_client(places) as client:
        made = await client.sweep_submit("counter", ["seed=1..4"], {"steps": 3}, parallel=1)
        await wait_for_sweep(client, made.id, lambda found: found.counts.get("done"))

        def full(path: object, facts: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patched:
            patched.setattr(journal, "append", full)
            await wait_for_sweep(client, made.id, lambda found: "No space left" in found.why)
        done = await wait_until_ended(client, made.id)
        assert (done.counts, done.why) == ({"done": 4}, "") and (await client.runs()).total == 4


async def test_a_metric_that_no_trial_logs_stops_the_sweep_after_the_first_trial(places: Places) -> None:
    async with open_client(places) as client:
        made = await client.sweep_submit(
            "counter", ["steps=3,4,5,6"], {}, parallel=1, metric="wibble", goal="max", prune=Prune("median")
        )
        done = await wait_until_ended(client, made.id)
        assert done.status is SweepStatus.STOPPED
        assert done.why.startswith("trial 1 logged ") and done.why.endswith("there is no wibble")
        assert sum(done.counts.values()) <= 2, "no more are started"


async def test_the_best_trial_is_marked_when_its_run_is_removed(places: Places) -> None:
    async with open_client(places) as client:
        made = await client.sweep_submit("counter", ["steps=3,4"], {}, parallel=2)
        done = await wait_until_ended(client, made.id)
        assert done.best is not None and not done.best.removed
        await client.remove(done.best.run)
        gone = await client.sweep_show(made.id)
        assert gone.best is not None and gone.best.run == done.best.run and gone.best.removed
        assert [row.removed for row in await rows(client, made.id, f"trial={done.best.trial}")] == [True]
