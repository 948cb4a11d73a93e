"""`python -m engine.remote.ray_gateway ADDRESS`: the one process that talks to Ray, for all proxy workers.

Proxy workers connect through a socket. It outlives the service. If it dies, Ray ends its tasks, and the proxy
workers request another one and submit their runs again from the last checkpoints received.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from engine import ending_signals, files
from engine.errors import EngineError, ProtocolError
from engine.places import home
from engine.protocol import Json
from engine.remote.gateway_address import GatewayAddress
from engine.remote.messages import Frame, FrameReader, encode
from engine.remote.ray_cluster import NoSuitableNode, RayCluster

JOIN_SECONDS = 90.0
IDLE_SECONDS = 60.0
REFUSED_SECONDS = 1.0
BLOCK = 4 << 20
"""bytes of a bundle in one Ray object"""


@dataclass(slots=True)
class TaskRequest:
    """A run submitted by a proxy worker."""

    run: str = ""
    submission: int = 1
    """1 for the first submission of the run, 2 for the second, ..."""
    need: Json = field(default_factory=dict)
    bundle: list[Any] = field(default_factory=list)


class RayGateway:
    def __init__(self, gateway_address: GatewayAddress, cluster: RayCluster) -> None:
        self._address, self._cluster = gateway_address, cluster
        self._connections = 0
        self._deadline = time.monotonic() + IDLE_SECONDS
        self._joined: asyncio.Task[None] | None = None
        self._count = 0

    async def serve(self) -> None:
        """Serve until idle for a while, or Ray could not be joined."""
        with contextlib.suppress(FileNotFoundError):
            self._address.socket.unlink()
        self._joined = asyncio.create_task(self._join())
        server = await asyncio.start_unix_server(self._accept, self._address.socket)
        self._address.socket.chmod(0o600)
        async with server:
            while time.monotonic() < self._deadline:
                await asyncio.sleep(0.2)
                if self._connections:  # a gateway that could not join exits soon: another one may succeed
                    idle = float(os.environ.get("DLTUI_RAY_IDLE") or IDLE_SECONDS)
                    self._deadline = time.monotonic() + (REFUSED_SECONDS if self.is_refused else idle)

    @property
    def is_refused(self) -> bool:
        """Ray cannot be joined; a thread may be blocked in Ray."""
        return self._joined is not None and self._joined.done() and self._joined.exception() is not None

    async def _join(self) -> None:
        try:
            async with asyncio.timeout(JOIN_SECONDS):
                await asyncio.to_thread(self._cluster.open)
        except TimeoutError as error:
            text = (
                f"The Ray cluster at {self._address.address or 'here'} did not answer in {JOIN_SECONDS:g} s."
            )
            raise EngineError(text, "Look at it with `ray status`.") from error

    # --- one connection -------------------------------------------------------------------------------------

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        try:
            await self._serve_run(reader, writer)
        except (ConnectionError, ProtocolError) as error:
            logging.warning("a proxy worker left: %s", error)
        except Exception:
            # One failing run must not end the others.
            logging.exception("a run could not be served")
        finally:
            self._connections -= 1
            writer.close()

    async def _serve_run(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert self._joined is not None
        try:
            await asyncio.shield(self._joined)
            request, frames = await self._read_request(reader)
            key, handle = self._submit(request)
        except EngineError as error:
            await _send(writer, "refused", text=error.message, remedy=error.remedy)
            return
        except NoSuitableNode as error:
            await _send(
                writer, "refused", text=str(error), remedy="dltui doctor shows what this machine has."
            )
            return
        logging.info("%s: handed to Ray, time %d", key, request.submission)
        forwarding = asyncio.create_task(self._forward_commands(key, reader, frames))
        streaming = asyncio.create_task(self._stream(handle, writer))
        try:
            await asyncio.wait({forwarding, streaming}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (forwarding, streaming):
                task.cancel()
            await asyncio.gather(forwarding, streaming, return_exceptions=True)
            await asyncio.to_thread(self._cluster.cancel, key, handle)
            logging.info("%s: over", key)

    async def _read_request(self, reader: asyncio.StreamReader) -> tuple[TaskRequest, FrameReader]:
        """Raises ConnectionError if the proxy worker leaves before the bundle is complete."""
        request, frames, block = TaskRequest(), FrameReader(), bytearray()
        while True:
            for frame in await _receive(reader, frames):
                if frame.kind == "job":
                    facts = frame.facts
                    request.run, request.submission, request.need = facts["run"], facts["time"], facts["need"]
                elif frame.kind == "parcel":
                    block += frame.payload
                if block and (len(block) >= BLOCK or frame.kind == "go"):
                    request.bundle.append(await asyncio.to_thread(self._cluster.put, bytes(block)))
                    block.clear()
                if frame.kind == "go":
                    return request, frames

    def _submit(self, request: TaskRequest) -> tuple[str, Any]:
        self._count += 1
        key = f"{request.run}.{os.getpid()}.{self._count}"
        return key, self._cluster.submit(key, request.need, request.bundle, first=request.submission == 1)

    async def _forward_commands(self, key: str, reader: asyncio.StreamReader, frames: FrameReader) -> None:
        """Until the proxy worker leaves."""
        while True:
            for frame in await _receive(reader, frames):
                if frame.kind == "word":
                    self._cluster.send(key, frame.payload)

    async def _stream(self, handle: Any, writer: asyncio.StreamWriter) -> None:
        try:
            async for data in self._cluster.stream(handle):
                writer.write(encode("data", data))
                await writer.drain()
        except ConnectionError:
            raise
        except Exception as error:  # Ray raises many kinds of errors: the proxy worker decides
            kind, text, remedy = self._cluster.describe(error)
            logging.warning("%s: %s", kind, text)
            await _send(writer, kind, text=text, remedy=remedy)
            return
        await _send(writer, "over")


async def _receive(reader: asyncio.StreamReader, frames: FrameReader) -> list[Frame]:
    data = await reader.read(1 << 20)
    if not data:
        raise ConnectionError("the connection ended")
    return frames.feed(data)


async def _send(writer: asyncio.StreamWriter, kind: str, **facts: Any) -> None:
    writer.write(encode(kind, **facts))
    await writer.drain()


def main(arguments: list[str]) -> int:
    ending_signals.ignore()  # a batch system signals every process of a job; keepers and workers handle it
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    gateway_address = GatewayAddress(home(), arguments[0])
    gateway_address.create_folders()
    if not files.try_lock(files.open_to_write(gateway_address.lock)):
        return 0  # a gateway is running
    cluster = RayCluster(gateway_address)
    logging.info(
        "a gateway for %s, process %d", gateway_address.address or "a Ray of this machine", os.getpid()
    )
    try:
        asyncio.run(_serve(RayGateway(gateway_address, cluster)))
    finally:
        cluster.close()
    logging.info("exit: idle")
    return 0


async def _serve(gateway: RayGateway) -> None:
    await gateway.serve()
    if gateway.is_refused:
        logging.warning("exit: Ray could not be used")
        os._exit(1)


if __name__ == "__main__":
    sys.exit(main([*sys.argv[1:], ""]))
