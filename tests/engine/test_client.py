"""The client: what it tells when the engine is away, is not ours, is another version, or goes away."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable

import pytest

from engine import client, frames
from engine.errors import DltuiError, EngineError, ProtocolError
from engine.places import Places
from engine.protocol import Status
from tests.engine.service.live import SECONDS, connect, process, reach, serving, until
from tests.patience import LONG, quiet_seconds

Answering = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def stand_in(places: Places, answer: Answering) -> asyncio.Server:
    """Something else that listens where the engine would."""
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(places.socket))
    listening.listen()
    return await asyncio.start_unix_server(answer, sock=listening)


async def test_an_engine_that_does_not_run_is_said_with_the_remedy(places: Places) -> None:
    with pytest.raises(EngineError, match="The engine is not running") as error:
        await client.connect(places, start=False)
    assert error.value.remedy == "Start it: dltui engine start"


async def test_a_socket_nobody_listens_on_is_an_engine_that_does_not_run(places: Places) -> None:
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(places.socket))
    left.close()
    with pytest.raises(EngineError, match="The engine is not running"):
        await client.connect(places, start=False)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a socket away")
async def test_nothing_is_said_to_a_socket_of_another_user(places: Places) -> None:
    heard = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(10))

    async with await stand_in(places, listen):
        os.chown(places.socket, 65534, 65534)
        with pytest.raises(EngineError, match="belongs to user 65534, expected 0"):
            await client.connect(places, start=False)
    assert heard == []


async def test_an_engine_of_another_version_is_named_with_what_to_do(places: Places) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await frames.read(reader)
        writer.write(frames.encode({"hello": 7}))

    async with await stand_in(places, answer):
        with pytest.raises(EngineError, match="speaks protocol 7, this dltui speaks 1") as error:
            await client.connect(places, start=False)
    assert "running runs go on" in error.value.remedy


async def test_what_does_not_speak_our_language_is_left(places: Places) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(frames.encode({"who": "are you"}))

    async with await stand_in(places, answer):
        with pytest.raises(EngineError, match="does not speak dltui"):
            await client.connect(places, start=False)


async def test_what_never_answers_is_not_waited_for(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "HANDSHAKE_SECONDS", 0.2)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async with await stand_in(places, answer):
        with pytest.raises(EngineError, match="does not answer"):
            await client.connect(places, start=False)


async def test_answers_find_their_questions_however_many_are_asked_at_once(places: Places) -> None:
    async with serving(places), await connect(places) as talk:
        made = [await talk.submit("xor", {"epochs": 1}, name=f"r{n}") for n in range(5)]
        asked = [run.id for run in made] * 40
        answers = await asyncio.gather(*(talk.show(run_id) for run_id in asked))
        assert [run.id for run in answers] == asked


async def test_refusals_come_as_words_and_the_client_goes_on(places: Places) -> None:
    async with serving(places), await connect(places) as talk:
        with pytest.raises(DltuiError, match="There is no experiment 'gpt'") as error:
            await talk.submit("gpt")
        assert error.value.remedy.startswith("The catalog has")
        assert (await talk.runs()).total == 0


async def test_what_cannot_be_sent_is_refused_here(places: Places) -> None:
    async with serving(places), await connect(places) as talk:
        with pytest.raises(ProtocolError, match="That cannot be sent"):
            await talk.submit("xor", {"lr": float("nan")})
        assert (await talk.runs()).total == 0


async def test_questions_and_streams_end_when_the_engine_is_killed(places: Places) -> None:
    with process(places) as service:
        async with await connect(places) as talk:
            made = await talk.submit("xor", {"epochs": 5000})
            await reach(talk, made.id, Status.RUNNING)
            hearing = asyncio.create_task(_hear_all(talk, made.id))
            await asyncio.sleep(0.2)
            service.kill()
            with pytest.raises(EngineError, match="The engine has gone; runs go on without it"):
                await asyncio.wait_for(hearing, LONG)
            with pytest.raises(EngineError, match="The engine has gone"):
                await talk.runs()


async def test_a_stream_that_is_left_is_no_longer_served(places: Places) -> None:
    async with serving(places) as service, await connect(places) as talk:
        made = await talk.submit("xor", {"epochs": 5000})
        for _ in range(50):
            async for _batch in talk.events(made.id):
                break
        served = next(iter(service._clients))
        await until(lambda: not served._streams)
        assert (await talk.show(made.id)).id == made.id


async def test_a_stream_of_a_run_that_is_not_there_says_so(places: Places) -> None:
    async with serving(places), await connect(places) as talk:
        with pytest.raises(DltuiError, match="No run answers to 'nobody'"):
            await _hear_all(talk, "nobody")


async def test_reconnecting_goes_on_behind_the_last_event_heard(places: Places) -> None:
    heard: list[int] = []
    async with serving(places):
        async with await connect(places) as talk:
            made = await talk.submit("xor", {"epochs": 80})
            async for batch in talk.events(made.id):
                heard += [event.seq for event in batch.events]
                if len(heard) > 10:
                    break
        deadline = quiet_seconds() + SECONDS
        async with await connect(places) as talk:
            async for batch in talk.events(made.id, after=heard[-1]):
                heard += [event.seq for event in batch.events]
                assert quiet_seconds() < deadline
    assert heard == list(range(1, heard[-1] + 1)) and len(heard) > 80


async def _hear_all(talk: client.Client, run: str) -> int:
    return sum([len(batch.events) async for batch in talk.events(run)])
