"""Sweeps against the real keeper and workers that count, crash, hang or diverge."""

from __future__ import annotations

import asyncio
import contextlib
import errno
from collections.abc import AsyncIterator, Callable

import pytest

from engine.client.client import (
    Client,
    Prune,
    SweepStatus,
    SweepSummary,
    TrialQuery,
    TrialRow,
    TrialStatus,
)
from engine.errors import DltuiError
from engine.places import Places
from engine.protocol import CauseKind, Status
from engine.service.placement.gpus import NoGpus
from engine.service.server.service import Service
from engine.service.sweeps import journal
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
        async with await connect(places) as talk:
            yield talk
    finally:
        service.leave()
        await running
        end_runs(places)


async def see(talk: Client, sweep: str, holds: Callable[[SweepSummary], object]) -> SweepSummary:
    deadline = quiet_seconds() + SECONDS
    while not holds(found := await talk.sweep_show(sweep)):
        assert quiet_seconds() < deadline, found
        await asyncio.sleep(0.03)
    return found


async def over(talk: Client, sweep: str) -> SweepSummary:
    return await see(talk, sweep, lambda found: found.status is not SweepStatus.RUNNING)


async def rows(talk: Client, sweep: str, where: str = "") -> tuple[TrialRow, ...]:
    return (await talk.sweep_trials(sweep, TrialQuery(where))).rows


async def test_a_grid_with_seeds_is_trained_whole_and_says_mean_and_spread(places: Places) -> None:
    async with open_client(places) as talk:
        made = await talk.sweep_submit(
            "counter", ["pace=1,2,4"], {"steps": 20}, seeds=2, parallel=3, name="paces"
        )
        assert made.planned == 6 and made.status is SweepStatus.RUNNING
        done = await over(talk, "paces")
        assert (done.status, dict(done.counts)) == (SweepStatus.DONE, {"done": 6})
        found = await rows(talk, made.id)
        assert [(row.trial, row.config, row.params["pace"], row.seed) for row in found] == [
            (1, 1, 1.0, 1), (2, 1, 1.0, 2), (3, 2, 2.0, 1), (4, 2, 2.0, 2), (5, 3, 4.0, 1), (6, 3, 4.0, 2),
        ]  # fmt: skip
        assert done.best is not None and done.best.params == {"pace": 4.0}
        page = await talk.sweep_trials(made.id, TrialQuery(group="config", sort="mean"))
        assert [group.key["config"] for group in page.groups] == [3, 2, 1]
        assert [group.spread for group in page.groups] == [0.0, 0.0, 0.0]
        run = await talk.show(found[0].run)
        assert (run.spec.sweep, run.spec.trial, run.spec.params["steps"]) == (made.id, 1, 20)


async def test_trials_that_crash_or_diverge_end_as_failed_and_the_others_go_on(places: Places) -> None:
    async with open_client(places) as talk:
        made = await talk.sweep_submit("nan", ["at=3,1000"], {"steps": 10}, parallel=2)
        done = await over(talk, made.id)
        assert (done.status, dict(done.counts)) == (SweepStatus.DONE, {"failed": 1, "done": 1})
        failed, whole = await rows(talk, made.id)
        assert (failed.status, failed.value) == (TrialStatus.FAILED, None) and "nan" in failed.cause
        assert done.best == whole
        crashed = await talk.sweep_submit("crash", ["error=error,exit"], {"steps": 10, "at": 2}, parallel=2)
        assert dict((await over(talk, crashed.id)).counts) == {"failed": 2}


async def test_a_paused_trial_and_one_whose_run_was_removed_do_not_hang_a_sweep(places: Places) -> None:
    async with open_client(places) as talk:
        made = await talk.sweep_submit("counter", ["seed=1..3"], {"steps": 3000, "seconds": 0.02}, parallel=1)
        await see(talk, made.id, lambda found: found.counts.get("running"))
        first = (await rows(talk, made.id))[0]
        await talk.pause(first.run)
        second = await see(talk, made.id, lambda found: sum(found.counts.values()) == 2)
        run = (await rows(talk, made.id))[1].run
        await reach(talk, run, Status.RUNNING)
        await talk.stop(run)
        await reach(talk, run, Status.STOPPED)
        await talk.remove(run)
        waits.skip(places.root)
        done = await over(talk, made.id)
        assert second.status is SweepStatus.RUNNING and done.status is SweepStatus.DONE
        assert done.counts["paused"] == 1 and done.counts["done"] == 1
        await talk.resume(first.run)
        await see(talk, made.id, lambda found: found.counts.get("done") == 2)


async def test_asha_stops_the_worse_ones_says_why_and_what_it_stopped_can_go_on(places: Places) -> None:
    async with open_client(places) as talk:
        made = await talk.sweep_submit(
            "counter", ["pace=8,4,2,1,0.5,0.25"], {"steps": 90, "seconds": 0.2}, parallel=6,
            prune=Prune("asha", 3, 2),
        )  # fmt: skip
        await see(talk, made.id, lambda found: found.counts.get("pruned"))
        waits.skip(places.root)
        done = await over(talk, made.id)
        assert set(done.counts) == {"done", "pruned"} and done.best is not None
        pruned = await rows(talk, made.id, "status=pruned")
        assert all(row.step < 90 and "not among the best" in row.cause for row in pruned)
        run = await talk.show(pruned[-1].run)
        assert run.status is Status.STOPPED and run.checkpoint_step == run.step
        assert run.cause is not None and run.cause.kind is CauseKind.PRUNED
        await talk.sweep_edit(made.id, "extend", trial=pruned[-1].trial)
        again = await over(talk, made.id)
        assert again.counts["done"] == done.counts["done"] + 1
        row = (await rows(talk, made.id, f"trial={pruned[-1].trial}"))[0]
        assert (row.step, row.status, row.pinned) == (90, TrialStatus.DONE, True)


async def test_a_pinned_trial_is_never_pruned(places: Places) -> None:
    async with open_client(places) as talk:
        made = await talk.sweep_submit(
            "counter", ["pace=8,0.1"], {"steps": 90, "seconds": 99}, parallel=2,
            prune=Prune("asha", 3, 1),
        )  # fmt: skip
        await see(talk, made.id, lambda found: sum(found.counts.values()) == 2)
        await talk.sweep_edit(made.id, "pin", trial=2)
        waits.skip(places.runs / (await rows(talk, made.id))[0].run)
        await see(talk, made.id, lambda found: found.counts.get("done"))
        waits.skip(places.root)
        assert dict((await over(talk, made.id)).counts) == {"done": 2}


async def test_a_sweep_is_paused_with_its_trials_resumed_and_stopped(places: Places) -> None:
    async with open_client(places) as talk:
        made = await talk.sweep_submit("counter", ["seed=1..4"], {"steps": 9999, "seconds": 0.01}, parallel=2)
        await see(talk, made.id, lambda found: found.counts.get("running") == 2)
        await talk.sweep_edit(made.id, "pause")
        paused = await over(talk, made.id)
        assert (paused.status, dict(paused.counts)) == (SweepStatus.PAUSED, {"paused": 2})
        await talk.sweep_edit(made.id, "resume")
        await see(talk, made.id, lambda found: found.counts.get("running") == 2)
        await talk.sweep_edit(made.id, "stop")
        stopped = await over(talk, made.id)
        assert (stopped.status, dict(stopped.counts)) == (SweepStatus.STOPPED, {"stopped": 2})
        await talk.sweep_remove(made.id, runs=True)
        assert (await talk.runs()).total == 0 and await talk.sweeps() == ()


async def test_a_running_sweep_is_edited(places: Places) -> None:
    async with open_client(places) as talk:
        made = await talk.sweep_submit("counter", ["pace=1,2"], {"steps": 100, "seconds": 0.5}, parallel=2)
        await see(talk, made.id, lambda found: found.counts.get("running") == 2)
        await talk.sweep_edit(made.id, "stop_trial", trial=1)
        await talk.sweep_edit(made.id, "add", params={"pace": 7})
        await talk.sweep_edit(made.id, "widen", axis="pace=2,3")
        await talk.sweep_edit(made.id, "widen", axis="seed=1,2")
        wider = await talk.sweep_edit(made.id, "parallel", count=8)
        assert (wider.planned, wider.spec.parallel, wider.spec.seeds) == (8, 8, (1, 2))
        waits.skip(places.root)
        done = await over(talk, made.id)
        assert dict(done.counts) == {"stopped": 1, "done": 7}
        tried = sorted((row.params["pace"], row.seed) for row in await rows(talk, made.id))
        assert tried == [(pace, seed) for pace in (1.0, 2.0, 3.0, 7.0) for seed in (1, 2)]


async def test_an_extended_trial_ends_in_the_bits_of_one_that_was_longer_from_the_start(
    places: Places,
) -> None:
    async with open_client(places) as talk:
        made = await talk.sweep_submit("counter", ["pace=1,2"], {"steps": 30}, parallel=2)
        await over(talk, made.id)
        with pytest.raises(DltuiError, match="steps: expected 30 or more"):
            await talk.sweep_edit(made.id, "extend", trial=2, steps=20)
        await talk.sweep_edit(made.id, "extend", trial=2, steps=70)
        await over(talk, made.id)
        row = (await rows(talk, made.id))[1]
        assert (row.step, row.total_steps, row.status) == (70, 70, TrialStatus.DONE)
        longer = await talk.submit("counter", {"pace": 2, "steps": 70})
        await reach(talk, longer.id, Status.DONE)
        one, other = await talk.show(row.run), await talk.show(longer.id)
        assert one.checkpoints[-1].weights_sha256 == other.checkpoints[-1].weights_sha256
        assert one.metrics == other.metrics and one.spec.params == other.spec.params


async def test_those_who_watch_are_told_of_sweeps(places: Places) -> None:
    async with open_client(places) as talk:
        seen: list[SweepSummary] = []

        async def listen() -> None:
            async for change in talk.watch():
                seen.extend(change.sweeps)

        listening = asyncio.create_task(listen())
        made = await talk.sweep_submit("counter", ["pace=1,2"], {"steps": 5})
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
async def test_what_cannot_be_swept_is_said_in_one_line_and_nothing_starts(
    places: Places, axes: list[str], facts: dict[str, object], expected: str
) -> None:
    async with open_client(places) as talk:
        params = facts.pop("params", {})
        with pytest.raises(DltuiError) as refused:
            await talk.sweep_submit("counter", axes, params, **facts)  # type: ignore[arg-type]
        assert expected in refused.value.message and "\n" not in refused.value.message
        assert await talk.sweeps() == () and (await talk.runs()).total == 0


async def test_combinations_that_cannot_be_are_refused_one_by_one(places: Places) -> None:
    async with open_client(places) as talk:
        with pytest.raises(DltuiError, match="hidden: expected 1 or more while bypass is off"):
            await talk.sweep_submit("xor", ["lr=0.1,0.2"], {"hidden": 0})
        made = await talk.sweep_submit("xor", ["hidden=0,1"], {"epochs": 1}, seeds=2, parallel=1)
        assert not made.spec.lanes
        await see(talk, made.id, lambda found: found.counts.get("refused"))
        await talk.sweep_edit(made.id, "stop")
        refused = (await rows(talk, made.id, "status=refused"))[0]
        assert refused.run == "" and refused.cause.startswith("hidden: expected 1 or more")


async def test_wrong_edits_and_filters_are_said_and_change_nothing(places: Places) -> None:
    async with open_client(places) as talk:
        made = await talk.sweep_submit("counter", ["pace=1,2"], {"steps": 3})
        before = await over(talk, made.id)
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
                await talk.sweep_edit(made.id, verb, **facts)
            assert expected in refused.value.message
        for where, expected in (("pace<", "expected a value"), ("width<3", "got 'width'"), ("(", "expected")):
            with pytest.raises(DltuiError, match=expected):
                await talk.sweep_trials(made.id, TrialQuery(where))
        with pytest.raises(DltuiError, match="No sweep answers"):
            await talk.sweep_show("nobody")
        assert await talk.sweep_show(made.id) == before


async def test_odd_requests_are_answered_in_words(places: Places) -> None:
    async with open_client(places) as talk:
        made = await talk.sweep_submit("counter", ["pace=1,2"], {"steps": 3})
        grid = {"experiment": "counter", "axes": ["pace=1,2"]}
        for word, facts in (
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
                await talk.ask(word, **facts)
            assert "expected" in refused.value.message.lower() or "no experiment" in refused.value.message
        assert len(await talk.sweeps()) == 1


async def test_a_full_disk_is_said_and_nothing_is_lost_by_it(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_client(places) as talk:
        made = await talk.sweep_submit("counter", ["seed=1..4"], {"steps": 3}, parallel=1)
        await see(talk, made.id, lambda found: found.counts.get("done"))

        def full(path: object, facts: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patched:
            patched.setattr(journal, "append", full)
            await see(talk, made.id, lambda found: "No space left" in found.why)
        done = await over(talk, made.id)
        assert (done.counts, done.why) == ({"done": 4}, "") and (await talk.runs()).total == 4


async def test_a_metric_that_nobody_logs_stops_the_sweep_after_the_first_trial(places: Places) -> None:
    async with open_client(places) as talk:
        made = await talk.sweep_submit(
            "counter", ["steps=3,4,5,6"], {}, parallel=1, metric="wibble", goal="max", prune=Prune("median")
        )
        done = await over(talk, made.id)
        assert done.status is SweepStatus.STOPPED
        assert done.why.startswith("trial 1 logged ") and done.why.endswith("there is no wibble")
        assert sum(done.counts.values()) <= 2, "no more are started"


async def test_the_best_whose_run_is_removed_says_so_and_not_when_it_is_brought_back(places: Places) -> None:
    async with open_client(places) as talk:
        made = await talk.sweep_submit("counter", ["steps=3,4"], {}, parallel=2)
        done = await over(talk, made.id)
        assert done.best is not None and not done.best.removed
        await talk.remove(done.best.run)
        gone = await talk.sweep_show(made.id)
        assert gone.best is not None and gone.best.run == done.best.run and gone.best.removed
        assert [row.removed for row in await rows(talk, made.id, f"trial={done.best.trial}")] == [True]
