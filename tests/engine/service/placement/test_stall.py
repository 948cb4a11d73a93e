"""A run without steps for long gets a notice, a slow one does not, and the wall clock has no effect."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.places import Places
from engine.protocol import Status
from engine.service.placement import machine_monitor
from engine.service.placement.machine_monitor import StallWatch, stall_notice
from tests.engine.service.live import connect, end_runs, reach, serving, until


def test_before_the_first_beat_the_idle_time_is_zero(tmp_path: Path) -> None:
    watch = StallWatch()
    assert watch.idle_seconds("r", tmp_path / "beat", 10.0) == 0
    assert watch.idle_seconds("r", tmp_path / "beat", 10_000.0) == 0


def test_idle_time_is_counted_from_the_last_change_that_was_seen(tmp_path: Path) -> None:
    watch, beat = StallWatch(), tmp_path / "beat"
    beat.touch()
    assert watch.idle_seconds("r", beat, 10.0) == 0
    assert watch.idle_seconds("r", beat, 75.0) == 65.0
    os.utime(beat, (1, 1))
    assert watch.idle_seconds("r", beat, 80.0) == 0, "the clock was set back: it moved all the same"
    assert watch.idle_seconds("r", beat, 81.0) == 1.0
    watch.forget("r")
    assert watch.idle_seconds("r", beat, 500.0) == 0


def test_a_minute_or_twenty_usual_steps_make_a_stall() -> None:
    assert stall_notice(59, rate=100) == "" and stall_notice(61, rate=100) == "no step for 61 s"
    assert stall_notice(199, rate=0.1) == "" and stall_notice(201, rate=0.1) == "no step for 201 s"
    assert stall_notice(61, rate=0) == "no step for 61 s"


async def test_a_stalled_run_has_a_notice_and_stays_running(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine_monitor, "LEAST_SECONDS", 0.3)
    monkeypatch.setattr(machine_monitor, "STEPS", 0)
    async with serving(places) as service, await connect(places) as client:
        made = await client.submit("xor", {"epochs": 5000})
        await reach(client, made.id, Status.RUNNING)
        run = service.registry.get(made.id)
        assert run is not None
        await until(lambda: run.keeper is not None and run.keeper.worker is not None)
        assert run.keeper is not None and run.keeper.worker is not None
        await until(run.folder.beat.exists)
        os.kill(run.keeper.worker.pid, 19)
        await until(lambda: run.notice.startswith("no step for"))
        assert (await client.show(made.id)).status is Status.RUNNING
        os.kill(run.keeper.worker.pid, 18)
        await until(lambda: run.notice == "")
    end_runs(places)
