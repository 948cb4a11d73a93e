"""Runs and sweeps are ordered by their submission, whatever the clock, the time zone or a removal does."""

from __future__ import annotations

import dataclasses
import json
import time

import pytest

from engine import store
from engine.places import Places
from engine.protocol import Spec, Status
from engine.service.index.index import open_index
from engine.service.index.index_rows import row_of
from engine.service.placement.queue import CPU, FreeGpus, QueuedRun, QueuedStart, plan
from engine.service.runs import runs, tracked_run
from engine.service.runs.submission_counter import largest_on_disk
from engine.session import language_runs, mnist_checkpoints
from engine.session.cache import SessionCache
from engine.table_protocol import Query
from tests.engine.service.live import connect, reach, serving
from tests.engine.service.rows import a_summary
from tests.fakes.language_run import write_run


class Clock:
    """The wall clock of the service, which a test sets."""

    def __init__(self, now: float) -> None:
        self.now = now

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock(time.time())
    monkeypatch.setattr(runs.time, "time", made.time)
    return made


def numbered(places: Places, spec: Spec, number: int) -> str:
    """The id of a new run with that number."""
    return store.create(places, dataclasses.replace(spec, number=number)).id


async def test_a_clock_set_back_an_hour_does_not_change_which_run_is_the_last(
    places: Places, clock: Clock
) -> None:
    async with serving(places), await connect(places) as client:
        first = await client.submit("xor", {"epochs": 5}, name="first")
        clock.now -= 3600.0
        second = await client.submit("xor", {"epochs": 5}, name="second")
        assert second.id < first.id and second.spec.created_at < first.spec.created_at
        assert (first.spec.number, second.spec.number) == (1, 2)
        assert (await client.show("@last")).id == second.id
        page = await client.runs(Query())
        assert [run.id for run in page.runs] == [second.id, first.id]
        for run in (first, second):
            await reach(client, run.id, Status.DONE)
    assert store.read_spec(store.folder_of(places, second.id)).number == 2


async def test_sweeps_use_the_same_counter_and_the_last_is_the_latest(places: Places, clock: Clock) -> None:
    axes, params = ["lr=0.1,0.2"], {"epochs": 5}
    async with serving(places), await connect(places) as client:
        first = await client.sweep_submit("xor", axes, params)
        clock.now -= 3600.0
        second = await client.sweep_submit("xor", axes, params)
        assert 0 < first.spec.number < second.spec.number
        assert (await client.sweep_show("@last")).id == second.id
        assert [sweep.id for sweep in await client.sweeps()] == [second.id, first.id]


async def test_the_counter_continues_after_removed_runs(places: Places) -> None:
    async with serving(places), await connect(places) as client:
        made = await client.submit("xor", {"epochs": 5})
        await reach(client, made.id, Status.DONE)
        await client.remove(made.id)
        assert (await client.submit("xor", {"epochs": 5})).spec.number == 2
        places.submissions.unlink()
    async with serving(places), await connect(places) as client:
        assert (await client.submit("xor", {"epochs": 5})).spec.number == 3


async def test_without_index_and_counter_file_the_number_comes_from_the_run_folders(places: Places) -> None:
    async with serving(places), await connect(places) as client:
        made = await client.submit("xor", {"epochs": 5})
        await reach(client, made.id, Status.DONE)
    places.index.unlink()
    places.submissions.unlink()
    async with serving(places), await connect(places) as client:
        assert (await client.submit("xor", {"epochs": 5})).spec.number == 2


def test_the_largest_number_is_that_of_runs_sweeps_removals_and_the_file(places: Places) -> None:
    assert largest_on_disk(places, []) == 0
    run = numbered(places, a_summary("a").spec, 4)
    assert largest_on_disk(places, [run]) == 4
    for number, path in (
        (5, places.sweeps / "s" / "sweep.json"),
        (6, places.removed / "000001" / "runs" / "r" / "spec.json"),
        (7, places.removed / "000002" / "sweeps" / "s" / "sweep.json"),
        (8, places.submissions),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"number": number}))
        assert largest_on_disk(places, [run]) == number


@pytest.mark.parametrize("damaged", ['{"number": "9"}', '{"number": true}', '{"number": 1e400}', "{", "[1]",
                                     '{"number": 99999999999999999999}', '{"number": -3}'])  # fmt: skip
def test_a_damaged_number_counts_as_none(places: Places, damaged: str) -> None:
    places.root.mkdir(parents=True, exist_ok=True)
    places.submissions.write_text(damaged)
    assert largest_on_disk(places, []) == 0


def test_runs_without_a_number_come_first_then_the_number_decides_before_the_clock(places: Places) -> None:
    def made(name: str, number: int) -> Spec:
        return dataclasses.replace(a_summary(name).spec, number=number)

    specs = [made("a", 2), made("b", 1), made("d", 0), made("c", 0)]
    assert [spec.name[-1] for spec in sorted(specs, key=lambda spec: spec.order)] == ["c", "d", "b", "a"]
    places.root.mkdir(parents=True, exist_ok=True)
    index = open_index(places.index)
    index.put([row_of(dataclasses.replace(a_summary("a"), spec=spec), {}) for spec in specs])
    page = index.page(Query(descending=False))
    assert [json.loads(row)["name"][-1] for row in page.summaries] == ["c", "d", "b", "a"]
    assert index.newest() == specs[0].id and index.last_number() == 2
    damaged = dataclasses.replace(a_summary("z").spec, number=2**63 - 1)
    index.put([row_of(dataclasses.replace(a_summary("z"), spec=damaged), {})])
    assert index.last_number() == 2, "one damaged number does not use up all that are left"
    index.drop([damaged.id])
    assert [json.loads(row)["name"][-1] for row in index.page(Query(sort="step")).summaries] == [
        "a", "b", "d", "c"]  # fmt: skip


def test_after_a_change_of_time_zone_the_newest_language_model_is_the_later_one(places: Places) -> None:
    """Ids begin with the local time: one hour to the west, a later run has the smaller id."""
    east = write_run(places, name="earlier", created_at=1.0e9)
    west = write_run(places, name="later", created_at=1.0e9 - 3600.0)
    for number, run in enumerate((east, west), 1):
        path = store.folder_of(places, run).spec
        path.write_text(json.dumps({**json.loads(path.read_text()), "number": number}))
    assert language_runs.find(SessionCache(places)).spec.name == "later"
    assert language_runs.find(SessionCache(places), "@last").spec.name == "later"


def test_digit_runs_are_listed_by_submission(places: Places) -> None:
    early = numbered(places, a_summary("b", "mnist").spec, 1)
    late = numbered(places, a_summary("a", "mnist").spec, 2)
    assert [folder.id for folder, _ in mnist_checkpoints.all_runs(SessionCache(places))] == [late, early]


def test_a_clock_set_back_does_not_change_the_order_of_the_queue(clock: Clock) -> None:
    first = tracked_run.queue_time()
    clock.now -= 3600.0
    second = tracked_run.queue_time()
    waiting = [QueuedRun("a", "second", 1, "cpu", second), QueuedRun("b", "first", 1, "cpu", first)]
    assert plan(waiting, [], 1, FreeGpus()).starts == (QueuedStart("b", CPU),)


async def test_two_runs_are_never_given_one_name(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    endings = iter(("aaaa", "aaaa", "bbbb"))

    def new_id(experiment: str, now: float) -> str:
        return f"{now:.0f}-{experiment}-{next(endings)}"

    monkeypatch.setattr(store, "new_id", new_id)
    async with serving(places), await connect(places) as client:
        names = [(await client.submit("xor", {"epochs": 5})).spec.name for _ in range(2)]
        assert names == ["xor-aaaa", "xor-bbbb"]
