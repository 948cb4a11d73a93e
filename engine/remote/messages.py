"""Messages between proxy worker, gateway and node: a frame of JSON, then one of bytes where there are any."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine import frames
from engine.errors import ProtocolError
from engine.protocol import Json

CHUNK = 256 * 1024
"""bytes of a file in one message"""
PAYLOAD_LIMIT = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Frame:
    kind: str
    facts: Json = field(default_factory=dict)
    payload: bytes = b""


def encode(kind: str, payload: bytes = b"", **facts: object) -> bytes:
    head = frames.encode({"kind": kind, "size": len(payload), **facts})
    return head + frames.pack(payload) if payload else head


class FrameReader:
    """Splits a stream of bytes into messages."""

    def __init__(self) -> None:
        self._splitter = frames.FrameSplitter(PAYLOAD_LIMIT)
        self._head: Json | None = None

    def feed(self, data: bytes) -> list[Frame]:
        """Messages completed by `data`. Raises ProtocolError for bytes that are none."""
        return [frame for body in self._splitter.feed(data) if (frame := self._next(body)) is not None]

    def _next(self, body: bytes) -> Frame | None:
        payload = b""
        if self._head is None:
            self._head = _parsed(body)
            if self._head["size"]:
                return None
        elif len(payload := body) != self._head["size"]:
            raise ProtocolError(f"A frame of {len(body)} bytes came, expected {self._head['size']}.")
        facts, self._head = self._head, None
        kind, _ = facts.pop("kind"), facts.pop("size")
        return Frame(kind, facts, payload)


def _parsed(body: bytes) -> Json:
    try:
        head = frames.parse(body)
    except frames.BadFrame:
        head = {}
    if not isinstance(head.get("kind"), str) or type(head.get("size")) is not int:
        raise ProtocolError(f"Expected the head of a frame, got {body[:80]!r}.")
    return head
