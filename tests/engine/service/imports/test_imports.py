"""Imports, through a service and the process of the readers: rows, histories, what is refused."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine import fold, store
from engine.client.client import Client
from engine.errors import DltuiError
from engine.fold import CurvePoints, MetricCurves, wall_clock
from engine.log_source import LogSource
from engine.places import Places
from engine.protocol import Json, Status
from engine.reader_protocol import LogDescription
from engine.service.imports import imports
from engine.service.imports.import_job import ImportJob
from engine.table_protocol import Query
from tests.engine.readers.test_tensorboard_log import scalar, version, write
from tests.engine.service.live import connect, serving
from tests.timeouts import quiet_seconds

LOGS = Path(__file__).parents[3] / "stored" / "logs"
SECONDS = 60.0


@pytest.fixture
def log(tmp_path: Path) -> Path:
    folder = tmp_path / "log"
    folder.mkdir()
    write(folder, version(), *(scalar(step, step / 4) for step in range(10)))
    return folder


async def import_all(client: Client, *paths: Path, copy: bool = False, idle: float = 0) -> Json:
    result: Json = {}
    async for part in client.import_logs([str(path) for path in paths], copy=copy, idle=idle):
        result = part
    return result


async def points(client: Client, run: str) -> dict[str, tuple[list[int], list[float]]]:
    """All points of a run up to now."""
    curves = MetricCurves(CurvePoints, wall_clock)
    async with contextlib.aclosing(client.events(run)) as batches:
        async for batch in batches:
            for event in batch.events:
                fold.add(event, curves)
            if batch.caught_up or batch.ended:
                break
    return {name: (curve.steps, curve.values) for name, curve in curves.by_metric.items()}


async def wait_for(condition: Callable[[], Awaitable[bool]]) -> None:
    deadline = quiet_seconds() + SECONDS
    while not await condition():
        assert quiet_seconds() < deadline, "waited too long"
        await asyncio.sleep(0.05)


async def test_logs_of_several_programs_become_runs(places: Places) -> None:
    async with serving(places), await connect(places) as client:
        result = await import_all(client, LOGS)
        page = await client.runs(Query(descending=False))
        assert [run.id for run in page.runs] == result["found"]
        assert {run.status for run in page.runs} == {Status.IMPORTED}
        deleted, *torn = sorted(result["problems"], key=len)
        assert deleted == f"{LOGS}: 1 run that is deleted in MLflow left out."
        assert len(torn) == 2 and all("run-torn1234.wandb: " in problem for problem in torn)
        assert result["runs_read"] == len(page.runs)
        by_name = {run.spec.name.partition("-")[0]: run for run in page.runs if "/" not in run.spec.name}
        assert by_name["tensorboardX"].step == 297
        assert by_name["tensorboardX"].metrics["loss"] == pytest.approx(1 / 298)
        assert by_name["tensorflow"].spec.params == {"activation": "relu", "lr": 0.01, "units": 16}
        wandb = by_name["two dogs"]
        assert (wandb.metrics["loss"], wandb.step) == (pytest.approx(1 / 90), 112)
        assert wandb.spec.params["optimizer.name"] == "adam"
        assert (wandb.tags, wandb.note) == (("base", "small"), "a note")
        assert [run.id for run in (await client.runs(Query("tag:small"))).runs] == [wandb.id]
        assert (await client.log(wandb.id, 0, 1000)).text.startswith("step 0\nstep 1\n")
        found = await client.runs(Query("units=16 and loss<0.1"))
        assert [run.id for run in found.runs] == [by_name["tensorflow"].id]


async def test_a_run_of_mlflow_has_its_name_status_tags_and_length(places: Places) -> None:
    (folder,) = LOGS.glob("mlflow-*")
    async with serving(places), await connect(places) as client:
        await import_all(client, folder)
        await import_all(client, folder)
        page = await client.runs(Query("mlflow.status=FINISHED and tags.team=vision and lr=0.1"))
        (run,) = page.runs
        assert (run.spec.name, run.step) == ("digits/adam: 'first'", 40)
        assert run.metrics["accuracy"] == 0.75
        assert run.started_at is not None and run.started_at == pytest.approx(1.7e9, abs=1)
        assert (await points(client, run.id))["back"] == ([2, 3, 5, 9], [0.2, 0.3, 0.5, 0.9])


async def test_a_second_import_is_the_same_run_and_reads_what_was_added(places: Places, log: Path) -> None:
    async with serving(places), await connect(places) as client:
        first = await import_all(client, log)
        write(log, scalar(10, 9.0))
        again = await import_all(client, log, log)
        assert (again["found"], again["known"], again["points"]) == (first["found"], first["found"], 1)
        assert (await points(client, first["found"][0]))["loss"][0] == list(range(11))
        run = await client.show(first["found"][0])
        assert (run.step, run.metrics) == (10, {"loss": 9.0})


async def test_the_log_is_never_written_to(places: Places, log: Path) -> None:
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in log.iterdir()}
    times = log.stat().st_mtime_ns
    async with serving(places), await connect(places) as client:
        (run,) = (await import_all(client, log, copy=True))["found"]
        await client.remove(run, now=True)
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in log.iterdir()} == before
    assert log.stat().st_mtime_ns == times


async def test_verbs_that_act_are_refused_and_a_removed_run_is_forgotten(places: Places, log: Path) -> None:
    async with serving(places), await connect(places) as client:
        (run,) = (await import_all(client, log, idle=100))["found"]
        for verb in (client.pause, client.resume, client.stop):
            with pytest.raises(DltuiError, match="is imported and cannot be"):
                await verb(run)
        await client.remove(run)
        assert (await client.runs()).runs == ()
        (again,) = (await import_all(client, log))["found"]
        assert again != run


async def test_a_followed_log_is_read_on_by_the_service(places: Places, log: Path) -> None:
    async with serving(places):
        async with await connect(places) as client:
            (run,) = (await import_all(client, log, idle=100))["found"]
        write(log, scalar(10, 5.0))
        async with await connect(places) as client:

            async def has_grown() -> bool:
                return (await client.show(run)).metrics == {"loss": 5.0}

            await wait_for(has_grown)
            assert "followed" in (await client.show(run)).notice
            steps: list[int] = []
            async with contextlib.aclosing(client.events(run)) as batches:
                async for batch in batches:
                    if batch.caught_up:
                        write(log, scalar(11, 6.0))
                    curves = MetricCurves(CurvePoints, wall_clock)
                    for event in batch.events:
                        fold.add(event, curves)
                    steps += [step for curve in curves.by_metric.values() for step in curve.steps]
                    if steps and steps[-1] == 11:
                        break
            assert steps == list(range(12))


async def test_a_service_that_starts_again_follows_on(places: Places, log: Path) -> None:
    async with serving(places), await connect(places) as client:
        (run,) = (await import_all(client, log, idle=100))["found"]
    write(log, scalar(10, 5.0))
    async with serving(places), await connect(places) as client:

        async def has_grown() -> bool:
            return (await client.show(run)).metrics == {"loss": 5.0}

        await wait_for(has_grown)
        write(log, scalar(11, 6.0))

        async def has_grown_again() -> bool:
            return (await client.show(run)).metrics == {"loss": 6.0}

        await wait_for(has_grown_again)


async def test_a_log_that_disappears_while_it_is_followed_is_told_until_it_is_imported_again(
    places: Places, log: Path
) -> None:
    async with serving(places), await connect(places) as client:
        (run,) = (await import_all(client, log, idle=100))["found"]
        log.rename(log.with_name("elsewhere"))

        async def is_told() -> bool:
            return (await client.show(run)).notice.startswith(f"no longer followed: {log}")

        await wait_for(is_told)
        assert (await client.show(run)).metrics == {"loss": 2.25}
        log.with_name("elsewhere").rename(log)
        assert (await import_all(client, log))["found"] == [run]

        async def is_silent() -> bool:
            return (await client.show(run)).notice == ""

        write(log, scalar(10, 5.0))
        await import_all(client, log)
        await wait_for(is_silent)


async def test_following_ends_when_nothing_new_comes(places: Places, log: Path) -> None:
    async with serving(places), await connect(places) as client:
        (run,) = (await import_all(client, log, idle=0.2))["found"]
        async for batch in client.events(run):
            if batch.ended:
                break
        source = store.read_log_source(store.folder_of(places, run))
        assert source is not None and source.idle == 0
        write(log, scalar(10, 5.0))
        assert (await import_all(client, log))["points"] == 1


async def test_a_followed_log_that_disappears_leaves_the_run_as_it_is(places: Places, log: Path) -> None:
    async with serving(places), await connect(places) as client:
        (run,) = (await import_all(client, log, idle=100))["found"]
        for path in log.iterdir():
            path.unlink()
        log.rmdir()
        async for batch in client.events(run):
            if batch.ended:
                break
        found = await client.show(run)
        assert (found.status, found.step) == (Status.IMPORTED, 9)


async def test_a_deleted_cache_is_read_from_the_log_again(places: Places, log: Path) -> None:
    async with serving(places), await connect(places) as client:
        (run,) = (await import_all(client, log))["found"]
        store.folder_of(places, run).events.unlink()
        assert (await points(client, run))["loss"][0] == list(range(10))
        assert (await client.show(run)).damage == ""


async def test_a_full_disk_takes_a_cache_and_no_copy(places: Places, log: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    write(kept, version(), scalar(1, 1.0))
    async with serving(places) as service, await connect(places) as client:
        (copied,) = (await import_all(client, kept, copy=True))["found"]
        (cached,) = (await import_all(client, log))["found"]
        service.removals.free = lambda path: 0

        async def is_dropped() -> bool:
            return not store.folder_of(places, cached).events.exists()

        await wait_for(is_dropped)
        assert store.folder_of(places, copied).events.exists()
        service.removals.free = lambda path: 1 << 40
        assert (await client.show(cached)).metrics == {"loss": 2.25}


async def test_without_its_log_a_cache_is_kept(places: Places, log: Path) -> None:
    async with serving(places) as service, await connect(places) as client:
        (run,) = (await import_all(client, log))["found"]
        log.rename(log.with_name("elsewhere"))
        assert await service.imports.drop_cache() == ""
        assert (await points(client, run))["loss"][0] == list(range(10))


async def test_a_log_that_cannot_be_read_is_named_and_the_others_are_imported(
    places: Places, log: Path
) -> None:
    other = log / "other"
    other.mkdir()
    (other / "events.out.tfevents.1").write_bytes(b"")
    async with serving(places), await connect(places) as client:
        result = await import_all(client, log)
        assert len(result["found"]) == 1
        assert result["problems"] == [f"{other} has no event yet."]
        with pytest.raises(DltuiError, match="No such file"):
            await import_all(client, log / "none")
        with pytest.raises(DltuiError, match="expected an absolute path"):
            await import_all(client, Path("relative"))


async def test_many_runs_have_their_newest_value(places: Places, tmp_path: Path) -> None:
    for number in range(300):
        folder = tmp_path / "many" / f"run{number:03}"
        folder.mkdir(parents=True)
        write(folder, version(), scalar(1, number), scalar(2, number + 0.5))
    async with serving(places), await connect(places) as client:
        result = await import_all(client, tmp_path / "many")
        assert (result["runs"], result["points"]) == (300, 600)
        page = await client.runs(Query(limit=1000))
        assert {run.spec.name: run.metrics["loss"] for run in page.runs} == {
            f"run{number:03}": number + 0.5 for number in range(300)
        }
        assert len({run.spec.number for run in page.runs}) == 300


async def test_a_killed_process_of_readers_is_started_again(places: Places, log: Path) -> None:
    async with serving(places) as service, await connect(places) as client:
        (run,) = (await import_all(client, log, idle=100))["found"]
        pid = service.imports._readers.pid
        assert pid is not None
        os.kill(pid, 9)
        write(log, scalar(10, 5.0))

        async def has_grown() -> bool:
            return (await client.show(run)).metrics == {"loss": 5.0}

        await wait_for(has_grown)


async def test_an_imported_run_is_one_file_beside_its_cache_and_those_of_before_open(
    places: Places, log: Path
) -> None:
    async with serving(places), await connect(places) as client:
        (run,) = (await import_all(client, log))["found"]
        before = await client.show(run)
    folder = store.folder_of(places, run)
    assert sorted(path.name for path in folder.path.iterdir()) == ["events.jsonl", "spec.json"]
    spec = json.loads(folder.spec.read_bytes())
    folder.log_source.write_text(json.dumps(spec.pop("log")))
    folder.spec.write_text(json.dumps(spec))
    assert before.cause is not None
    ended = {"attempt": 1, "status": "imported", "at": spec["created_at"]}
    folder.exit.write_text(json.dumps({**ended, "cause": {"kind": "imported", "text": before.cause.text}}))
    (places.root / "index.sqlite").unlink()
    async with serving(places), await connect(places) as client:
        after = await client.show(run)
        assert replace(after, disk=0) == replace(before, disk=0)
        folder.events.unlink()
        assert (await points(client, run))["loss"][0] == list(range(10))


async def test_runs_have_a_row_also_where_the_service_ends_before_their_log_is_read(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        folder = tmp_path / "many" / f"run{number}"
        folder.mkdir(parents=True)
        write(folder, version(), scalar(1, number))
    has_made = asyncio.Event()

    async def is_never_read(job: ImportJob, sources: Mapping[str, LogSource]) -> None:
        if sources:
            has_made.set()
            await asyncio.Event().wait()

    async with serving(places) as service, await connect(places) as client:
        monkeypatch.setattr(service.imports, "_read", is_never_read)
        importing = asyncio.create_task(import_all(client, tmp_path / "many"))
        await has_made.wait()
        assert (await client.runs()).total == 0
        importing.cancel()
        await asyncio.wait({importing})
    async with serving(places), await connect(places) as client:
        assert {run.spec.name for run in (await client.runs()).runs} == {"run0", "run1", "run2"}
        result = await import_all(client, tmp_path / "many")
        assert (len(result["known"]), result["points"]) == (3, 3)


async def test_a_second_import_while_the_first_one_reads_makes_no_run(
    places: Places, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(places) as service, await connect(places) as client:
        goes_on, reads = asyncio.Event(), service.imports._read

        async def waits(*given: Any) -> None:
            await goes_on.wait()
            await reads(*given)

        monkeypatch.setattr(service.imports, "_read", waits)
        both = [asyncio.create_task(import_all(client, log)) for _ in range(2)]
        await wait_for(lambda: is_true(len(service.imports._jobs) == 2))
        goes_on.set()
        first, second = [(await one)["found"] for one in both]
        assert first == second
        assert (await client.runs()).total == 1


async def is_true(value: bool) -> bool:
    return value


def test_the_identity_of_a_log_is_its_path_and_its_first_record() -> None:
    log = LogDescription("tensorboard", "/a", "a", "1", 0.0, 1, {})
    same = LogDescription("tensorboard", "/a", "b", "1", 1.0, 2, {"lr": 1})
    assert imports.identity(log) == imports.identity(same)
    for other in (("csv", "/a", "1"), ("tensorboard", "/b", "1"), ("tensorboard", "/a", "2")):
        kind, path, first = other
        assert imports.identity(LogDescription(kind, path, "a", first, 0.0, 1, {})) != imports.identity(log)
