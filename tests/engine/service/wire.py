"""A client that sends any bytes, for tests of the protocol."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from engine import frames
from engine.protocol import VERSION


class RawClient:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, **message: Any) -> None:
        self.writer.write(frames.encode(message))
        await self.writer.drain()

    async def receive(self, seconds: float = 60.0) -> dict[str, Any] | None:
        """The next frame; None where the service has closed the connection."""
        return await asyncio.wait_for(frames.read(self.reader, strict=False), seconds)

    async def is_closed(self, seconds: float = 60.0) -> bool:
        """Whether the service closes the connection, after any frames."""
        try:
            while await self.receive(seconds) is not None:
                pass
        except TimeoutError:
            return False
        return True

    async def __aenter__(self) -> RawClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()


async def connect_raw(path: Path, *, hello: bool = True) -> RawClient:
    client = RawClient(*await asyncio.open_unix_connection(str(path)))
    if hello:
        await client.send(hello=VERSION)
        answer = await client.receive()
        assert answer is not None and answer["hello"] == VERSION
    return client
