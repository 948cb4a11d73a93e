"""What a worker has written since the last look, as frames."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from checkpoints import folder as checkpoint_folder
from engine.events import read_lines
from engine.remote.bundle import kept
from engine.remote.frames import CHUNK, encode
from engine.remote.incoming import pieces
from engine.store import RunFolder

Stamp = tuple[int, int, int]


class OutgoingFiles:
    """What is in the folder when it is made is known at the other end already."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._told = _size(folder.events)
        self._logged = _size(folder.log)
        self._grown: dict[str, int] = {}
        self._kept = {path.name: _stamp(path) for path in kept(folder)}
        self._steps = set(checkpoint_folder.steps(folder.checkpoints))
        self._beat = _stamp(folder.beat)

    def frames(self) -> Iterator[bytes]:
        """Events are read before everything else and sent last: what they speak of is there by then."""
        lines, self._told = read_lines(self._folder.events, self._told, CHUNK)
        yield from self._checkpoints()
        yield from self._replaced()
        if lines:
            yield encode("events", b"\n".join(lines) + b"\n")
        yield from self._log()
        yield from self._boards()
        if (beat := _stamp(self._folder.beat)) != self._beat:
            self._beat = beat
            yield encode("beat")

    def _checkpoints(self) -> Iterator[bytes]:
        here = set(checkpoint_folder.steps(self._folder.checkpoints))
        for step in sorted(here - self._steps):
            name = checkpoint_folder.name_of(step)
            try:
                yield from pieces(self._folder.checkpoints / name, f"checkpoints/{name}")
            except FileNotFoundError:
                here.discard(step)  # a newer one took its place meanwhile
        for step in sorted(self._steps - here):
            yield encode("gone", path=f"checkpoints/{checkpoint_folder.name_of(step)}")
        self._steps = here

    def _replaced(self) -> Iterator[bytes]:
        for path in kept(self._folder):
            stamp = _stamp(path)
            if stamp is not None and stamp != self._kept.get(path.name):
                self._kept[path.name] = stamp
                yield from pieces(path, path.name)

    def _log(self) -> Iterator[bytes]:
        if _size(self._folder.log) < self._logged:
            self._logged = 0  # its keeper turned it over
        data = _read(self._folder.log, self._logged)
        self._logged += len(data)
        if data:
            yield encode("log", data)

    def _boards(self) -> Iterator[bytes]:
        try:
            names = sorted(os.listdir(self._folder.tensorboard))
        except FileNotFoundError:
            return
        for name in names:
            offset = self._grown.get(name, 0)
            data = _read(self._folder.tensorboard / name, offset)
            if data:
                self._grown[name] = offset + len(data)
                yield encode("grown", data, path=f"tensorboard/{name}", offset=offset)


def _read(path: Path, offset: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read(CHUNK)
    except OSError:
        return b""


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
