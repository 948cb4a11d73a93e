"""A channel matches frames with requests and streams, cancels once, and fails what is pending at the end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from engine import frames
from engine.client.channel import Channel
from engine.errors import DltuiError, EngineError


class Peer:
    """The other end, which does what a test says."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer

    async def receive(self) -> dict[str, Any]:
        message = await asyncio.wait_for(frames.read(self._reader), 60)
        assert message is not None
        return message

    def send(self, **message: object) -> None:
        self.writer.write(frames.encode(message))


@contextlib.asynccontextmanager
async def connected(unread: int = 0) -> AsyncIterator[tuple[Channel, Peer]]:
    ours, theirs = socket.socketpair()
    peer = Peer(*await asyncio.open_unix_connection(sock=theirs))
    reader, writer = await asyncio.open_unix_connection(sock=ours)
    channel = Channel(reader, writer, "the peer", EngineError("The peer has left."), unread=unread)
    try:
        yield channel, peer
    finally:
        await channel.aclose()
        peer.writer.close()


async def test_answers_in_another_order_reach_their_requests() -> None:
    async with connected() as (channel, peer):
        asked = [asyncio.create_task(channel.request("double", of=number)) for number in range(3)]
        received = [await peer.receive() for _ in asked]
        for message in reversed(received):
            peer.send(id=message["id"], twice=2 * message["of"])
        assert [answer["twice"] for answer in await asyncio.gather(*asked)] == [0, 2, 4]


async def test_an_error_is_raised_by_its_own_request() -> None:
    async with connected() as (channel, peer):
        bad, good = (asyncio.create_task(channel.request(name)) for name in ("bad", "good"))
        for message in [await peer.receive(), await peer.receive()]:
            peer.send(id=message["id"], **({"error": {"message": "No.", "remedy": "Stop."}}
                                           if message["ask"] == "bad" else {"fine": 1}))  # fmt: skip
        with pytest.raises(DltuiError) as caught:
            await bad
        assert (caught.value.message, caught.value.remedy) == ("No.", "Stop.")
        assert (await good)["fine"] == 1


async def test_a_stream_that_is_closed_early_is_cancelled_and_one_that_ended_is_not() -> None:
    async with connected() as (channel, peer):
        async with contextlib.aclosing(channel.stream("count")) as whole:
            first = asyncio.create_task(anext(whole))
            number = (await peer.receive())["id"]
            peer.send(id=number, part=1)
            peer.send(id=number, end=True)
            assert (await first)["part"] == 1 and [frame["end"] async for frame in whole] == [True]
        async with contextlib.aclosing(channel.stream("count")) as cut:
            first = asyncio.create_task(anext(cut))
            number = (await peer.receive())["id"]
            peer.send(id=number, part=1)
            await first
        cancel = await peer.receive()
        assert (cancel["ask"], cancel["of"]) == ("cancel", number)


async def test_a_peer_that_leaves_fails_requests_and_streams_pending_and_later() -> None:
    async with connected() as (channel, peer):
        asked = asyncio.create_task(channel.request("wait"))
        stream = channel.stream("wait")
        part = asyncio.ensure_future(anext(stream))
        for _ in range(2):
            await peer.receive()
        peer.writer.close()
        for pending in (asked, part, asyncio.create_task(channel.request("more"))):
            with pytest.raises(EngineError, match="The peer has left"):
                await pending
        assert channel.is_closed


async def test_a_frame_that_cannot_be_read_ends_the_channel_with_the_reason() -> None:
    async with connected() as (channel, peer):
        asked = asyncio.create_task(channel.request("wait"))
        await peer.receive()
        peer.writer.write((frames.LIMIT + 1).to_bytes(4, "big"))
        with pytest.raises(EngineError, match=r"connection to the peer ended: A frame of 8388609 bytes came"):
            await asked


async def test_no_frame_is_taken_while_a_stream_has_too_many_unread() -> None:
    async with connected(unread=2) as (channel, peer), contextlib.aclosing(channel.stream("count")) as stream:
        first = asyncio.create_task(anext(stream))
        number = (await peer.receive())["id"]
        for part in range(9):
            peer.send(id=number, part=part)
        assert (await first)["part"] == 0
        later = asyncio.create_task(channel.request("echo"))
        peer.send(id=(await peer.receive())["id"], echoed=True)
        while channel.frames_received < 4:
            await asyncio.sleep(0)
        for _ in range(100):
            await asyncio.sleep(0)
        assert channel.frames_received == 4, "one was read, two wait, one is held"
        assert not later.done()
        assert [(await anext(stream))["part"] for _ in range(8)] == list(range(1, 9))
        assert (await later)["echoed"]
