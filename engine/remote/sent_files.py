"""Files of a run as frames: all of them for a node, and those written since the last call."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from checkpoints import folder as checkpoint_folder
from engine import files, store
from engine.events import read_lines
from engine.experiment_files.description import SOURCE
from engine.files import FileVersion, version_of
from engine.logged_media import IMAGES, OTHERS
from engine.protocol import Json
from engine.remote.messages import CHUNK, encode
from engine.remote.received_files import LOCAL_FILES, file_frames
from engine.store import RunFolder
from engine.trained_on import TrainedOn
from engine.version import VERSION

# --- the bundle for a node: spec, events, checkpoints and kept files --------------------------------------


def bundle_frames(folder: RunFolder, attempt: int, data: TrainedOn | None = None) -> Iterator[bytes]:
    """The frames of the bundle, `go` last; `data` is what the node has to train on, if known.

    Raises OSError and CorruptRun.
    """
    mode = store.read_wanted(folder).mode
    there = {"executor": "local", "data": None}  # a node uses the data folder of its own machine
    yield from _json_file("spec.json", {**_without_python(files.read_json(folder.spec) or {}), **there})
    yield from _json_file("wanted.json", {"attempt": attempt, "mode": mode})
    if amended := files.read_json(folder.amended):
        yield from _json_file(folder.amended.name, _without_python(amended))
    for path in (folder.events, *kept_files(folder), *_source_files(folder)):
        if path.exists():
            yield from file_frames(path, path.relative_to(folder.path).as_posix())
    for step in checkpoint_folder.steps(folder.checkpoints):
        name = checkpoint_folder.name_of(step)
        yield from file_frames(folder.checkpoints / name, f"checkpoints/{name}")
    expected = f"{data.fingerprint} {data.title}" if data else ""
    yield encode("go", run=folder.id, attempt=attempt, edition=VERSION, data=expected)


def _without_python(data: Json) -> Json:
    """A node trains with its own interpreter, not with that of this machine."""
    file = data.get("file")
    return {**data, "file": {**file, "python": ""}} if isinstance(file, dict) else data


def _source_files(folder: RunFolder) -> list[Path]:
    """The code that the run keeps."""
    return sorted(path for path in (folder.path / SOURCE).rglob("*") if path.is_file())


def kept_files(folder: RunFolder) -> list[Path]:
    """The files that an experiment wrote into the run folder."""
    with os.scandir(folder.path) as entries:
        names = [entry.name for entry in entries if entry.is_file(follow_symlinks=False)]
    return [
        folder.path / name for name in sorted(names) if name not in LOCAL_FILES and not name.startswith(".")
    ]


def _json_file(name: str, data: object) -> Iterator[bytes]:
    yield encode("file", json.dumps(data).encode(), path=name, offset=0)
    yield encode("placed", path=name)


# --- what a worker has written since ----------------------------------------------------------------------


class OutgoingFiles:
    """Files that exist when this is created are not sent: the other end has them."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._events_offset = files.size_of(folder.events)
        self._log_offset = files.size_of(folder.log)
        self._offsets: dict[str, int] = {}
        """of the files that only grow, by their paths"""
        self._images: FileVersion | None = None
        """of the folder of images when it was listed"""
        self._kept_versions = {path.name: version_of(path) for path in kept_files(folder)}
        self._steps = set(checkpoint_folder.steps(folder.checkpoints))
        self._beat = version_of(folder.beat)

    def frames(self) -> Iterator[bytes]:
        """Events are read first and sent after the files that they refer to."""
        lines, self._events_offset = read_lines(self._folder.events, self._events_offset, CHUNK)
        yield from self._checkpoints()
        yield from self._replaced()
        yield from self._new_images()
        yield from self._grown(OTHERS)
        if lines:
            yield encode("events", b"\n".join(lines) + b"\n")
        yield from self._log()
        yield from self._grown(self._folder.tensorboard.name)
        if (beat := version_of(self._folder.beat)) != self._beat:
            self._beat = beat
            yield encode("beat")

    def _checkpoints(self) -> Iterator[bytes]:
        here = set(checkpoint_folder.steps(self._folder.checkpoints))
        for step in sorted(here - self._steps):
            name = checkpoint_folder.name_of(step)
            try:
                yield from file_frames(self._folder.checkpoints / name, f"checkpoints/{name}")
            except FileNotFoundError:
                here.discard(step)  # replaced by a newer one meanwhile
        for step in sorted(self._steps - here):
            yield encode("gone", path=f"checkpoints/{checkpoint_folder.name_of(step)}")
        self._steps = here

    def _replaced(self) -> Iterator[bytes]:
        for path in kept_files(self._folder):
            stamp = version_of(path)
            if stamp is not None and stamp != self._kept_versions.get(path.name):
                self._kept_versions[path.name] = stamp
                yield from file_frames(path, path.name)

    def _log(self) -> Iterator[bytes]:
        if files.size_of(self._folder.log) < self._log_offset:
            self._log_offset = 0  # its keeper has rotated it
        data = _read(self._folder.log, self._log_offset)
        self._log_offset += len(data)
        if data:
            yield encode("log", data)

    def _new_images(self) -> Iterator[bytes]:
        """Those that were written since the folder of images was listed."""
        folder = self._folder.path / IMAGES
        listed = version_of(folder)
        if listed is None or listed == self._images:
            return
        self._images = listed
        for name in sorted(os.listdir(folder)):
            path, stamp = f"{IMAGES}/{name}", version_of(folder / name)
            if not name.startswith(".") and stamp != self._kept_versions.get(path):
                self._kept_versions[path] = stamp
                yield from file_frames(folder / name, path)

    def _grown(self, folder: str) -> Iterator[bytes]:
        """What was added to the files of a folder."""
        try:
            names = sorted(os.listdir(self._folder.path / folder))
        except FileNotFoundError:
            return
        for name in names:
            path = f"{folder}/{name}"
            offset = self._offsets.get(path, 0)
            data = _read(self._folder.path / path, offset)
            if data:
                self._offsets[path] = offset + len(data)
                yield encode("grown", data, path=path, offset=offset)


def _read(path: Path, offset: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read(CHUNK)
    except OSError:
        return b""
