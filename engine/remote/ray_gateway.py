"""`python -m engine.remote.ray_gateway ADDRESS`: the one process that speaks Ray; stand-ins come by a socket.

It outlives the service. Where it dies, Ray ends its tasks, the stand-ins call for another one and hand their
runs over again from the last checkpoints that came back.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from engine import signals
from engine.errors import EngineError, ProtocolError
from engine.places import home
from engine.protocol import Json
from engine.remote.frames import Frame, Reader, encode
from engine.remote.gateway_address import GatewayAddress
from engine.remote.ray_cluster import ClusterUnfit, RayCluster

JOIN_SECONDS = 90.0
IDLE_SECONDS = 60.0
REFUSED_SECONDS = 1.0
BLOCK = 4 << 20
"""bytes of a parcel that travel as one object"""


@dataclass(slots=True)
class TaskOrder:
    """What a stand-in hands in."""

    run: str = ""
    time: int = 1
    """the first, the second, ... that it comes"""
    need: Json = field(default_factory=dict)
    bundle: list[Any] = field(default_factory=list)


class RayGateway:
    def __init__(self, post: GatewayAddress, cluster: RayCluster) -> None:
        self._post, self._cluster = post, cluster
        self._visitors = 0
        self._until = time.monotonic() + IDLE_SECONDS
        self._joined: asyncio.Task[None] | None = None
        self._count = 0

    async def serve(self) -> None:
        """Until nobody has come for a while, or Ray could not be joined."""
        with contextlib.suppress(FileNotFoundError):
            self._post.socket.unlink()
        self._joined = asyncio.create_task(self._join())
        server = await asyncio.start_unix_server(self._welcome, self._post.socket)
        self._post.socket.chmod(0o600)
        async with server:
            while time.monotonic() < self._until:
                await asyncio.sleep(0.2)
                self._stay()

    @property
    def is_refused(self) -> bool:
        """Ray cannot be used; a thread may wait for it for ever."""
        return self._joined is not None and self._joined.done() and self._joined.exception() is not None

    def _stay(self) -> None:
        """One that could not join leaves soon: the next one may be luckier."""
        if self._visitors:
            idle = float(os.environ.get("DLTUI_RAY_IDLE") or IDLE_SECONDS)
            self._until = time.monotonic() + (REFUSED_SECONDS if self.is_refused else idle)

    async def _join(self) -> None:
        try:
            async with asyncio.timeout(JOIN_SECONDS):
                await asyncio.to_thread(self._cluster.open)
        except TimeoutError as error:
            text = f"The Ray cluster at {self._post.address or 'here'} did not answer in {JOIN_SECONDS:g} s."
            raise EngineError(text, "Look at it with `ray status`.") from error

    # --- a visitor ------------------------------------------------------------------------------------------

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._visitors += 1
        try:
            await self._attend(reader, writer)
        except (ConnectionError, ProtocolError) as error:
            logging.warning("a stand-in left: %s", error)
        except Exception:
            # One odd run must not end the others.
            logging.exception("a run could not be attended to")
        finally:
            self._visitors -= 1
            writer.close()

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert self._joined is not None
        try:
            await asyncio.shield(self._joined)
            order, words = await self._ordered(reader)
            key, handle = self._submit(order)
        except EngineError as error:
            await _say(writer, "refused", text=error.message, remedy=error.remedy)
            return
        except ClusterUnfit as error:
            await _say(writer, "refused", text=str(error), remedy="dltui doctor shows what this machine has.")
            return
        logging.info("%s: handed to Ray, time %d", key, order.time)
        passing = asyncio.create_task(self._pass_words(key, reader, words))
        streaming = asyncio.create_task(self._stream(handle, writer))
        try:
            await asyncio.wait({passing, streaming}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (passing, streaming):
                task.cancel()
            await asyncio.gather(passing, streaming, return_exceptions=True)
            await asyncio.to_thread(self._cluster.cancel, key, handle)
            logging.info("%s: over", key)

    async def _ordered(self, reader: asyncio.StreamReader) -> tuple[TaskOrder, Reader]:
        """Raises ConnectionError when the visitor leaves before it has said everything."""
        order, frames, block = TaskOrder(), Reader(), bytearray()
        while True:
            for frame in await _hear(reader, frames):
                if frame.kind == "job":
                    facts = frame.facts
                    order.run, order.time, order.need = facts["run"], facts["time"], facts["need"]
                elif frame.kind == "parcel":
                    block += frame.payload
                if block and (len(block) >= BLOCK or frame.kind == "go"):
                    order.bundle.append(await asyncio.to_thread(self._cluster.put, bytes(block)))
                    block.clear()
                if frame.kind == "go":
                    return order, frames

    def _submit(self, order: TaskOrder) -> tuple[str, Any]:
        self._count += 1
        key = f"{order.run}.{os.getpid()}.{self._count}"
        return key, self._cluster.submit(key, order.need, order.bundle, first=order.time == 1)

    async def _pass_words(self, key: str, reader: asyncio.StreamReader, frames: Reader) -> None:
        """Until the visitor leaves."""
        while True:
            for frame in await _hear(reader, frames):
                if frame.kind == "word":
                    self._cluster.tell(key, frame.payload)

    async def _stream(self, handle: Any, writer: asyncio.StreamWriter) -> None:
        try:
            async for data in self._cluster.stream(handle):
                writer.write(encode("data", data))
                await writer.drain()
        except ConnectionError:
            raise
        except Exception as error:  # of whatever kind Ray raises: the stand-in decides what comes of it
            kind, text, remedy = self._cluster.said(error)
            logging.warning("%s: %s", kind, text)
            await _say(writer, kind, text=text, remedy=remedy)
            return
        await _say(writer, "over")


async def _hear(reader: asyncio.StreamReader, frames: Reader) -> list[Frame]:
    data = await reader.read(1 << 20)
    if not data:
        raise ConnectionError("the connection ended")
    return frames.feed(data)


async def _say(writer: asyncio.StreamWriter, kind: str, **facts: Any) -> None:
    writer.write(encode(kind, **facts))
    await writer.drain()


def main(words: list[str]) -> int:
    signals.ignore()  # a batch system warns every process of a job; keepers and workers act on it
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    post = GatewayAddress(home(), words[0])
    post.make()
    lock = os.open(post.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return 0  # there is one
    cluster = RayCluster(post)
    logging.info("a room for %s, process %d", post.address or "a Ray of this machine", os.getpid())
    try:
        asyncio.run(_serve(RayGateway(post, cluster)))
    finally:
        cluster.close()
    logging.info("left: nobody needs it")
    return 0


async def _serve(room: RayGateway) -> None:
    await room.serve()
    if room.is_refused:
        logging.warning("left: Ray could not be used")
        os._exit(1)


if __name__ == "__main__":
    sys.exit(main([*sys.argv[1:], ""]))
