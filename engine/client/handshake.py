"""The handshake with the service: whose socket it is, who listens, and of which version the service is."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from pathlib import Path

from engine import frames
from engine.errors import EngineError, EngineSilent, OtherVersion
from engine.protocol import VERSION, Json
from engine.version import VERSION as RELEASE
from engine.version import is_older as is_older_version

HANDSHAKE_SECONDS = 15.0


async def request_hello(
    path: Path, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pid: int
) -> Json:
    """The hello of the service. Raises EngineSilent, EngineError or ConnectionResetError."""
    writer.write(frames.encode({"hello": VERSION}))
    try:
        async with asyncio.timeout(HANDSHAKE_SECONDS):
            hello = await frames.read(reader)
    except TimeoutError as error:
        raise EngineSilent(
            f"The engine (process {pid}) has not answered for {HANDSHAKE_SECONDS:g} s.",
            "If this persists: dltui engine stop (asks before ending it). Runs continue.",
            pid,
        ) from error
    if hello is not None and "error" in hello:
        raise EngineError(hello["error"]["message"], hello["error"]["remedy"])
    if hello is None:
        raise ConnectionResetError(f"{path} hung up")
    if "hello" not in hello:
        raise EngineError(f"{path} is not the socket of a dltui engine.", "Remove it if it is stale.")
    return hello


def check_version(hello: Json, pid: int, start: bool) -> str:
    """A notice for the user about the version of the service, or empty. Raises OtherVersion."""
    ours, theirs = RELEASE, str(hello.get("version", "unknown"))
    is_older = hello["hello"] < VERSION or (hello["hello"] == VERSION and is_older_version(theirs, ours))
    if hello["hello"] != VERSION or (is_older and start):
        age, named = "older" if is_older else "newer", (theirs, ours)
        if theirs == ours:
            named = (f"{theirs} (protocol {hello['hello']})", f"{ours} (protocol {VERSION})")
        raise OtherVersion(
            f"The engine (process {pid}) is of dltui {named[0]}, {age} than this dltui {named[1]}.",
            "" if is_older else "Use that dltui, or end the engine: dltui engine stop. Runs continue.",
            pid,
            is_older=is_older,
        )
    if is_older_version(ours, theirs):
        return f"The engine (process {pid}) is of dltui {theirs}, newer than this dltui {ours}."
    return ""


def check_owner(path: Path) -> None:
    owner = os.lstat(path).st_uid
    if owner != os.geteuid():
        raise EngineError(f"{path} belongs to user {owner}, expected {os.geteuid()} (you).")


def check_peer(writer: asyncio.StreamWriter) -> int:
    """The pid of the process that listens. Raises EngineError where it runs as another user."""
    peer = writer.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    pid, uid, _ = struct.unpack("3i", peer)
    if uid != os.geteuid():
        writer.close()
        raise EngineError(f"The engine's socket is served by user {uid}, expected {os.geteuid()} (you).")
    return int(pid)
