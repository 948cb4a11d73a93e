"""A damaged index is thrown away and rebuilt from the run folders, unasked, and said."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.places import Places
from engine.protocol import Query
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
    async with serving(places), await connect(places) as talk:
        assert await all_ids(talk) == set(RUNS)
    do(places.index)
    async with serving(places), await connect(places) as talk:
        assert await all_ids(talk) == set(RUNS)
        page = await talk.runs()
        assert "The index was damaged" in page.notice and "rebuilt from the run folders" in page.notice
        assert (await talk.show(RUNS[3])).spec.name == "once healthy"


async def all_ids(talk: Any) -> set[str]:
    while True:
        page = await talk.runs(Query(limit=1000))
        if "more runs follow" not in page.notice:
            return {run.id for run in page.runs}


async def test_an_index_that_is_damaged_under_a_running_service_is_rebuilt_unasked(places: Places) -> None:
    for run_id in RUNS:
        done_run(places, run_id)
    async with serving(places) as service, await connect(places) as talk:
        made = await talk.submit("xor", {"epochs": 2000}, name="resumes")
        assert await all_ids(talk) == {*RUNS, made.id}
        await service.index_thread.call(lambda index: index._db.execute("UPDATE bodies SET summary = '{}'"))
        assert await all_ids(talk) == {*RUNS, made.id}
        assert "rebuilt from the run folders" in (await talk.runs()).notice
        assert any("index was damaged" in finding.text for finding in await talk.doctor())
        await service.index_thread.call(lambda index: index._db.execute("DROP TABLE bodies"))
        assert (await talk.show(RUNS[0])).id == RUNS[0]
        assert await talk.reindex() == len(RUNS) + 1
        waits.skip(places.root)
