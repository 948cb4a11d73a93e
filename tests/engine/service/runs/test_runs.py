"""What a user does to runs, over the real socket, with a keeper that trains nothing."""

from __future__ import annotations

import asyncio
import json

import pytest

from engine import store
from engine.client.client import Client
from engine.errors import DltuiError
from engine.places import Places
from engine.protocol import CauseKind, Query, Queued, Status
from tests.engine.service.live import SECONDS, connect, process, reach, serving, until
from tests.fakes import hurry
from tests.patience import LONG, quiet_seconds


async def test_a_run_is_submitted_started_watched_and_done(places: Places) -> None:
    async with serving(places), await connect(places) as talk:
        made = await talk.submit("xor", {"epochs": 30}, name="first try", seed=7)
        assert made.status is Status.QUEUED and made.spec.params["hidden"] == 2
        done = await reach(talk, made.id, Status.DONE)
        assert done.step == done.total_steps == 30
        assert done.metrics == {"loss": 1 / 30}
        assert done.best is not None and done.best.step == 30
        assert done.cause is not None and done.cause.kind is CauseKind.FINISHED
        assert done.spec.seed == 7 and done.attempt == 1 and done.checkpoint_step == 30
        page = await talk.runs()
        assert [run.id for run in page.runs] == [made.id] and page.total == 1


async def test_the_same_token_twice_is_one_run(places: Places) -> None:
    async with serving(places), await connect(places) as talk:
        facts = {"experiment": "xor", "params": {"epochs": 5}, "token": "abc123"}
        answers = await asyncio.gather(*(talk.ask("submit", **facts) for _ in range(5)))
        assert len({answer["run"]["id"] for answer in answers}) == 1
        assert (await talk.runs()).total == 1


@pytest.mark.parametrize(
    ("facts", "said"),
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
async def test_what_cannot_be_trained_is_refused_in_one_line(
    places: Places, facts: dict[str, object], said: str
) -> None:
    async with serving(places), await connect(places) as talk:
        with pytest.raises(DltuiError, match="(?s)" + said.replace("(", r"\(")) as error:
            await talk.ask("submit", **facts)
        assert "\n" not in error.value.message
        assert (await talk.runs()).total == 0 and store.list_ids(places) == []


async def test_pause_and_resume_go_on_from_the_checkpoint(places: Places) -> None:
    async with serving(places), await connect(places) as talk:
        made = await talk.submit("xor", {"epochs": 5000})
        await _trains(talk, made.id, 3)
        await talk.pause(made.id)
        paused = await reach(talk, made.id, Status.PAUSED)
        assert paused.checkpoint_step == paused.step > 0
        resumed = await talk.resume(made.id)
        assert resumed.status is Status.QUEUED
        running = await reach(talk, made.id, Status.RUNNING)
        assert running.attempt == 2
        await _trains(talk, made.id, paused.step + 2)
        await talk.stop(made.id)
        assert (await reach(talk, made.id, Status.STOPPED)).step > paused.step


async def test_a_live_parameter_is_set_and_told_back(places: Places) -> None:
    async with serving(places), await connect(places) as talk:
        made = await talk.submit("xor", {"epochs": 5000})
        await _trains(talk, made.id, 1)
        await talk.set(made.id, "lr", "0.5")
        deadline = quiet_seconds() + SECONDS
        while (await talk.show(made.id)).live != {"lr": 0.5}:
            assert quiet_seconds() < deadline
            await asyncio.sleep(0.02)
        with pytest.raises(DltuiError, match="'hidden' cannot be changed") as error:
            await talk.set(made.id, "hidden", 3)
        assert error.value.remedy == "These can: lr."
        with pytest.raises(DltuiError, match="lr: expected a number of 0 or more, at most 100"):
            await talk.set(made.id, "lr", 1000)
        await talk.stop(made.id)


async def test_a_queued_run_says_why_it_waits_and_pauses_and_stops_at_once(places: Places) -> None:
    async with serving(places) as service, await connect(places) as talk:
        service.machine.meter.cores = 1
        first = await talk.submit("xor", {"epochs": 5000}, name="first")
        await reach(talk, first.id, Status.RUNNING)
        second = await talk.submit("xor", {"epochs": 5}, name="second")
        third = await talk.submit("xor", {"epochs": 5}, name="third")
        await until(lambda: _why(service.registry.get(third.id)) == "waits behind second")
        assert _why(service.registry.get(second.id)) == "needs 1 CPU thread, 0 free: first holds 1"
        paused = await talk.pause(second.id)
        assert paused.status is Status.PAUSED and paused.cause is not None
        assert paused.cause.text == "paused before it started"
        assert (await talk.stop(third.id)).status is Status.STOPPED
        assert (await talk.resume(second.id)).status is Status.QUEUED
        await talk.stop(first.id)
        assert (await reach(talk, second.id, Status.DONE)).step == 5
        assert (await talk.show(third.id)).status is Status.STOPPED


async def test_moves_that_make_no_sense_are_refused_with_what_would_work(places: Places) -> None:
    async with serving(places), await connect(places) as talk:
        made = await talk.submit("xor", {"epochs": 2}, name="short")
        await reach(talk, made.id, Status.DONE)
        for word in (talk.pause, talk.stop, talk.resume):
            with pytest.raises(DltuiError, match="short is done and cannot be") as error:
                await word(made.id)
            assert error.value.remedy == "Possible now: remove."
        with pytest.raises(DltuiError, match="mode: expected one of strict, fast"):
            await talk.resume(made.id, "sloppy")
        long = await talk.submit("xor", {"epochs": 5000}, name="long")
        await reach(talk, long.id, Status.RUNNING)
        with pytest.raises(DltuiError, match="long is running and cannot be removed") as error:
            await talk.remove(long.id)
        assert error.value.remedy == "Possible now: pause, stop, set."
        await talk.stop(long.id)


async def test_a_removed_run_leaves_nothing(places: Places) -> None:
    async with serving(places), await connect(places) as talk:
        made = await talk.submit("xor", {"epochs": 2})
        await reach(talk, made.id, Status.DONE)
        await talk.remove(made.id)
        assert (await talk.runs()).total == 0
        await until(lambda: list(places.runs.iterdir()) == [])
        with pytest.raises(DltuiError, match="No run answers to"):
            await talk.show(made.id)


async def test_a_run_answers_to_its_id_its_start_its_end_its_name_and_last(places: Places) -> None:
    async with serving(places), await connect(places) as talk:
        with pytest.raises(DltuiError, match="There is no run yet"):
            await talk.show("@last")
        one = await talk.submit("xor", {"epochs": 1}, name="twin")
        two = await talk.submit("xor", {"epochs": 1}, name="other")
        for said in (two.id, two.id[:-1], two.id[-4:], "other", "@last"):
            assert (await talk.show(said)).id == two.id
        training = await talk.submit("xor", {"epochs": 1}, name="twin")
        with pytest.raises(DltuiError, match="Several runs answer to 'twin'") as error:
            await talk.show("twin")
        assert one.id in error.value.message and training.id in error.value.message
        with pytest.raises(DltuiError, match="No run answers to 'zzz'"):
            await talk.show("zzz")
        with pytest.raises(DltuiError, match="Expected the id"):
            await talk.ask("show", run=7)


async def test_a_keeper_that_cannot_start_makes_a_failed_run(places: Places) -> None:
    async with serving(places), await connect(places) as talk:
        made = await talk.submit("xor", name="unstartable")
        failed = await reach(talk, made.id, Status.FAILED)
        assert failed.cause is not None
        assert failed.cause.text == "its keeper left with exit code 7 before it started anything"
        assert str(places.log) in failed.cause.remedy


async def test_the_log_of_a_worker_is_read_in_parts_that_cut_no_character(places: Places) -> None:
    async with serving(places), await connect(places) as talk:
        made = await talk.submit("xor", {"epochs": 1})
        text = "grün und blau ✓\n" * 100
        store.folder_of(places, made.id).log.write_text(text, encoding="utf-8")
        whole = await talk.log(made.id, 0)
        assert whole.text == text and whole.size == len(text.encode())
        read, offset = "", 0
        while (part := await talk.log(made.id, offset, 7)).text:
            assert part.offset == offset
            read += part.text
            offset = part.end
        assert read == text
        assert text.endswith((await talk.log(made.id, -8)).text)


async def test_reindex_finds_every_run_again(places: Places) -> None:
    async with serving(places), await connect(places) as talk:
        ids = [(await talk.submit("xor", {"epochs": 2})).id for _ in range(4)]
        await asyncio.gather(*(reach(talk, run_id, Status.DONE) for run_id in ids))
        before = {run.id: run for run in (await talk.runs()).runs}
        assert await talk.reindex() == 4
        after = {run.id: run for run in (await talk.runs()).runs}
        assert after == before


async def test_pages_filter_and_sort_what_was_done(places: Places) -> None:
    async with serving(places), await connect(places) as talk:
        ids = [(await talk.submit("xor", {"epochs": epochs})).id for epochs in (4, 2, 8)]
        await asyncio.gather(*(reach(talk, run_id, Status.DONE) for run_id in ids))
        page = await talk.runs(Query("status=done and epochs>2", "loss", descending=False))
        assert [run.step for run in page.runs] == [8, 4] and (page.matching, page.total) == (2, 3)
        with pytest.raises(DltuiError, match="position 7: expected a value after loss<, got the end"):
            await talk.runs(Query("loss <"))


async def test_watchers_hear_of_every_change_and_of_removal(places: Places) -> None:
    async with serving(places), await connect(places) as talk, await connect(places) as other:
        seen: dict[str, list[Status]] = {}
        removed: list[str] = []

        async def listen() -> None:
            async for change in other.watch():
                for run in change.changed:
                    seen.setdefault(run.id, []).append(run.status)
                removed.extend(change.removed)

        listening = asyncio.create_task(listen())
        made = await talk.submit("xor", {"epochs": 3000})
        await until(lambda: seen.get(made.id, [None])[-1] is Status.RUNNING)
        hurry.tell(places.root)
        await until(lambda: seen[made.id][-1] is Status.DONE)
        await talk.remove(made.id)
        await until(lambda: removed == [made.id])
        listening.cancel()


async def test_the_machine_and_the_engine_are_described(places: Places) -> None:
    async with serving(places), await connect(places) as talk:
        made = await talk.submit("xor", {"epochs": 1})
        await reach(talk, made.id, Status.DONE)
        machine = await talk.resources()
        assert 0 <= machine.cpu_busy <= 1 and 0 < machine.memory_used < machine.memory_total
        assert machine.slots == machine.cores >= 1 and machine.disk_free > 0
        facts = await talk.engine()
        assert facts["root"] == str(places.root) and facts["runs"] == {"done": 1} and facts["uptime"] > 0


async def test_shutdown_leaves_runs_running_and_the_next_service_finds_them(places: Places) -> None:
    with process(places) as first:
        talk = await connect(places)
        made = await talk.submit("xor", {"epochs": 3000})
        await _trains(talk, made.id, 5)
        await talk.shutdown()
        await talk.aclose()
        assert await asyncio.to_thread(first.wait, LONG) == 0
        assert not places.socket.exists()
        with process(places):
            async with await connect(places) as again:
                found = await reach(again, made.id, Status.RUNNING)
                assert found.attempt == 1
                hurry.tell(places.root)
                assert (await reach(again, made.id, Status.DONE)).step == 3000
    assert json.loads(store.folder_of(places, made.id).exit.read_text())["attempt"] == 1


def _why(run: object) -> str:
    state = getattr(run, "state", lambda: None)()
    return state.why if isinstance(state, Queued) else ""


async def _trains(talk: Client, run: str, step: int) -> None:
    deadline = quiet_seconds() + SECONDS
    while (await talk.show(run)).step < step:
        assert quiet_seconds() < deadline
        await asyncio.sleep(0.02)
