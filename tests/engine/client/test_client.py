"""The client: what it tells when the engine is away, is not ours, is another version, or goes away."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
from collections.abc import Awaitable, Callable

import pytest

from engine import frames, store
from engine.client import client
from engine.errors import DltuiError, EngineError, EngineSilent, HomeUnusable, OtherVersion, ProtocolError
from engine.places import Places
from engine.protocol import VERSION, Status
from engine.version import VERSION as RELEASE
from engine.version import is_older
from tests.engine.service.live import SECONDS, connect, process, reach, serving, until
from tests.timeouts import LONG, quiet_seconds

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


def saying(hello: dict[str, object]) -> Answering:
    """An engine that says this of itself, and nothing more."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await frames.read(reader)
        writer.write(frames.encode(hello))
        await reader.read()

    return answer


async def test_an_engine_of_a_newer_protocol_is_named_with_what_to_do(places: Places) -> None:
    async with await stand_in(places, saying({"hello": 7, "version": "9.9"})):
        with pytest.raises(OtherVersion) as error:
            await client.connect(places)
    assert f"is of dltui 9.9, newer than this dltui {RELEASE}." in error.value.message
    assert error.value.remedy == "Use that dltui, or end the engine: dltui engine stop. Runs continue."


async def test_where_only_the_protocols_differ_they_are_named(places: Places) -> None:
    async with await stand_in(places, saying({"hello": VERSION - 1, "version": RELEASE})):
        with pytest.raises(OtherVersion) as error:
            await client.connect(places, start=False)
    theirs, ours = (f"dltui {RELEASE} (protocol {number})" for number in (VERSION - 1, VERSION))
    assert error.value.is_older
    assert error.value.message.endswith(f"is of {theirs}, older than this {ours}.")


async def test_an_engine_of_a_newer_release_is_used_and_told_of(places: Places) -> None:
    hello = {"hello": VERSION, "version": "999.0"}
    async with await stand_in(places, saying(hello)), await client.connect(places) as talk:
        assert f"is of dltui 999.0, newer than this dltui {RELEASE}." in talk.notice


async def test_an_engine_of_an_older_release_is_replaced_and_its_runs_go_on(places: Places) -> None:
    with process(places, DLTUI_TEST_VERSION="0.0.9") as older:
        async with await client.connect(places, start=False) as talk:
            assert talk.hello["pid"] == older.pid and talk.notice == ""
            made = await talk.submit("xor", {"epochs": 1_000_000})
            await reach(talk, made.id, Status.RUNNING)
        keeper = store.read_keeper(store.folder_of(places, made.id))
        async with await client.connect(places) as talk:
            assert f"(process {older.pid}) is of dltui 0.0.9, older than this dltui" in talk.notice
            assert talk.notice.endswith("It is replaced; runs continue.")
            await reach(talk, made.id, Status.RUNNING)
            assert talk.hello["version"] == RELEASE and talk.hello["pid"] != older.pid
            assert store.read_keeper(store.folder_of(places, made.id)) == keeper
            assert keeper is not None and keeper.identity.is_alive()
            await talk.shutdown()
        assert await asyncio.to_thread(older.wait, SECONDS) == 0


@pytest.mark.parametrize(("one", "other", "older"), [
    ("0.1.0", "0.2", True), ("0.9", "0.10", True), ("1.0", "1.0", False), ("2.0", "1.9", False),
    ("unknown", "1.0", False), ("1.0", "unknown", False), ("1.0rc1", "1.0.1", True),
])  # fmt: skip
def test_releases_have_an_order(one: str, other: str, older: bool) -> None:
    assert is_older(one, other) is older


async def test_a_bad_frame_costs_its_request_and_the_others_are_answered(places: Places) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await frames.read(reader)
        writer.write(frames.encode({"hello": VERSION, "version": RELEASE}))
        while (request := await frames.read(reader)) is not None:
            body = b'{"id":%d,"runs":[}' if request["ask"] == "bad" else b'{"id":%d}'
            body %= request["id"]
            writer.write(len(body).to_bytes(4, "big") + body)

    async with await stand_in(places, answer), await client.connect(places, start=False) as talk:
        with pytest.raises(ProtocolError, match="What the engine answered cannot be read"):
            await asyncio.wait_for(talk.request("bad"), LONG)
        assert await talk.request("good") == {"id": 2}


async def test_frames_that_cannot_be_told_apart_end_the_connection_with_the_reason(places: Places) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await frames.read(reader)
        writer.write(frames.encode({"hello": VERSION, "version": RELEASE}))
        await frames.read(reader)
        writer.write(b"GET / HTTP/1.1")
        await reader.read()

    async with await stand_in(places, answer), await client.connect(places, start=False) as talk:
        with pytest.raises(EngineError, match="The connection to the engine ended: A frame of"):
            await asyncio.wait_for(talk.runs(), LONG)
        with pytest.raises(EngineError, match="The connection to the engine ended: A frame of"):
            await talk.runs()


async def test_what_does_not_speak_our_language_is_left(places: Places) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(frames.encode({"who": "are you"}))

    async with await stand_in(places, answer):
        with pytest.raises(EngineError, match="is not the socket of a dltui engine"):
            await client.connect(places, start=False)


async def test_an_engine_that_hangs_is_named_by_its_process_and_ended_only_when_that_is_wished(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "HANDSHAKE_SECONDS", 0.3)
    asked: list[int] = []

    def may_end(silent: EngineSilent) -> bool:
        asked.append(silent.pid)
        return len(asked) > 1

    with process(places) as service:
        os.kill(service.pid, signal.SIGSTOP)
        with pytest.raises(EngineSilent, match=rf"\(process {service.pid}\) has not answered for 0.3 s"):
            await client.connect(places)
        with pytest.raises(EngineSilent):
            await client.stop(places, may_end)
        assert service.poll() is None
        await client.stop(places, may_end)
        assert await asyncio.to_thread(service.wait, SECONDS) == 0
    assert asked == [service.pid, service.pid]


async def test_an_engine_that_answers_is_stopped_without_a_question(places: Places) -> None:
    with process(places) as service:
        await client.stop(places, lambda silent: False)
        assert await asyncio.to_thread(service.wait, SECONDS) == 0
    with pytest.raises(EngineError, match="The engine is not running"):
        await client.stop(places, lambda silent: False)


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
        with pytest.raises(ProtocolError, match="The request cannot be sent"):
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
            with pytest.raises(EngineError, match="The engine has stopped; runs continue without it"):
                await asyncio.wait_for(hearing, LONG)
            with pytest.raises(EngineError, match="The engine has stopped"):
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


@pytest.mark.parametrize("number", [errno.EACCES, errno.ELOOP, errno.ENAMETOOLONG])
async def test_a_home_that_cannot_be_reached_is_said_and_no_engine_is_started_in_it(
    places: Places, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """A locked folder above it, a link that leads to itself."""

    def refuse(path: object) -> None:
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr("engine.client.client._check_owner", refuse)
    with pytest.raises(HomeUnusable, match=os.strerror(number)) as error:
        await client.connect(places)
    assert "DLTUI_HOME" in error.value.remedy and not places.log.exists()
