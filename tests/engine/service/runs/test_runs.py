"""Requests for runs, over the real socket, with a fake keeper."""

from __future__ import annotations

import asyncio
import json

import pytest

from engine import store
from engine.client.client import Client
from engine.errors import DltuiError
from engine.places import Places
from engine.protocol import CauseKind, Queued, Status
from engine.table_protocol import Query
from tests.engine.service.live import SECONDS, connect, process, reach, serving, until
from tests.fakes import waits
from tests.timeouts import LONG, quiet_seconds


async def test_a_run_is_submitted_started_and_done(places: Places) -> None:
    async with serving(places), await connect(places) as client:
        made = await client.submit("xor", {"epochs": 30}, name="first try", seed=7)
        assert made.status is Status.QUEUED and made.spec.params["hidden"] == 2
        done = await reach(client, made.id, Status.DONE)
        assert done.step == done.total_steps == 30
        assert done.metrics == {"loss": 1 / 30}
        assert done.best is not None and done.best.step == 30
        assert done.cause is not None and done.cause.kind is CauseKind.FINISHED
        assert done.spec.seed == 7 and done.attempt == 1 and done.checkpoint_step == 30
        page = await client.runs()
        assert [run.id for run in page.runs] == [made.id] and page.total == 1


async def test_the_same_token_twice_is_one_run(places: Places) -> None:
    async with serving(places), await connect(places) as client:
        facts = {"experiment": "xor", "params": {"epochs": 5}, "token": "abc123"}
        answers = await asyncio.gather(*(client.request("submit", **facts) for _ in range(5)))
        assert len({answer["run"]["id"] for answer in answers}) == 1
        assert (await client.runs()).total == 1


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"experiment": "nope"}, "no experiment 'nope'"),
        ({"experiment": "xor", "params": {"lr": -1}}, "lr: expected a number of 0 or more"),
        ({"experiment": "xor", "params": {"wrong": 1}}, "Unknown parameter 'wrong'"),
        ({"experiment": "xor", "params": [1]}, "params: expected an object"),
        ({"experiment": "xor", "name": "../x"}, "name: expected"),
        ({"experiment": "xor", "name": "x" * 65}, "name: expected"),
        ({"experiment": "xor", "name": "-rf"}, "name: expected"),
        ({"experiment": "xor", "seed": -1}, "seed: expected"),
        ({"experiment": "xor", "seed": 2**32}, "seed: expected"),
        ({"experiment": "xor", "seed": True}, "seed: expected"),
        ({"experiment": "xor", "device": "tpu"}, "device: expected one of auto, cpu, gpu"),
        ({"experiment": "xor", "token": "a b"}, "token: expected"),
        ({"experiment": 3}, "experiment: expected text"),
    ],
)
async def test_an_invalid_submission_is_refused_in_one_line(
    places: Places, facts: dict[str, object], expected: str
) -> None:
    async with serving(places), await connect(places) as client:
        with pytest.raises(DltuiError, match="(?s)" + expected.replace("(", r"\(")) as error:
            await client.request("submit", **facts)
        assert "\n" not in error.value.message
        assert (await client.runs()).total == 0 and store.list_ids(places) == []


async def test_a_resumed_run_continues_from_its_checkpoint(places: Places) -> None:
    async with serving(places), await connect(places) as client:
        made = await client.submit("xor", {"epochs": 5000})
        await _reaches_step(client, made.id, 3)
        await client.pause(made.id)
        paused = await reach(client, made.id, Status.PAUSED)
        assert paused.checkpoint_step == paused.step > 0
        resumed = await client.resume(made.id)
        assert resumed.status is Status.QUEUED
        running = await reach(client, made.id, Status.RUNNING)
        assert running.attempt == 2
        await _reaches_step(client, made.id, paused.step + 2)
        await client.stop(made.id)
        assert (await reach(client, made.id, Status.STOPPED)).step > paused.step


async def test_a_live_parameter_is_set_and_reported(places: Places) -> None:
    async with serving(places), await connect(places) as client:
        made = await client.submit("xor", {"epochs": 5000})
        await _reaches_step(client, made.id, 1)
        await client.set(made.id, "lr", "0.5")
        deadline = quiet_seconds() + SECONDS
        while (await client.show(made.id)).live != {"lr": 0.5}:
            assert quiet_seconds() < deadline
            await asyncio.sleep(0.02)
        with pytest.raises(DltuiError, match="'hidden' cannot be changed") as error:
            await client.set(made.id, "hidden", 3)
        assert error.value.remedy == "These can: lr."
        with pytest.raises(DltuiError, match="lr: expected a number of 0 or more, at most 100"):
            await client.set(made.id, "lr", 1000)
        await client.stop(made.id)


async def test_a_queued_run_has_a_reason_and_pauses_and_stops_at_once(places: Places) -> None:
    async with serving(places) as service, await connect(places) as client:
        service.machine.meter.cores = 1
        first = await client.submit("xor", {"epochs": 5000}, name="first")
        await reach(client, first.id, Status.RUNNING)
        second = await client.submit("xor", {"epochs": 5}, name="second")
        third = await client.submit("xor", {"epochs": 5}, name="third")
        await until(lambda: _reason(service.registry.get(third.id)) == "waits behind second")
        assert _reason(service.registry.get(second.id)) == "needs 1 CPU thread, 0 free: first holds 1"
        paused = await client.pause(second.id)
        assert paused.status is Status.PAUSED and paused.cause is not None
        assert paused.cause.text == "paused before it started"
        assert (await client.stop(third.id)).status is Status.STOPPED
        assert (await client.resume(second.id)).status is Status.QUEUED
        await client.stop(first.id)
        assert (await reach(client, second.id, Status.DONE)).step == 5
        assert (await client.show(third.id)).status is Status.STOPPED


async def test_commands_that_do_not_fit_the_status_are_refused_with_those_that_do(places: Places) -> None:
    async with serving(places), await connect(places) as client:
        made = await client.submit("xor", {"epochs": 2}, name="short")
        await reach(client, made.id, Status.DONE)
        for command in (client.pause, client.stop, client.resume):
            with pytest.raises(DltuiError, match="short is done and cannot be") as error:
                await command(made.id)
            assert error.value.remedy == "Possible now: remove."
        with pytest.raises(DltuiError, match="mode: expected one of strict, fast"):
            await client.resume(made.id, "sloppy")
        long = await client.submit("xor", {"epochs": 5000}, name="long")
        await reach(client, long.id, Status.RUNNING)
        with pytest.raises(DltuiError, match="long is running and cannot be removed") as error:
            await client.remove(long.id)
        assert error.value.remedy == "Possible now: pause, stop, set."
        await client.stop(long.id)


async def test_a_removed_run_leaves_nothing(places: Places) -> None:
    async with serving(places), await connect(places) as client:
        made = await client.submit("xor", {"epochs": 2})
        await reach(client, made.id, Status.DONE)
        await client.remove(made.id)
        assert (await client.runs()).total == 0
        await until(lambda: list(places.runs.iterdir()) == [])
        with pytest.raises(DltuiError, match="No run answers to"):
            await client.show(made.id)


async def test_a_run_is_found_by_its_id_its_start_its_end_its_name_and_last(places: Places) -> None:
    async with serving(places), await connect(places) as client:
        with pytest.raises(DltuiError, match="There is no run yet"):
            await client.show("@last")
        one = await client.submit("xor", {"epochs": 1}, name="twin")
        two = await client.submit("xor", {"epochs": 1}, name="other")
        for expected in (two.id, two.id[:-1], two.id[-4:], "other", "@last"):
            assert (await client.show(expected)).id == two.id
        training = await client.submit("xor", {"epochs": 1}, name="twin")
        with pytest.raises(DltuiError, match="Several runs answer to 'twin'") as error:
            await client.show("twin")
        assert one.id in error.value.message and training.id in error.value.message
        with pytest.raises(DltuiError, match="No run answers to 'zzz'"):
            await client.show("zzz")
        with pytest.raises(DltuiError, match="Expected the id"):
            await client.request("show", run=7)


async def test_a_keeper_that_cannot_start_makes_a_failed_run(places: Places) -> None:
    async with serving(places), await connect(places) as client:
        made = await client.submit("xor", name="unstartable")
        failed = await reach(client, made.id, Status.FAILED)
        assert failed.cause is not None
        assert failed.cause.text == "its keeper left with exit code 7 before it started anything"
        assert str(places.log) in failed.cause.remedy


async def test_the_log_of_a_worker_is_read_in_ranges_of_whole_characters(places: Places) -> None:
    async with serving(places), await connect(places) as client:
        made = await client.submit("xor", {"epochs": 1})
        text = "grün und blau ✓\n" * 100
        store.folder_of(places, made.id).log.write_text(text, encoding="utf-8")
        whole = await client.log(made.id, 0)
        assert whole.text == text and whole.size == len(text.encode())
        read, offset = "", 0
        while (part := await client.log(made.id, offset, 7)).text:
            assert part.offset == offset
            read += part.text
            offset = part.end
        assert read == text
        assert text.endswith((await client.log(made.id, -8)).text)


async def test_reindex_finds_every_run_again(places: Places) -> None:
    async with serving(places), await connect(places) as client:
        ids = [(await client.submit("xor", {"epochs": 2})).id for _ in range(4)]
        await asyncio.gather(*(reach(client, run_id, Status.DONE) for run_id in ids))
        before = {run.id: run for run in (await client.runs()).runs}
        assert await client.reindex() == 4
        after = {run.id: run for run in (await client.runs()).runs}
        assert after == before


async def test_pages_filter_and_sort_what_was_done(places: Places) -> None:
    async with serving(places), await connect(places) as client:
        ids = [(await client.submit("xor", {"epochs": epochs})).id for epochs in (4, 2, 8)]
        await asyncio.gather(*(reach(client, run_id, Status.DONE) for run_id in ids))
        page = await client.runs(Query("status=done and epochs>2", "loss", descending=False))
        assert [run.step for run in page.runs] == [8, 4] and (page.matching, page.total) == (2, 3)
        with pytest.raises(DltuiError, match="position 7: expected a value after loss<, got the end"):
            await client.runs(Query("loss <"))


async def test_watch_reports_every_change_and_removal(places: Places) -> None:
    async with serving(places), await connect(places) as client, await connect(places) as other:
        seen: dict[str, list[Status]] = {}
        removed: list[str] = []

        async def watch() -> None:
            async for change in other.watch():
                for run in change.changed:
                    seen.setdefault(run.id, []).append(run.status)
                removed.extend(change.removed)

        watching = asyncio.create_task(watch())
        made = await client.submit("xor", {"epochs": 3000})
        await until(lambda: seen.get(made.id, [None])[-1] is Status.RUNNING)
        waits.skip(places.root)
        await until(lambda: seen[made.id][-1] is Status.DONE)
        await client.remove(made.id)
        await until(lambda: removed == [made.id])
        watching.cancel()


async def test_the_machine_and_the_engine_are_described(places: Places) -> None:
    async with serving(places), await connect(places) as client:
        made = await client.submit("xor", {"epochs": 1})
        await reach(client, made.id, Status.DONE)
        machine = await client.resources()
        assert 0 <= machine.cpu_busy <= 1 and 0 < machine.memory_used < machine.memory_total
        assert machine.slots == machine.cores >= 1 and machine.disk_free > 0
        facts = await client.engine()
        assert facts["root"] == str(places.root) and facts["runs"] == {"done": 1} and facts["uptime"] > 0


async def test_runs_continue_after_shutdown_and_the_next_service_finds_them(places: Places) -> None:
    with process(places) as first:
        client = await connect(places)
        made = await client.submit("xor", {"epochs": 3000})
        await _reaches_step(client, made.id, 5)
        await client.shutdown()
        await client.aclose()
        assert await asyncio.to_thread(first.wait, LONG) == 0
        assert not places.socket.exists()
        with process(places):
            async with await connect(places) as again:
                found = await reach(again, made.id, Status.RUNNING)
                assert found.attempt == 1
                waits.skip(places.root)
                assert (await reach(again, made.id, Status.DONE)).step == 3000
    assert json.loads(store.folder_of(places, made.id).exit.read_text())["attempt"] == 1


def _reason(run: object) -> str:
    state = getattr(run, "state", lambda: None)()
    return state.why if isinstance(state, Queued) else ""


async def _reaches_step(client: Client, run: str, step: int) -> None:
    deadline = quiet_seconds() + SECONDS
    while (await client.show(run)).step < step:
        assert quiet_seconds() < deadline
        await asyncio.sleep(0.02)
