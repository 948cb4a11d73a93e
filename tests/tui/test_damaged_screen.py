"""Hundreds of damaged run folders lie beside a healthy run: the app's own screen lists each with its reason,
and shows the healthy one train on."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from engine.client import client
from engine.places import Places
from engine.protocol import RunSummary, Status
from tests.engine.service.live import connect, reach, serving
from tests.engine.service.runs.test_damaged_runs import make_damaged_runs, settled
from tests.fakes.app_pilot import AppPilot
from tests.fakes.engine import FakeEngine
from tui.app import LabApp

SIZE = (200, 60)


@asynccontextmanager
async def app_on(places: Places) -> AsyncIterator[AppPilot]:
    app = LabApp(places, partial(client.connect, start=False))
    async with app.run_test(size=SIZE) as pilot:
        opened = AppPilot(app, pilot, FakeEngine())
        await opened.until(lambda: app.connection.is_connected and app.runs.pages.loaded)
        yield opened


def rows(opened: AppPilot) -> list[tuple[RunSummary | None, str]]:
    """What is in sight of the table: each run and its line."""
    table, pages = opened.app.runs.table, opened.app.runs.pages
    region, first = table.region, table.visible_rows[0]
    lines = opened.text.splitlines()[region.y + 1 : region.bottom]
    return [
        (pages.at(first + place), line) for place, line in enumerate(lines) if first + place < pages.matching
    ]


def percent(opened: AppPilot) -> int:
    """How far the healthy run has come, as its row says; -1 while it says nothing."""
    line = next((line for run, line in rows(opened) if run and run.spec.name == "healthy"), "")
    found = re.search(r"(\d+)%", line)
    return int(found[1]) if found else -1


async def test_each_damaged_run_has_its_row_with_the_reason_and_the_healthy_one_is_seen_live(
    places: Places,
) -> None:
    made = make_damaged_runs(places)
    async with serving(places), await connect(places) as talk:
        healthy = await talk.submit("xor", {"epochs": 3000}, name="healthy")
        found = await settled(talk, len(made) + 5)
        damaged = {run.id: run for run in found.values() if run.status is Status.DAMAGED or run.damage}
        assert len(damaged) > 100
        await reach(talk, healthy.id, Status.RUNNING)
        async with app_on(places) as opened:
            await opened.shows("runs are damaged")
            await opened.until(lambda: percent(opened) > 0)
            before = percent(opened)
            await opened.until(lambda: percent(opened) > before)
            await read_all(opened, damaged)
            await opened.press("home")
            await opened.until(lambda: percent(opened) > before)
            assert opened.notices == []


async def read_all(opened: AppPilot, damaged: dict[str, RunSummary]) -> None:
    """Walk through the table: every damaged run is in it, the beginning of its reason beside it."""
    left = dict(damaged)
    table, pages = opened.app.runs.table, opened.app.runs.pages
    while True:
        await opened.until(lambda: all(run for run, _ in rows(opened)))
        for run, line in rows(opened):
            if run is not None and run.id in left:
                assert reason(left.pop(run.id))[:8] in line, (run.id, line)
        if table.visible_rows[1] >= pages.matching - 1:
            break
        await turn_page(opened)
    assert not left


async def turn_page(opened: AppPilot) -> None:
    before = opened.app.runs.table.visible_rows
    while opened.app.runs.table.visible_rows == before:
        await opened.press("pagedown")


def reason(run: RunSummary) -> str:
    return run.damage or (run.cause.text if run.cause else "")
