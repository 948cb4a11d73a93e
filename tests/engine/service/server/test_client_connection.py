"""Clients that break the protocol or stop reading are disconnected with the reason; others are served."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import frames
from engine.client import client
from engine.client.client import Client
from engine.errors import EngineError
from engine.places import Places
from engine.protocol import VERSION, Status
from engine.service.server import client_connection
from engine.service.server import service as service_module
from tests.chaos import scaled
from tests.engine.service.live import connect, process, reach, serving, until
from tests.engine.service.wire import RawClient, connect_raw
from tests.timeouts import LONG


async def errors_until_closed(raw: RawClient) -> str:
    answer = await raw.receive()
    assert answer is not None and "error" in answer
    assert await raw.is_closed()
    return str(answer["error"]["message"])


@pytest.mark.parametrize(
    ("garbage", "message"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "A frame of 1195725856 bytes came, expected 1048576 at most."),
        (b"\xff\xff\xff\xff", "A frame of 4294967295 bytes came"),
        (frames.encode({})[:4] + b"[]", "A frame has to hold a JSON object, got list."),
        (b"\0\0\0\4nope", "A frame has to hold JSON"),
        (b'\0\0\0\x0e{"a":1,"a":22}', "A frame holds one key twice."),
        (b'\0\0\0\x09{"a":NaN}', "A frame holds NaN, which is not JSON."),
        (b"\0\0\0\2\xff\xfe", "A frame has to hold JSON"),
        (b'\0\0\0\x0e{"a":"\\ud800"}', "A frame has to hold JSON"),
        (frames.encode({"ask": "runs"}), 'A request has to hold a whole number "id" and a text "ask".'),
        (frames.encode({"id": True, "ask": "runs"}), "A request has to hold"),
        (frames.encode({"id": 1, "ask": ["runs"]}), "A request has to hold"),
    ],
)
async def test_invalid_bytes_are_answered_with_an_error_and_the_client_is_disconnected(
    places: Places, garbage: bytes, message: str
) -> None:
    async with serving(places), await connect_raw(places.socket) as raw, await connect(places) as other:
        raw.writer.write(garbage)
        assert message in await errors_until_closed(raw)
        assert (await other.runs()).total == 0


async def test_a_hundred_thousand_brackets_are_refused(places: Places) -> None:
    async with serving(places), await connect_raw(places.socket) as raw:
        body = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
        raw.writer.write(len(body).to_bytes(4, "big") + body)
        assert await errors_until_closed(raw) == f"A frame is nested deeper than {frames.DEPTH}."


async def test_an_unknown_request_is_answered_and_the_client_stays(places: Places) -> None:
    async with serving(places), await connect_raw(places.socket) as raw:
        await raw.send(id=1, ask="dance")
        answer = await raw.receive()
        assert answer is not None and answer["id"] == 1
        assert answer["error"]["message"] == "Unknown request 'dance'."
        assert "submit" in answer["error"]["remedy"]
        await raw.send(id=2, ask="runs")
        answer = await raw.receive()
        assert answer is not None and answer["total"] == 0


@pytest.mark.parametrize(
    "request_",
    [
        {"ask": "runs", "limit": "many"},
        {"ask": "runs", "offset": 2**70},
        {"ask": "runs", "where": 7},
        {"ask": "runs", "sort": "a b"},
        {"ask": "runs", "sort": 'x") --'},
        {"ask": "runs", "where": "x" * 5000},
        {"ask": "events", "run": "@last", "after": "x"},
        {"ask": "events", "run": None},
        {"ask": "log", "run": "@last"},
        {"ask": "set"},
        {"ask": "resume", "run": {}},
        {"ask": "submit"},
    ],
)
async def test_requests_with_invalid_fields_are_answered_in_one_line(
    places: Places, request_: dict[str, object]
) -> None:
    async with serving(places), await connect_raw(places.socket) as raw:
        await raw.send(id=1, **request_)
        answer = await raw.receive()
        assert answer is not None and answer["error"]["message"]
        assert "\n" not in answer["error"]["message"] and "failed at" not in answer["error"]["message"]


async def test_a_client_of_another_version_receives_the_version_of_the_service(places: Places) -> None:
    async with serving(places), await connect_raw(places.socket, hello=False) as raw:
        await raw.send(hello=99)
        answer = await raw.receive()
        assert answer is not None and answer["hello"] == VERSION
        assert await raw.is_closed()


async def test_a_client_without_a_hello_in_time_is_disconnected(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_connection, "HANDSHAKE_SECONDS", 0.3)
    async with serving(places), await connect_raw(places.socket, hello=False) as loris:
        loris.writer.write(b"\0")
        assert await errors_until_closed(loris) == "No hello came within 0.3 s."


async def test_the_thirty_third_client_is_refused_and_welcome_when_one_has_left(places: Places) -> None:
    async with serving(places) as service:
        clients = [await connect_raw(places.socket) for _ in range(32)]
        async with await connect_raw(places.socket, hello=False) as one_more:
            await one_more.send(hello=VERSION)
            assert await errors_until_closed(one_more) == "The engine has 32 clients already."
        with pytest.raises(EngineError, match="The engine has 32 clients already"):
            await client.connect(places, start=False)
        clients.pop().writer.close()
        await until(lambda: len(service._clients) < 32)
        clients.append(await connect_raw(places.socket))
        for raw in clients:
            raw.writer.close()


async def test_one_client_too_many_receives_the_reason_whatever_it_has_sent(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_module, "CLIENTS", 1)
    async with serving(places), await connect_raw(places.socket):
        for _ in range(20):
            with pytest.raises(EngineError, match="The engine has 1 clients already"):
                await client.connect(places, start=False)


async def test_an_incomplete_frame_does_not_block_other_clients(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_connection, "FRAME_SECONDS", 0.3)
    async with serving(places) as service:
        clients = [await connect_raw(places.socket) for _ in range(32)]
        idle = clients.pop()
        for raw in clients:
            raw.writer.write(b"\0\0\0\x09half")
        for raw in clients:
            assert await errors_until_closed(raw) == "A frame was begun and not ended within 0.3 s."
        await until(lambda: len(service._clients) == 1)
        await idle.send(id=1, ask="runs")
        answer = await idle.receive()
        assert answer is not None and answer["total"] == 0


async def test_unread_streams_take_little_memory(places: Places) -> None:
    """30 streams of a long run, none of which is read."""
    with process(places, DLTUI_TEST_SLOW="1000") as service:
        async with await connect(places) as service_client:
            run = await service_client.submit("xor", {"epochs": 1}, name="quiet")
            await reach(service_client, run.id, Status.DONE)
            _write_events(places.runs / run.id / "events.jsonl", 8 << 20)
            await service_client.engine()
            before = _rss(service.pid)
            clients = [await connect_raw(places.socket) for _ in range(30)]
            for raw in clients:
                await raw.send(id=1, ask="events", run=run.id, after=0)
            for raw in clients:
                await raw.receive()
            for _ in range(20):
                await service_client.engine()
                await asyncio.sleep(0.05)
            assert _rss(service.pid) - before < 24 << 20
            for raw in clients:
                raw.writer.close()


@pytest.mark.long
async def test_a_client_that_stops_reading_is_disconnected_and_others_are_served(places: Places) -> None:
    """40 MB of events for a client that reads none of them, and another that sends requests all the time."""
    with process(places, DLTUI_TEST_SLOW="4") as service:
        async with await connect(places) as service_client:
            run = await service_client.submit("xor", {"epochs": 1}, name="quiet")
            await reach(service_client, run.id, Status.DONE)
            _write_events(places.runs / run.id / "events.jsonl", 40 << 20)
            before = _rss(service.pid)
            async with await connect_raw(places.socket) as frozen:
                await frozen.send(id=1, ask="events", run=run.id, after=0)
                await frozen.send(id=2, ask="watch")
                assert (await service_client.engine())["clients"] == 2
                usual, waits = 9.0, [9.0]
                while (await service_client.engine())["clients"] == 2:
                    usual = min(usual, waits[int(len(waits) * 0.95)])
                    waits = sorted([wait async for wait in _latencies(service_client, 0.5)])
                await until(lambda: "too slow" in places.log.read_text())
                assert _rss(service.pid) - before < 16 << 20
    assert usual < 0.1


async def test_a_slow_client_still_gets_everything_in_order(places: Places) -> None:
    async with serving(places), await connect(places) as service_client:
        run = await service_client.submit("xor", {"epochs": 1})
        path = places.runs / run.id / "events.jsonl"
        await reach(service_client, run.id, Status.DONE)
        written = _write_events(path, 3 << 20)
        seen = 0
        async with await connect_raw(places.socket) as raw:
            await raw.send(id=1, ask="events", run=run.id, after=0)
            while not (frame := await raw.receive() or {}).get("end"):
                for event in frame["events"]:
                    seen += 1
                    assert event["seq"] == seen
                await asyncio.sleep(0.05)
        assert seen == written


garbage = st.one_of(
    st.binary(max_size=200),
    st.binary(max_size=60).map(lambda body: len(body).to_bytes(4, "big") + body),
    st.dictionaries(
        st.sampled_from(["id", "ask", "run", "where", "sort", "limit", "params", "name", "after", "of"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=12)
            | st.sampled_from(["runs", "show", "events", "watch", "cancel", "pause", "log", "submit", "xor"]),
            lambda inner: st.lists(inner, max_size=3)
            | st.dictionaries(st.text(max_size=4), inner, max_size=3),
            max_leaves=6,
        ),
        max_size=6,
    ).map(lambda message: frames.encode({"id": 1, **message})),
)  # fmt: skip


@pytest.mark.slow
def test_no_frame_ends_the_service(tmp_path: Path) -> None:
    """After each frame of Hypothesis another client is still answered."""
    places = Places(tmp_path / "home")
    places.root.mkdir(mode=0o700)
    loop = asyncio.new_event_loop()
    with process(places) as service:
        other = loop.run_until_complete(connect(places))

        @settings(
            max_examples=scaled(10_000, least=300) // 2,  # of two frames and more each
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        )
        @given(st.lists(garbage, min_size=1, max_size=4))
        def send_frames(sentences: list[bytes]) -> None:
            loop.run_until_complete(asyncio.wait_for(_say(places.socket, sentences), LONG))
            loop.run_until_complete(asyncio.wait_for(other.runs(), LONG))

        before = _rss(service.pid)
        send_frames()
        assert _rss(service.pid) - before < 10 << 20
        loop.run_until_complete(other.aclose())
        assert service.poll() is None
    loop.close()
    assert "ERROR" not in places.log.read_text() and "Traceback" not in places.log.read_text()


async def _say(path: Path, sentences: list[bytes]) -> None:
    async with await connect_raw(path) as raw:
        with contextlib.suppress(OSError):  # the service may disconnect at any frame
            for sentence in sentences:
                raw.writer.write(sentence)
            raw.writer.write_eof()
            while await raw.reader.read(65536):
                pass


async def _latencies(service_client: Client, seconds: float) -> AsyncIterator[float]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        await service_client.runs()
        yield time.monotonic() - began
        await asyncio.sleep(0.005)


def _write_events(path: Path, size: int) -> int:
    """Replace the events by about `size` bytes of others; returns their number."""
    lines, length, seq = [], 0, 0
    while length < size:
        seq += 1
        series = {"loss": [[seq], [1 / seq]], "accuracy": [[seq], [0.5]]}
        line = json.dumps({"seq": seq, "at": 1.0, "kind": "metrics", "series": series}, separators=(",", ":"))
        lines.append(line)
        length += len(line) + 1
    path.write_text("\n".join(lines) + "\n")
    return seq


def _rss(pid: int) -> int:
    """Bytes of memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
