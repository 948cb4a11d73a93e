"""The client: requests, streams, and errors of a missing, foreign, hanging or older engine."""

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
    """Another server on the engine's socket."""
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(places.socket))
    listening.listen()
    return await asyncio.start_unix_server(answer, sock=listening)


async def test_an_engine_that_does_not_run_is_reported_with_the_remedy(places: Places) -> None:
    with pytest.raises(EngineError, match="The engine is not running") as error:
        await client.connect(places, start=False)
    assert error.value.remedy == "Start it: dltui engine start"


async def test_a_socket_without_a_listener_is_an_engine_that_does_not_run(places: Places) -> None:
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(places.socket))
    left.close()
    with pytest.raises(EngineError, match="The engine is not running"):
        await client.connect(places, start=False)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a socket away")
async def test_nothing_is_sent_to_a_socket_of_another_user(places: Places) -> None:
    received = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.read(10))

    async with await stand_in(places, listen):
        os.chown(places.socket, 65534, 65534)
        with pytest.raises(EngineError, match="belongs to user 65534, expected 0"):
            await client.connect(places, start=False)
    assert received == []


def saying(hello: dict[str, object]) -> Answering:
    """A server that sends this hello and nothing else."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await frames.read(reader)
        writer.write(frames.encode(hello))
        await reader.read()

    return answer


async def test_an_engine_of_a_newer_protocol_is_reported_with_the_remedy(places: Places) -> None:
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


async def test_an_engine_of_a_newer_release_is_used_with_a_notice(places: Places) -> None:
    hello = {"hello": VERSION, "version": "999.0"}
    async with await stand_in(places, saying(hello)), await client.connect(places) as service_client:
        assert f"is of dltui 999.0, newer than this dltui {RELEASE}." in service_client.notice


async def test_an_engine_of_an_older_release_is_replaced_and_its_runs_continue(places: Places) -> None:
    with process(places, DLTUI_TEST_VERSION="0.0.9") as older:
        async with await client.connect(places, start=False) as service_client:
            assert service_client.hello["pid"] == older.pid and service_client.notice == ""
            made = await service_client.submit("xor", {"epochs": 1_000_000})
            await reach(service_client, made.id, Status.RUNNING)
        keeper = store.read_keeper(store.folder_of(places, made.id))
        async with await client.connect(places) as service_client:
            assert f"(process {older.pid}) is of dltui 0.0.9, older than this dltui" in service_client.notice
            assert service_client.notice.endswith("It is replaced; runs continue.")
            await reach(service_client, made.id, Status.RUNNING)
            assert service_client.hello["version"] == RELEASE and service_client.hello["pid"] != older.pid
            assert store.read_keeper(store.folder_of(places, made.id)) == keeper
            assert keeper is not None and keeper.identity.is_alive()
            await service_client.shutdown()
        assert await asyncio.to_thread(older.wait, SECONDS) == 0


@pytest.mark.parametrize(("one", "other", "older"), [
    ("0.1.0", "0.2", True), ("0.9", "0.10", True), ("1.0", "1.0", False), ("2.0", "1.9", False),
    ("unknown", "1.0", False), ("1.0", "unknown", False), ("1.0rc1", "1.0.1", True),
])  # fmt: skip
def test_releases_have_an_order(one: str, other: str, older: bool) -> None:
    assert is_older(one, other) is older


async def test_a_bad_frame_fails_its_request_and_the_others_are_answered(places: Places) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await frames.read(reader)
        writer.write(frames.encode({"hello": VERSION, "version": RELEASE}))
        while (request := await frames.read(reader)) is not None:
            body = b'{"id":%d,"runs":[}' if request["ask"] == "bad" else b'{"id":%d}'
            body %= request["id"]
            writer.write(len(body).to_bytes(4, "big") + body)

    async with await stand_in(places, answer), await client.connect(places, start=False) as service_client:
        with pytest.raises(ProtocolError, match="What the engine answered cannot be read"):
            await asyncio.wait_for(service_client.request("bad"), LONG)
        assert await service_client.request("good") == {"id": 2}


async def test_frames_that_cannot_be_separated_end_the_connection_with_the_reason(places: Places) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await frames.read(reader)
        writer.write(frames.encode({"hello": VERSION, "version": RELEASE}))
        await frames.read(reader)
        writer.write(b"GET / HTTP/1.1")
        await reader.read()

    async with await stand_in(places, answer), await client.connect(places, start=False) as service_client:
        with pytest.raises(EngineError, match="The connection to the engine ended: A frame of"):
            await asyncio.wait_for(service_client.runs(), LONG)
        with pytest.raises(EngineError, match="The connection to the engine ended: A frame of"):
            await service_client.runs()


async def test_a_server_of_another_protocol_is_refused(places: Places) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(frames.encode({"who": "are you"}))

    async with await stand_in(places, answer):
        with pytest.raises(EngineError, match="is not the socket of a dltui engine"):
            await client.connect(places, start=False)


async def test_an_engine_that_hangs_is_reported_with_its_pid_and_ended_only_on_confirmation(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.client.handshake.HANDSHAKE_SECONDS", 0.3)
    requested: list[int] = []

    def may_end(silent: EngineSilent) -> bool:
        requested.append(silent.pid)
        return len(requested) > 1

    with process(places) as service:
        os.kill(service.pid, signal.SIGSTOP)
        with pytest.raises(EngineSilent, match=rf"\(process {service.pid}\) has not answered for 0.3 s"):
            await client.connect(places)
        with pytest.raises(EngineSilent):
            await client.stop(places, may_end)
        assert service.poll() is None
        await client.stop(places, may_end)
        assert await asyncio.to_thread(service.wait, SECONDS) == 0
    assert requested == [service.pid, service.pid]


async def test_an_engine_that_answers_is_stopped_without_confirmation(places: Places) -> None:
    with process(places) as service:
        await client.stop(places, lambda silent: False)
        assert await asyncio.to_thread(service.wait, SECONDS) == 0
    with pytest.raises(EngineError, match="The engine is not running"):
        await client.stop(places, lambda silent: False)


async def test_concurrent_requests_get_their_own_responses(places: Places) -> None:
    async with serving(places), await connect(places) as service_client:
        made = [await service_client.submit("xor", {"epochs": 1}, name=f"r{n}") for n in range(5)]
        requested = [run.id for run in made] * 40
        answers = await asyncio.gather(*(service_client.show(run_id) for run_id in requested))
        assert [run.id for run in answers] == requested


async def test_refusals_are_raised_and_the_connection_continues(places: Places) -> None:
    async with serving(places), await connect(places) as service_client:
        with pytest.raises(DltuiError, match="There is no experiment 'gpt'") as error:
            await service_client.submit("gpt")
        assert error.value.remedy.startswith("The catalog has")
        assert (await service_client.runs()).total == 0


async def test_a_request_that_cannot_be_encoded_is_refused_by_the_client(places: Places) -> None:
    async with serving(places), await connect(places) as service_client:
        with pytest.raises(ProtocolError, match="The request cannot be sent"):
            await service_client.request("submit", experiment="xor", params={"lr": float("nan")})
        assert (await service_client.runs()).total == 0


async def test_requests_and_streams_end_when_the_engine_is_killed(places: Places) -> None:
    with process(places) as service:
        async with await connect(places) as service_client:
            made = await service_client.submit("xor", {"epochs": 5000})
            await reach(service_client, made.id, Status.RUNNING)
            hearing = asyncio.create_task(_hear_all(service_client, made.id))
            await asyncio.sleep(0.2)
            service.kill()
            with pytest.raises(EngineError, match="The engine has stopped; runs continue without it"):
                await asyncio.wait_for(hearing, LONG)
            with pytest.raises(EngineError, match="The engine has stopped"):
                await service_client.runs()


async def test_a_closed_stream_is_cancelled(places: Places) -> None:
    async with serving(places) as service, await connect(places) as service_client:
        made = await service_client.submit("xor", {"epochs": 5000})
        for _ in range(50):
            async for _batch in service_client.events(made.id):
                break
        served = next(iter(service._clients))
        await until(lambda: not served._streams)
        assert (await service_client.show(made.id)).id == made.id


async def test_a_stream_of_an_unknown_run_raises(places: Places) -> None:
    async with serving(places), await connect(places) as service_client:
        with pytest.raises(DltuiError, match="No run answers to 'nobody'"):
            await _hear_all(service_client, "nobody")


async def test_reconnecting_continues_behind_the_last_received_event(places: Places) -> None:
    received: list[int] = []
    async with serving(places):
        async with await connect(places) as service_client:
            made = await service_client.submit("xor", {"epochs": 80})
            async for batch in service_client.events(made.id):
                received += [event.seq for event in batch.events]
                if len(received) > 10:
                    break
        deadline = quiet_seconds() + SECONDS
        async with await connect(places) as service_client:
            async for batch in service_client.events(made.id, after=received[-1]):
                received += [event.seq for event in batch.events]
                assert quiet_seconds() < deadline
    assert received == list(range(1, received[-1] + 1)) and len(received) > 80


async def _hear_all(service_client: client.Client, run: str) -> int:
    return sum([len(batch.events) async for batch in service_client.events(run)])


@pytest.mark.parametrize("number", [errno.EACCES, errno.ELOOP, errno.ENAMETOOLONG])
async def test_a_home_that_cannot_be_accessed_is_reported_and_no_engine_is_started(
    places: Places, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """A parent folder without permissions, and a link that leads to itself."""

    def refuse(path: object) -> None:
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr("engine.client.handshake.check_owner", refuse)
    with pytest.raises(HomeUnusable, match=os.strerror(number)) as error:
        await client.connect(places)
    assert "DLTUI_HOME" in error.value.remedy and not places.log.exists()
