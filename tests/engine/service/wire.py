"""A client that says what it likes: bytes on the socket, and frames as they come back."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from engine import frames
from engine.protocol import VERSION


class Wire:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def say(self, **message: Any) -> None:
        self.writer.write(frames.encode(message))
        await self.writer.drain()

    async def hear(self, seconds: float = 60.0) -> dict[str, Any] | None:
        """The next frame, None when the service has closed the connection."""
        return await asyncio.wait_for(frames.read(self.reader, strict=False), seconds)

    async def is_closed(self, seconds: float = 60.0) -> bool:
        """Whether the service has parted, whatever it said before."""
        try:
            while await self.hear(seconds) is not None:
                pass
        except TimeoutError:
            return False
        return True

    async def __aenter__(self) -> Wire:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()


async def dial(path: Path, *, hello: bool = True) -> Wire:
    wire = Wire(*await asyncio.open_unix_connection(str(path)))
    if hello:
        await wire.say(hello=VERSION)
        answer = await wire.hear()
        assert answer is not None and answer["hello"] == VERSION
    return wire
