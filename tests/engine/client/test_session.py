"""A session answers requests, streams, drops superseded requests, and starts again where it ended."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from engine.client import session as session_module
from engine.client.session import Session, Superseded
from engine.errors import DltuiError, EngineError, ProtocolError
from engine.places import Places
from tests.fakes.misbehaving_session import COMMAND, CountRequest, EchoRequest, MisbehaveRequest


@pytest_asyncio.fixture
async def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Session]:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    async with Session(Places(tmp_path / "home"), COMMAND) as opened:
        yield opened


async def test_a_request_is_answered_with_its_facts(session: Session) -> None:
    assert await session.ask(EchoRequest("grüße")) == {"text": "grüße"}


async def test_an_error_is_raised_with_its_remedy(session: Session) -> None:
    with pytest.raises(DltuiError) as caught:
        await session.ask(MisbehaveRequest("refuse"))
    assert (caught.value.message, caught.value.remedy) == ("There is no such model.", "Train one.")


async def test_a_method_that_fails_raises_one_line_and_logs_its_traceback(
    session: Session, tmp_path: Path
) -> None:
    with pytest.raises(DltuiError, match=r"misbehave failed: RuntimeError"):
        await session.ask(MisbehaveRequest("break"))
    assert "Traceback" in (tmp_path / "home" / "session.log").read_text()
    assert await session.ask(EchoRequest("still here")) == {"text": "still here"}


async def test_a_stream_yields_its_parts_and_ends(session: Session) -> None:
    assert [part["number"] async for part in session.parts(CountRequest(5))] == [0, 1, 2, 3, 4]


async def test_requests_are_answered_while_a_stream_runs(session: Session) -> None:
    async with contextlib.aclosing(session.parts(CountRequest(1_000_000_000))) as parts:
        assert (await anext(parts))["number"] == 0
        assert await session.ask(EchoRequest("1")) == {"text": "1"}


async def test_a_closed_stream_stops_its_work(session: Session) -> None:
    async with contextlib.aclosing(session.parts(CountRequest(1_000_000_000))) as parts:
        await anext(parts)
    pid = session.pid
    assert await session.ask(EchoRequest("2")) == {"text": "2"}
    assert session.pid == pid


async def test_a_stream_that_fails_raises_after_its_parts(session: Session) -> None:
    seen = []
    with pytest.raises(DltuiError, match="Thirteen is refused"):
        async for part in session.parts(CountRequest(13)):
            seen.append(part["number"])
    assert seen == list(range(13))


async def test_of_waiting_requests_with_one_mark_only_the_newest_is_answered(session: Session) -> None:
    busy = asyncio.create_task(session.ask(EchoRequest(seconds=0.5)))
    while session.pid is None:
        await asyncio.sleep(0.01)
    requests = [asyncio.create_task(session.ask(EchoRequest(str(n)), newest="bars")) for n in range(5)]
    answers = await asyncio.gather(*requests, return_exceptions=True)
    await busy
    assert answers[-1] == {"text": "4"}
    assert any(isinstance(answer, Superseded) for answer in answers[:-1])
    assert all(isinstance(answer, Superseded | dict) for answer in answers)


async def test_a_session_that_ends_raises_and_the_next_request_starts_another(session: Session) -> None:
    await session.ask(EchoRequest())
    first = session.pid
    with pytest.raises(EngineError, match="ended before it answered"):
        await session.ask(MisbehaveRequest("die"))
    assert await session.ask(EchoRequest("2")) == {"text": "2"}
    assert session.pid != first


async def test_output_on_stdout_is_not_a_response(session: Session) -> None:
    assert await session.ask(MisbehaveRequest("garbage")) == {"said": None}


async def test_a_response_that_is_not_json_is_an_error_and_the_session_continues(session: Session) -> None:
    with pytest.raises(DltuiError, match="the answer failed"):
        await session.ask(MisbehaveRequest("nan"))
    assert await session.ask(EchoRequest("1")) == {"text": "1"}


async def test_text_with_surrogates_is_refused_before_it_is_sent(session: Session) -> None:
    with pytest.raises(ProtocolError, match="not UTF-8"):
        await session.ask(EchoRequest("\udcff"))


async def test_no_process_is_left_after_closing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    monkeypatch.setattr(session_module, "EXIT_SECONDS", 60)
    session = Session(Places(tmp_path / "home"), COMMAND)
    await session.ask(EchoRequest())
    process = session._process
    assert process is not None
    await session.aclose()
    assert process.returncode == 0


async def test_a_peer_that_sends_no_frames_is_ended_and_the_next_request_starts_another(
    tmp_path: Path,
) -> None:
    talks = "import os, time; os.write(1, b'hello, who is there?'); time.sleep(60)"
    async with Session(Places(tmp_path / "home"), (sys.executable, "-c", talks)) as session:
        pids = set()
        for _ in range(2):
            with pytest.raises(
                EngineError, match="connection to the session ended: A frame of 1751477356 bytes"
            ):
                await session.ask(EchoRequest())
            pids.add(session.pid)
        assert len(pids) == 2
