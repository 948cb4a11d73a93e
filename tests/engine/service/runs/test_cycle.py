"""The beat goes on whatever one run, one turn or the disk does."""

from __future__ import annotations

import os

import pytest

from engine.places import Places
from engine.protocol import Status
from engine.service.placement.local_executor import LocalExecutor
from engine.service.runs import cycle, event_reader, orphans
from engine.service.runs.tracked_run import TrackedRun
from tests.engine.service.live import connect, reach, serving, until


async def test_a_run_that_cannot_be_looked_after_keeps_no_other_waiting(
    places: Places, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = event_reader.read_on

    def read_on(run: TrackedRun, chunk: int = event_reader.CHUNK) -> int:
        if run.spec.name == "odd":
            raise ZeroDivisionError("odd")
        return real(run, chunk)

    monkeypatch.setattr(event_reader, "read_on", read_on)
    async with serving(places), await connect(places) as talk:
        odd = await talk.submit("xor", {"epochs": 2}, name="odd")
        fine = await talk.submit("xor", {"epochs": 2}, name="fine")
        assert (await reach(talk, fine.id, Status.DONE)).step == 2
        monkeypatch.setattr(event_reader, "read_on", real)
        assert (await reach(talk, odd.id, Status.DONE)).step == 2
    assert f"run {odd.id} cannot be looked after" in caplog.text


async def test_a_turn_that_fails_is_followed_by_another(
    places: Places, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(cycle, "RETRY_SECONDS", 0.05)
    async with serving(places), await connect(places) as talk:
        real = LocalExecutor.reap
        monkeypatch.setattr(LocalExecutor, "reap", _fail)
        made = await talk.submit("xor", {"epochs": 2})
        await until(lambda: "a turn of the service failed" in caplog.text)
        monkeypatch.setattr(LocalExecutor, "reap", real)
        assert (await reach(talk, made.id, Status.DONE)).step == 2


async def test_a_disk_that_takes_no_end_is_complained_of_once(
    places: Places, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(cycle, "ADOPT_SECONDS", 0.02)
    full = True

    def write_exit(*_: object) -> None:
        if full:
            raise OSError(28, "No space left on device")
        real(*_)

    real = orphans.store.write_exit
    async with serving(places) as service, await connect(places) as talk:
        made = await talk.submit("xor", {"epochs": 5000})
        await reach(talk, made.id, Status.RUNNING)
        run = service.registry.get(made.id)
        assert run is not None and run.keeper is not None
        await until(lambda: run.keeper is not None and run.keeper.worker is not None)
        monkeypatch.setattr(orphans.store, "write_exit", write_exit)
        os.kill(run.keeper.identity.pid, 9)
        await until(lambda: "No space left" in caplog.text)
        assert (await talk.show(made.id)).status is Status.RUNNING
        full = False
        await reach(talk, made.id, Status.LOST)
    assert caplog.text.count("No space left") == 1


def _fail(local: object) -> None:
    raise ZeroDivisionError("a bug")
