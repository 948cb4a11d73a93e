"""Frames: four bytes of big-endian length, then as many bytes, mostly one JSON object.

Used between app and service, app and session, and towards nodes of a cluster.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NoReturn

from engine.errors import ProtocolError
from engine.protocol import Json
from engine.typed_json import fields_of

if TYPE_CHECKING:
    import asyncio

LIMIT = 8 * 1024 * 1024
"""most bytes of one frame"""
DEPTH = 32
"""most nested arrays and objects"""
SEPARATOR = b",\n"
"""between raw items; it cannot occur in JSON text without line breaks"""
_HEAD = re.compile(rb'\{"id":(\d{1,15})(?:,"left_out":(\d{1,9}))?(?:,"(\w+)":\[)?')


class BadFrame(ProtocolError):
    """A complete frame that is not JSON; `request` is the number of its request, where that can be read."""

    def __init__(self, message: str, request: int | None) -> None:
        super().__init__(message)
        self.request = request


def encode(message: Json) -> bytes:
    """Raises TypeError and ValueError for what is neither JSON nor a dataclass, such as NaN in a list."""
    text = json.dumps(message, allow_nan=False, separators=(",", ":"), default=fields_of)
    return pack(text.encode())


def pack(body: bytes) -> bytes:
    """The frame of any bytes."""
    return len(body).to_bytes(4, "big") + body


class FrameSplitter:
    """Splits a stream of bytes, read by whatever means, into the bodies of frames."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The bodies that `data` completes. Raises ProtocolError for a frame beyond the limit."""
        self._rest += data
        bodies = []
        while len(self._rest) >= 4:
            size = _checked_size(self._rest, self._limit)
            if len(self._rest) < 4 + size:
                break
            bodies.append(bytes(self._rest[4 : 4 + size]))
            del self._rest[: 4 + size]
        return bodies


def _checked_size(head: bytes | bytearray, limit: int) -> int:
    size = int.from_bytes(head[:4], "big")
    if size > limit:
        raise ProtocolError(f"A frame of {size} bytes came, expected {limit} at most.")
    return size


def encode_raw(head: bytes, items: Iterable[bytes]) -> bytes:
    """A frame `{head: [items]}` whose items are JSON text already, which the service need not parse."""
    return pack(b"{" + head + b":[" + SEPARATOR.join(items) + b"]}")


def decode(body: bytes) -> Json:
    """Parse one JSON object: UTF-8, no NaN, no duplicate keys, nesting within DEPTH. Raises ProtocolError."""
    try:
        _check_depth(body)
        message = json.loads(body, object_pairs_hook=_unique_keys, parse_constant=_refuse_constant)
        if not isinstance(message, dict):
            raise ProtocolError(f"A frame has to hold a JSON object, got {type(message).__name__}.")
        json.dumps(message, ensure_ascii=False).encode()  # lone surrogates cannot be shown or stored
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"A frame has to hold JSON: {str(error)[:120]}.") from error
    return message


async def read(
    reader: asyncio.StreamReader, limit: int = LIMIT, *, strict: bool = True, timeout: float | None = None
) -> Json | None:
    """The next frame, or None at the end of the stream. Raises ProtocolError.

    `strict=False` is for frames of the service itself, which are parsed without the checks of `decode`; it
    raises BadFrame where one cannot be parsed, after which the next one can be read. `timeout` is in seconds,
    from the first byte of a frame to its last.
    """
    import asyncio  # a session and a node of a cluster do without it: 40 ms

    try:
        first = await reader.readexactly(1)
        async with asyncio.timeout(timeout):
            size = _checked_size(first + await reader.readexactly(3), limit)
            body = await reader.readexactly(size)
    except TimeoutError:
        raise ProtocolError(f"A frame was begun and not ended within {timeout:g} s.") from None
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    return decode(body) if strict else parse(body)


def parse(body: bytes) -> Json:
    """Parse a frame of our own processes; damaged items of a raw frame are counted. Raises BadFrame."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        return _drop_damaged_items(body, error)
    if not isinstance(message, dict):
        raise BadFrame(f"A frame has to hold a JSON object, got {type(message).__name__}.", None)
    return message


def _drop_damaged_items(body: bytes, error: Exception) -> Json:
    head = _HEAD.match(body)
    if head is None or head[3] is None or not body.endswith(b"]}"):
        text = f"What the engine answered cannot be read: {str(error)[:120]}."
        raise BadFrame(text, int(head[1]) if head else None) from error
    items = body[head.end() : -2].split(SEPARATOR)
    kept = [item for item in map(_parse_item, items) if item is not None]
    left_out = int(head[2] or 0) + len(items) - len(kept)
    return {"id": int(head[1]), "left_out": left_out, head[3].decode(): kept}


def _parse_item(text: bytes) -> object:
    """The parsed item; None where it is not JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _unique_keys(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ProtocolError("A frame holds one key twice.")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ProtocolError(f"A frame holds {name}, which is not JSON.")


def _check_depth(body: bytes) -> None:
    """Count brackets outside strings only when there are enough of them to matter."""
    if body.count(b"[") + body.count(b"{") <= DEPTH:
        return
    depth = 0
    in_string = escaped = False
    for byte in body:
        if in_string:
            escaped, in_string = (byte == 0x5C and not escaped), (byte != 0x22 or escaped)
        elif byte == 0x22:
            in_string = True
        elif byte in b"[{":
            depth += 1
            if depth > DEPTH:
                raise ProtocolError(f"A frame is nested deeper than {DEPTH}.")
        elif byte in b"]}":
            depth -= 1
