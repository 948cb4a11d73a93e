"""The connection of the app to the engine."""

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
from tui.data import connection as connection_module
from tui.data.connection import Connection
from tui.messages import (
    EngineConnected,
    EngineLost,
    EngineStalled,
    HistoryChanged,
    ResourcesChanged,
    RunsChanged,
)

RUN = make_run(1)


class RecordedConnection:
    def __init__(self, engine: FakeEngine, places: Places) -> None:
        self.messages: list[Message] = []
        self.connection = Connection(places, engine.connect, self.messages.append)  # type: ignore[arg-type]

    def kinds(self) -> list[type[Message]]:
        return [type(message) for message in self.messages]

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
async def connected(engine: FakeEngine, places: Places) -> AsyncIterator[RecordedConnection]:
    recorded = RecordedConnection(engine, places)
    task = asyncio.create_task(recorded.connection.run())
    try:
        yield recorded
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.fixture(autouse=True)
def fast_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "FIRST_WAIT", 0.01)


async def test_every_change_that_the_engine_sends_is_posted(places: Places) -> None:
    engine = FakeEngine(RUN)
    async with connected(engine, places) as recorded:
        await recorded.until(ResourcesChanged)
        engine.change(replace(RUN, step=7))
        await recorded.until(RunsChanged)
        assert recorded.kinds() == [EngineConnected, ResourcesChanged, RunsChanged]


async def test_a_followed_run_is_read_from_its_first_event_and_then_live(places: Places) -> None:
    engine = FakeEngine(RUN)
    engine.append(RUN.id, metrics(1, [1, 2], loss=[2.0, 1.0]))
    async with connected(engine, places) as recorded:
        recorded.connection.follow([RUN.id])
        await recorded.until_points(RUN.id, 2)
        engine.append(RUN.id, metrics(2, [3], loss=[0.5]))
        await recorded.until_points(RUN.id, 3)
        assert HistoryChanged in recorded.kinds()


async def test_a_lost_connection_is_posted_and_renewed_and_no_point_comes_twice(places: Places) -> None:
    engine = FakeEngine(RUN)
    engine.append(RUN.id, metrics(1, [1, 2], loss=[2.0, 1.0]))
    async with connected(engine, places) as recorded:
        recorded.connection.follow([RUN.id])
        await recorded.until_points(RUN.id, 2)
        engine.disconnect()
        await recorded.until(EngineLost)
        with pytest.raises(EngineError):
            _ = recorded.connection.client
        engine.append(RUN.id, metrics(2, [3], loss=[0.5]))
        engine.is_up = True
        await recorded.until_points(RUN.id, 3)
        history = recorded.connection.history(RUN.id)
        assert history is not None and history.series["loss"].steps.tolist() == [1, 2, 3]
        assert recorded.kinds().count(EngineConnected) == 2


async def test_an_engine_that_stops_answering_is_reported_and_so_is_its_next_answer(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_module, "QUIET_SECONDS", 0.01)
    monkeypatch.setattr(connection_module, "ANSWER_SECONDS", 0.02)
    engine = FakeEngine(RUN)
    async with connected(engine, places) as recorded:
        await recorded.until(ResourcesChanged)
        assert EngineStalled not in recorded.kinds()
        engine.is_silent = True
        await recorded.until(EngineStalled, 2)
        first, second = [message for message in recorded.messages if isinstance(message, EngineStalled)][:2]
        assert 0 < first.seconds < second.seconds
        engine.is_silent = False
        async with asyncio.timeout(LONG):
            while recorded.messages[-1] != EngineStalled(0):
                await asyncio.sleep(0.005)
        assert recorded.kinds().count(EngineConnected) == 1


async def test_an_engine_that_never_answers_is_reported(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_module, "ANSWER_SECONDS", 0.01)
    engine = FakeEngine(RUN)
    engine.is_silent = True
    async with connected(engine, places) as recorded:
        await recorded.until(EngineStalled, 2)
        assert EngineConnected not in recorded.kinds()
        engine.is_silent = False
        await recorded.until(EngineConnected)


async def test_a_connection_that_ends_for_whatever_reason_is_renewed(places: Places) -> None:
    engine = FakeEngine(RUN)
    async with connected(engine, places) as recorded:
        for times in (1, 2):
            await recorded.until(EngineConnected, times)
            engine._clients[-1].changes.put_nowait(ProtocolError("What the engine answered cannot be read."))
        await recorded.until(EngineConnected, 3)
        assert recorded.kinds().count(EngineLost) == 2


async def test_the_events_of_a_resumed_run_are_read_again(places: Places) -> None:
    ended = replace(RUN, state=done())
    engine = FakeEngine(ended)
    engine.append(RUN.id, metrics(1, [1], loss=[2.0]))
    async with connected(engine, places) as recorded:
        recorded.connection.follow([RUN.id])
        await recorded.until_points(RUN.id, 1)
        engine.change(replace(RUN, state=Running(1.0)))
        engine.append(RUN.id, metrics(2, [2], loss=[1.0]))
        await recorded.until_points(RUN.id, 2)


async def test_what_is_no_longer_followed_is_no_longer_read(places: Places) -> None:
    other = make_run(2)
    engine = FakeEngine(RUN, other)
    engine.append(RUN.id, metrics(1, [1], loss=[2.0]))
    async with connected(engine, places) as recorded:
        recorded.connection.follow([RUN.id])
        await recorded.until_points(RUN.id, 1)
        recorded.connection.follow([other.id])
        engine.append(RUN.id, metrics(2, [2], loss=[1.0]))
        engine.append(other.id, metrics(1, [1], loss=[1.0]))
        await recorded.until_points(other.id, 1)
        assert len(recorded.connection.history(RUN.id).series["loss"]) == 1  # type: ignore[union-attr]


async def test_a_run_that_was_removed_ends_only_its_own_history(places: Places) -> None:
    engine = FakeEngine(RUN)
    engine.append(RUN.id, metrics(1, [1], loss=[2.0]))
    async with connected(engine, places) as recorded:
        recorded.connection.follow(["no-such-run", RUN.id])
        await recorded.until_points(RUN.id, 1)
        assert EngineLost not in recorded.kinds()


async def test_the_number_of_histories_is_bounded(places: Places) -> None:
    runs = [make_run(number) for number in range(1, 60)]
    async with connected(FakeEngine(*runs), places) as recorded:
        for run in runs:
            recorded.connection.follow([run.id])
        kept = [run for run in runs if recorded.connection.history(run.id) is not None]
        assert len(kept) <= connection_module.HISTORIES_KEPT + 1 and runs[-1] in kept


async def test_more_runs_than_are_read_at_once_are_read_one_after_the_other(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_module, "STREAMS", 3)
    runs = [replace(make_run(number), state=done()) for number in range(1, 12)]
    engine = FakeEngine(*runs)
    for run in runs:
        engine.append(run.id, metrics(1, [1, 2], loss=[2.0, 1.0]))
    async with connected(engine, places) as recorded:
        recorded.connection.follow([run.id for run in runs])
        for run in runs:
            await recorded.until_points(run.id, 2)
