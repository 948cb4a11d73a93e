"""Hundreds of damaged run folders beside a healthy run: each is listed with a reason, the other trains."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.client.client import Client
from engine.errors import DltuiError
from engine.places import Places
from engine.protocol import CauseKind, RunSummary, Status
from engine.table_protocol import Query
from tests import damage
from tests.damage import Damage
from tests.engine.service.live import SECONDS, connect, reach, serving
from tests.fakes import waits
from tests.timeouts import quiet_seconds

SPEC: dict[str, Any] = {
    "id": "", "experiment": "xor", "params": {"epochs": 5, "lr": 0.1}, "seed": 7, "name": "once healthy",
    "framework": "torch", "threads": 1, "device": "cpu", "created_at": 12.5, "token": "", "sweep": "",
    "trial": 0, "gpu_share": 1.0, "executor": "local",
}  # fmt: skip
EXIT = {
    "attempt": 1, "status": "done", "cause": {"kind": "finished", "text": "done", "remedy": ""}, "at": 20.5,
    "code": 0, "signal": None, "usage": {},
}  # fmt: skip
KEEPER = {
    "attempt": 1, "identity": {"boot_id": "another", "pid": 4000, "start_ticks": 5}, "started_at": 13.5,
    "worker": {"boot_id": "another", "pid": 4001, "start_ticks": 6}, "asked": "", "asked_at": 0.0,
}  # fmt: skip
JSON_FILES: dict[str, dict[str, Any]] = {
    "spec.json": SPEC, "exit.json": EXIT, "keeper.json": KEEPER,
    "wanted.json": {"attempt": 1, "mode": "strict"}, "amended.json": {"params": {"epochs": 6}, "at": 14.5},
}  # fmt: skip
EVENTS = (
    '{"seq":1,"at":13.5,"kind":"started","total_steps":5,"device":"cpu","attempt":1}\n'
    '{"seq":2,"at":14.5,"kind":"metrics","series":{"loss":[[1,2,3],[0.5,0.4,0.3]]}}\n'
    '{"seq":3,"at":15.5,"kind":"checkpoint","step":3,"path":"p","weights_sha256":"0","bytes":1}\n'
    '{"seq":4,"at":16.5,"kind":"ended","status":"done","cause":{"kind":"finished","text":"done"},"step":5}\n'
)
OTHERS = ("events.jsonl", "worker.log", "beat", "run.lock", "control", "checkpoints", "tensorboard")


def done_run(places: Places, run_id: str) -> Path:
    """The folder of a run that is done."""
    path = places.runs / run_id
    path.mkdir(parents=True)
    for name, data in JSON_FILES.items():
        (path / name).write_text(json.dumps({**data, "id": run_id} if name == "spec.json" else data))
    (path / "events.jsonl").write_text(EVENTS)
    (path / "worker.log").write_text("line 1\n")
    for name in ("beat", "run.lock"):
        (path / name).touch()
    os.mkfifo(path / "control")
    return path


def cases() -> Iterator[tuple[str, str, Damage]]:
    """The name of the folder, the file in it, and the damage of the file."""
    for file in (*JSON_FILES, *OTHERS):
        kinds = [*damage.of_a_file(), *(damage.of_fields(JSON_FILES[file]) if file in JSON_FILES else ())]
        for one in kinds:
            if file not in ("control", "checkpoints", "tensorboard") or one.name in SHAPES:
                yield f"20260101-000000-xor-{file}-{one.name}", file, one


SHAPES = ("missing", "link-to-zero", "link-to-nothing", "link-to-itself", "pipe", "folder", "device")
"""damages that also apply to what is no regular file"""


def make_damaged_runs(places: Places) -> dict[str, tuple[str, Damage]]:
    """All cases in one home: by the id of the run, the file and its damage."""
    made = {}
    for run_id, file, one in cases():
        path = done_run(places, run_id) / file
        one.do(path)
        made[run_id] = (file, one)
    original, copied = (places.runs / f"20260101-000000-xor-{name}" for name in ("original", "copied"))
    done_run(places, original.name)
    shutil.copytree(original, copied, ignore=lambda folder, names: ["control"])
    (places.runs / "20260101-000000-xor-loop").symlink_to("20260101-000000-xor-loop")
    (places.runs / "20260101-000000-xor-empty").mkdir()
    (places.runs / "notes.txt").write_text("no run")
    return made


async def everything(client: Client) -> dict[str, RunSummary]:
    page = await client.runs(Query(limit=1000))
    assert page.total == page.matching == len(page.runs)
    return {run.id: run for run in page.runs}


async def settled(client: Client, count: int) -> dict[str, RunSummary]:
    """The runs, once all `count` folders are read and the orphans among them are concluded."""
    deadline = quiet_seconds() + SECONDS
    while True:
        found = await everything(client)
        unfinished = [
            run.id for run in found.values() if run.id.startswith("20260101") and not run.status.is_rest
        ]
        if len(found) == count and not unfinished:
            return found
        assert quiet_seconds() < deadline, (len(found), count, unfinished[:5])
        await asyncio.sleep(0.1)


def reported(run: RunSummary) -> str:
    return " ".join(filter(None, (run.cause.text if run.cause else "", run.damage)))


async def test_each_damaged_run_is_listed_with_its_reason_and_a_healthy_one_trains_on(places: Places) -> None:
    made = make_damaged_runs(places)
    async with serving(places), await connect(places) as client:
        healthy = await client.submit("xor", {"epochs": 3000}, name="healthy")
        found = await settled(client, len(made) + 5)
        running = await reach(client, healthy.id, Status.RUNNING)
        checked = {(row["run"], Path(row["path"]).name) for row in await client.verify("") if not row["ok"]}
        for run_id, (file, one) in made.items():
            run = found[run_id]
            if file == "spec.json" and not one.is_harmless:
                assert run.status is Status.DAMAGED and run.cause is not None, (run_id, run)
                assert run.cause.kind is CauseKind.DAMAGED and file in run.cause.text, (run_id, run)
                assert (run_id, file) in checked
            elif file == "keeper.json" and one.name in UNREADABLE:
                assert file in reported(run), (run_id, run)
            elif file == "exit.json":  # its events have the exit message
                is_damaged = run.status is Status.DAMAGED and file in reported(run)
                assert run.status is Status.DONE or is_damaged, (run_id, run)
            elif file == "events.jsonl" and one.name in (*SHAPES, "foreign", "closed", "no-text"):
                assert one.name == "missing" or (run_id, file) in checked, run_id
                assert one.name in ("missing", "no-text") or file in reported(run), (run_id, run)
        assert found["20260101-000000-xor-copied"].status is Status.DAMAGED
        assert found["20260101-000000-xor-original"].status is Status.DONE
        assert (await client.show("@last")).id == healthy.id
        assert (await client.runs()).notice.endswith("runs are damaged: dltui ls status=damaged")
        assert any("runs are damaged" in finding.text for finding in await client.doctor())
        assert (await client.show(healthy.id)).step >= running.step
        waits.skip(places.root)
        assert (await reach(client, healthy.id, Status.DONE)).step == 3000


UNREADABLE = (
    "empty", "cut", "deep", "no-text", "link-to-zero", "link-to-itself", "link-to-nothing", "pipe", "folder",
    "device", "foreign", "closed",
)  # fmt: skip


async def test_a_damaged_run_is_removed_by_the_name_of_its_folder_and_listed_again_once_repaired(
    places: Places,
) -> None:
    for run_id in ("one", "two"):
        (done_run(places, run_id) / "spec.json").write_text("{")
    async with serving(places), await connect(places) as client:
        await settled(client, 2)
        with pytest.raises(DltuiError, match="one is damaged and cannot be resumed"):
            await client.resume("one")
        with pytest.raises(DltuiError, match="There is no run yet"):
            await client.show("@last")
        await client.remove("one")
        (places.runs / "two" / "spec.json").write_text(json.dumps({**SPEC, "id": "two"}))
        assert (await client.show("two")).status is Status.DONE
        assert [run.id for run in (await client.runs()).runs] == ["two"]


async def test_runs_that_cannot_be_listed_are_no_empty_list(places: Places) -> None:
    places.runs.write_text("in place of the folder")
    async with serving(places), await connect(places) as client:
        with pytest.raises(DltuiError, match=r"runs cannot be listed: Not a directory"):
            await client.runs()
        places.runs.unlink()
        done_run(places, "one")
        found = await settled_or_refused(client)
        assert list(found) == ["one"]


async def settled_or_refused(client: Client) -> dict[str, RunSummary]:
    while True:
        try:
            if found := await everything(client):
                return found
        except DltuiError:
            pass
        await asyncio.sleep(0.1)
