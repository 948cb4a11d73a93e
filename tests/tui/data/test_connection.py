"""The engine as the screen knows it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from textual.message import Message

from engine.errors import EngineError, ProtocolError
from engine.places import Places
from engine.protocol import Running
from tests.fakes.engine import FakeEngine, done, make_run, metrics
from tests.timeouts import LONG
from tui.data import connection as river_module
from tui.data.connection import Connection
from tui.messages import CurvesGrew, EngineConnected, EngineLost, EngineStalled, ResourcesChanged, RunsChanged

RUN = make_run(1)


class Flow:
    def __init__(self, engine: FakeEngine, places: Places) -> None:
        self.told: list[Message] = []
        self.connection = Connection(places, engine.connect, self.told.append)  # type: ignore[arg-type]

    def kinds(self) -> list[type[Message]]:
        return [type(message) for message in self.told]

    async def until(self, kind: type[Message], count: int = 1) -> None:
        async with asyncio.timeout(LONG):
            while self.kinds().count(kind) < count:
                await asyncio.sleep(0.005)

    async def until_points(self, run: str, count: int) -> None:
        async with asyncio.timeout(LONG):
            while (history := self.connection.history(run)) is None or len(
                history.series.get("loss", ())
            ) < count:
                await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def flowing(engine: FakeEngine, places: Places) -> AsyncIterator[Flow]:
    flow = Flow(engine, places)
    task = asyncio.create_task(flow.connection.flow())
    try:
        yield flow
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(river_module, "FIRST_WAIT", 0.01)


async def test_it_says_what_the_engine_says(places: Places) -> None:
    engine = FakeEngine(RUN)
    async with flowing(engine, places) as flow:
        await flow.until(ResourcesChanged)
        engine.change(replace(RUN, step=7))
        await flow.until(RunsChanged)
        assert flow.kinds() == [EngineConnected, ResourcesChanged, RunsChanged]


async def test_a_followed_run_tells_its_past_and_then_its_present(places: Places) -> None:
    engine = FakeEngine(RUN)
    engine.append(RUN.id, metrics(1, [1, 2], loss=[2.0, 1.0]))
    async with flowing(engine, places) as flow:
        flow.connection.follow([RUN.id])
        await flow.until_points(RUN.id, 2)
        engine.append(RUN.id, metrics(2, [3], loss=[0.5]))
        await flow.until_points(RUN.id, 3)
        assert CurvesGrew in flow.kinds()


async def test_a_lost_engine_is_said_and_found_again_and_no_point_comes_twice(places: Places) -> None:
    engine = FakeEngine(RUN)
    engine.append(RUN.id, metrics(1, [1, 2], loss=[2.0, 1.0]))
    async with flowing(engine, places) as flow:
        flow.connection.follow([RUN.id])
        await flow.until_points(RUN.id, 2)
        engine.disconnect()
        await flow.until(EngineLost)
        with pytest.raises(EngineError):
            _ = flow.connection.client
        engine.append(RUN.id, metrics(2, [3], loss=[0.5]))
        engine.is_up = True
        await flow.until_points(RUN.id, 3)
        history = flow.connection.history(RUN.id)
        assert history is not None and history.series["loss"].curve.steps.tolist() == [1, 2, 3]
        assert flow.kinds().count(EngineConnected) == 2


async def test_an_engine_that_falls_silent_is_told_of_and_so_is_its_return(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(river_module, "QUIET_SECONDS", 0.01)
    monkeypatch.setattr(river_module, "ANSWER_SECONDS", 0.02)
    engine = FakeEngine(RUN)
    async with flowing(engine, places) as flow:
        await flow.until(ResourcesChanged)
        assert EngineStalled not in flow.kinds()
        engine.is_silent = True
        await flow.until(EngineStalled, 2)
        first, second = [told for told in flow.told if isinstance(told, EngineStalled)][:2]
        assert 0 < first.seconds < second.seconds
        engine.is_silent = False
        async with asyncio.timeout(LONG):
            while flow.told[-1] != EngineStalled(0):
                await asyncio.sleep(0.005)
        assert flow.kinds().count(EngineConnected) == 1


async def test_an_engine_that_does_not_answer_at_all_is_told_of(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(river_module, "ANSWER_SECONDS", 0.01)
    engine = FakeEngine(RUN)
    engine.is_silent = True
    async with flowing(engine, places) as flow:
        await flow.until(EngineStalled, 2)
        assert EngineConnected not in flow.kinds()
        engine.is_silent = False
        await flow.until(EngineConnected)


async def test_a_connection_that_ends_for_whatever_reason_is_renewed(places: Places) -> None:
    engine = FakeEngine(RUN)
    async with flowing(engine, places) as flow:
        for times in (1, 2):
            await flow.until(EngineConnected, times)
            engine._lines[-1].changes.put_nowait(ProtocolError("What the engine answered cannot be read."))
        await flow.until(EngineConnected, 3)
        assert flow.kinds().count(EngineLost) == 2


async def test_a_resumed_run_is_read_on(places: Places) -> None:
    ended = replace(RUN, state=done())
    engine = FakeEngine(ended)
    engine.append(RUN.id, metrics(1, [1], loss=[2.0]))
    async with flowing(engine, places) as flow:
        flow.connection.follow([RUN.id])
        await flow.until_points(RUN.id, 1)
        engine.change(replace(RUN, state=Running(1.0)))
        engine.append(RUN.id, metrics(2, [2], loss=[1.0]))
        await flow.until_points(RUN.id, 2)


async def test_what_is_no_longer_followed_is_no_longer_read(places: Places) -> None:
    other = make_run(2)
    engine = FakeEngine(RUN, other)
    engine.append(RUN.id, metrics(1, [1], loss=[2.0]))
    async with flowing(engine, places) as flow:
        flow.connection.follow([RUN.id])
        await flow.until_points(RUN.id, 1)
        flow.connection.follow([other.id])
        engine.append(RUN.id, metrics(2, [2], loss=[1.0]))
        engine.append(other.id, metrics(1, [1], loss=[1.0]))
        await flow.until_points(other.id, 1)
        assert len(flow.connection.history(RUN.id).series["loss"]) == 1  # type: ignore[union-attr]


async def test_a_run_that_is_gone_ends_its_story_alone(places: Places) -> None:
    engine = FakeEngine(RUN)
    engine.append(RUN.id, metrics(1, [1], loss=[2.0]))
    async with flowing(engine, places) as flow:
        flow.connection.follow(["no-such-run", RUN.id])
        await flow.until_points(RUN.id, 1)
        assert EngineLost not in flow.kinds()


async def test_only_so_many_stories_are_kept(places: Places) -> None:
    runs = [make_run(number) for number in range(1, 60)]
    async with flowing(FakeEngine(*runs), places) as flow:
        for run in runs:
            flow.connection.follow([run.id])
        kept = [run for run in runs if flow.connection.history(run.id) is not None]
        assert len(kept) <= river_module.STORIES_KEPT + 1 and runs[-1] in kept
