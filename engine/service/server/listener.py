"""The socket of the service: bound by hand, looked after, bound again when somebody took it away."""

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
    """Only for the holder of the engine lock: it alone may unlink a stale socket."""

    def __init__(self, path: Path, accept: Accept) -> None:
        self._path = path
        self._accept = accept
        self._server: asyncio.Server | None = None
        self._mark: tuple[int, int] | None = None
        self._said = ""

    async def open(self) -> None:
        """Raises EngineError when the place is taken by something that is not a stale socket of ours."""
        listening = bind(self._path)
        self._mark = identity_of(self._path)
        self._server = await asyncio.start_unix_server(self._accept, sock=listening)

    async def rebind(self) -> bool:
        """Bind again where the socket is gone or is another; whether that was needed."""
        if self._mark is not None and identity_of(self._path) == self._mark:
            return False
        old = self._server
        try:
            await self.open()
        except (EngineError, OSError) as error:
            self._say(f"the socket is gone and cannot be bound again: {error}")
            return False
        logging.warning("the socket %s was gone and is bound again", self._path)
        self._said = ""
        if old is not None:
            old.close()
        return True

    async def watch(self) -> None:
        """For ever: look every few seconds."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            await self.rebind()

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
        if self._mark is not None and identity_of(self._path) == self._mark:
            self._path.unlink(missing_ok=True)

    def _say(self, text: str) -> None:
        if text != self._said:
            logging.error("%s", text)
        self._said = text


def bind(path: Path) -> socket.socket:
    """A listening socket in a private folder, mode 0600 before anybody can connect. Raises EngineError."""
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
        found = os.lstat(path)
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise EngineError(f"{path} is {_kind(found.st_mode)}, expected a socket or nothing.", "Remove it.")
    if found.st_uid != os.geteuid():
        raise EngineError(f"{path} belongs to user {found.st_uid}, expected {os.geteuid()} (you).")
    path.unlink()


def _kind(mode: int) -> str:
    kinds = {stat.S_IFREG: "a file", stat.S_IFDIR: "a folder", stat.S_IFLNK: "a link", stat.S_IFIFO: "a FIFO"}
    return kinds.get(stat.S_IFMT(mode), "a device")


def identity_of(path: Path) -> tuple[int, int] | None:
    """Device and number of what lies there; None when nothing does."""
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
