"""The pipe that carries commands from the keeper to the worker; reading never blocks."""

from __future__ import annotations

import json
import os
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.keeper.command_pipe import LINE_LIMIT, CommandPipe

if TYPE_CHECKING:
    from engine.protocol import Json


class KeeperPipe:
    """The read end of a pipe whose write end only the keeper holds: end of file means the keeper died."""

    def __init__(self, fd: int | None) -> None:
        self._fd = fd
        self._pipe = CommandPipe()
        self.is_closed = False
        if fd is not None:
            os.set_blocking(fd, False)

    def commands(self) -> list[Json]:
        """The commands received since the last call; never blocks."""
        found: list[Json] = []
        while data := self._read():
            found += self._pipe.feed(data)
        return found

    def _read(self) -> bytes:
        if self._fd is None or self.is_closed:
            return b""
        try:
            data = os.read(self._fd, LINE_LIMIT)
        except BlockingIOError:
            return b""
        self.is_closed = not data
        return data


@dataclass(frozen=True, slots=True)
class KeeperDescriptors:
    """File descriptors that a worker inherits from its keeper; None where it runs without one."""

    commands: int | None
    exit_message: int | None
    lock: int | None


def pop_descriptors(environ: MutableMapping[str, str]) -> KeeperDescriptors:
    """Remove them from `environ` and make them non-inheritable, so that no child process keeps them open."""
    found = {name: environ.pop(name, "") for name in ("DLTUI_WIRE", "DLTUI_LAST_WORDS", "DLTUI_LOCK")}
    fds = [int(text) if text.isdecimal() else None for text in found.values()]
    for fd in fds:
        if fd is not None:
            os.set_inheritable(fd, False)
    return KeeperDescriptors(*fds)


def send_exit_message(fd: int | None, message: Json) -> None:
    """Send the exit message in one write; a keeper that is gone is no error."""
    if fd is None:
        return
    try:
        os.write(fd, json.dumps(message).encode() + b"\n")
    except OSError:
        pass  # the keeper is gone; the `ended` event holds the same
