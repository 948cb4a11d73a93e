"""Frames between proxy worker, gateway and node: a line of JSON with a size, then that many bytes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from engine.errors import ProtocolError
from engine.protocol import Json

HEADER_LIMIT = 64 * 1024
CHUNK = 256 * 1024
"""bytes of a file in one frame"""
PAYLOAD_LIMIT = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Frame:
    kind: str
    facts: Json = field(default_factory=dict)
    payload: bytes = b""


def encode(kind: str, payload: bytes = b"", **facts: object) -> bytes:
    header = json.dumps({"kind": kind, "size": len(payload), **facts}, separators=(",", ":"))
    return header.encode() + b"\n" + payload


class FrameReader:
    """Splits a stream of bytes into frames."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._header: Json | None = None

    def feed(self, data: bytes) -> list[Frame]:
        """Frames completed by `data`. Raises ProtocolError for bytes that are no frame."""
        self._rest += data
        found = []
        while (frame := self._next()) is not None:
            found.append(frame)
        return found

    def _next(self) -> Frame | None:
        if self._header is None and not self._read_header():
            return None
        assert self._header is not None
        size = self._header["size"]
        if len(self._rest) < size:
            return None
        payload = bytes(self._rest[:size])
        del self._rest[:size]
        facts = {name: value for name, value in self._header.items() if name not in ("kind", "size")}
        frame = Frame(self._header["kind"], facts, payload)
        self._header = None
        return frame

    def _read_header(self) -> bool:
        end = self._rest.find(b"\n")
        if end < 0:
            if len(self._rest) > HEADER_LIMIT:
                raise ProtocolError(f"A frame has to begin with a line of at most {HEADER_LIMIT} bytes.")
            return False
        line = bytes(self._rest[:end])
        del self._rest[: end + 1]
        self._header = _parsed(line)
        return True


def _parsed(line: bytes) -> Json:
    try:
        header = json.loads(line)
    except (ValueError, RecursionError):
        header = None
    if (
        not isinstance(header, dict)
        or not isinstance(header.get("kind"), str)
        or type(header.get("size")) is not int
        or not 0 <= header["size"] <= PAYLOAD_LIMIT
    ):
        raise ProtocolError(f"Expected the head of a frame, got {line[:80]!r}.")
    return header
