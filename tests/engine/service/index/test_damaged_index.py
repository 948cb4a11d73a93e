"""A damaged index is rebuilt from the run folders, with a notice."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.places import Places
from engine.table_protocol import Query
from tests.engine.service.live import connect, serving
from tests.engine.service.runs.test_damaged_runs import done_run
from tests.fakes import waits

RUNS = [f"20260101-00000{n}-xor-aaa{n}" for n in range(9)]


def _flipped(seed: int) -> Callable[[Path], None]:
    def do(path: Path) -> None:
        data = bytearray(path.read_bytes())
        bit = random.Random(seed).randrange(len(data) * 8)
        data[bit // 8] ^= 1 << bit % 8
        path.write_bytes(data)

    return do


def _cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _replaced(make: Callable[[Path], object]) -> Callable[[Path], None]:
    def do(path: Path) -> None:
        path.unlink()
        make(path)

    return do


@pytest.mark.parametrize(
    "do",
    [
        *(_flipped(seed) for seed in range(6)), _cut, lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(os.urandom(5000)), _replaced(os.mkfifo), _replaced(os.mkdir),
        _replaced(lambda path: path.symlink_to("/dev/zero")),
        _replaced(lambda path: path.symlink_to(path.name)),
    ],
)  # fmt: skip
async def test_a_damaged_index_is_rebuilt_at_the_next_start(
    places: Places, do: Callable[[Path], None]
) -> None:
    for run_id in RUNS:
        done_run(places, run_id)
    async with serving(places), await connect(places) as service_client:
        assert await all_ids(service_client) == set(RUNS)
    do(places.index)
    async with serving(places), await connect(places) as service_client:
        assert await all_ids(service_client) == set(RUNS)
        page = await service_client.runs()
        assert "The index was damaged" in page.notice and "rebuilt from the run folders" in page.notice
        assert (await service_client.show(RUNS[3])).spec.name == "once healthy"


async def all_ids(service_client: Any) -> set[str]:
    while True:
        page = await service_client.runs(Query(limit=1000))
        if "more runs follow" not in page.notice:
            return {run.id for run in page.runs}


async def test_an_index_that_is_damaged_while_the_service_runs_is_rebuilt(places: Places) -> None:
    for run_id in RUNS:
        done_run(places, run_id)
    async with serving(places) as service, await connect(places) as service_client:
        made = await service_client.submit("xor", {"epochs": 2000}, name="resumes")
        assert await all_ids(service_client) == {*RUNS, made.id}
        await service.index_thread.call(lambda index: index._db.execute("UPDATE bodies SET summary = '{}'"))
        assert await all_ids(service_client) == {*RUNS, made.id}
        assert "rebuilt from the run folders" in (await service_client.runs()).notice
        assert any("index was damaged" in finding.text for finding in await service_client.doctor())
        await service.index_thread.call(lambda index: index._db.execute("DROP TABLE bodies"))
        assert (await service_client.show(RUNS[0])).id == RUNS[0]
        assert await service_client.reindex() == len(RUNS) + 1
        waits.skip(places.root)
