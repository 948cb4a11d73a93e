"""The listening Unix socket of the service, which is bound again when its file was removed."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path

from engine.errors import EngineError
from engine.places import make_private

CHECK_SECONDS = 5.0
BACKLOG = 64
Accept = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Listener:
    """Only the holder of the engine lock may create one, since it unlinks a stale socket."""

    def __init__(self, path: Path, accept: Accept) -> None:
        self._path = path
        self._accept = accept
        self._server: asyncio.Server | None = None
        self._identity: tuple[int, int] | None = None
        self._last_error = ""

    async def open(self) -> None:
        """Bind and listen. Raises EngineError where `path` is anything but a stale socket of this user."""
        listening = bind(self._path)
        self._identity = identity_of(self._path)
        self._server = await asyncio.start_unix_server(self._accept, sock=listening)

    async def rebind(self) -> bool:
        """Bind again where the socket was removed or replaced; returns whether it was."""
        if self._identity is not None and identity_of(self._path) == self._identity:
            return False
        old = self._server
        try:
            await self.open()
        except (EngineError, OSError) as error:
            text = f"the socket is gone and cannot be bound again: {error}"
            if text != self._last_error:
                logging.error("%s", text)
            self._last_error = text
            return False
        logging.warning("the socket %s was gone and is bound again", self._path)
        self._last_error = ""
        if old is not None:
            old.close()
        return True

    async def watch(self) -> None:
        """Call `rebind` every CHECK_SECONDS, for ever."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            await self.rebind()

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
        if self._identity is not None and identity_of(self._path) == self._identity:
            self._path.unlink(missing_ok=True)


def bind(path: Path) -> socket.socket:
    """A listening socket of mode 0600 in a private folder. Raises EngineError."""
    make_private(path.parent)
    _remove_stale(path)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        made.bind(str(path))
        os.chmod(path, 0o600)
        made.listen(BACKLOG)
        made.setblocking(False)
    except OSError as error:
        made.close()
        raise EngineError(f"{path} cannot be bound: {error.strerror or error}.") from error
    return made


def _remove_stale(path: Path) -> None:
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(status.st_mode):
        raise EngineError(f"{path} is {_kind(status.st_mode)}, expected a socket or nothing.", "Remove it.")
    if status.st_uid != os.geteuid():
        raise EngineError(f"{path} belongs to user {status.st_uid}, expected {os.geteuid()} (you).")
    path.unlink()


def _kind(mode: int) -> str:
    kinds = {stat.S_IFREG: "a file", stat.S_IFDIR: "a folder", stat.S_IFLNK: "a link", stat.S_IFIFO: "a FIFO"}
    return kinds.get(stat.S_IFMT(mode), "a device")


def identity_of(path: Path) -> tuple[int, int] | None:
    """(device, inode) of `path`; None where it does not exist."""
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino
