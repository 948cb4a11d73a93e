"""The bundle sent to a node: spec, events, checkpoints and kept files of a run, as frames."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from checkpoints import folder as checkpoint_folder
from engine import files, store
from engine.remote.frames import encode
from engine.remote.incoming import LOCAL_FILES, file_frames
from engine.store import RunFolder
from engine.trained_on import TrainedOn
from engine.version import VERSION


def bundle_frames(folder: RunFolder, attempt: int, data: TrainedOn | None = None) -> Iterator[bytes]:
    """The frames of the bundle, `go` last; `data` is what the node has to train on, if known.

    Raises OSError and CorruptRun.
    """
    mode = store.read_wanted(folder).mode
    there = {"executor": "local", "data": None}  # a node uses the data folder of its own machine
    yield from _json_file("spec.json", {**(files.read_json(folder.spec) or {}), **there})
    yield from _json_file("wanted.json", {"attempt": attempt, "mode": mode})
    for path in (folder.amended, folder.events, *kept_files(folder)):
        if path.exists():
            yield from file_frames(path, path.name)
    for step in checkpoint_folder.steps(folder.checkpoints):
        name = checkpoint_folder.name_of(step)
        yield from file_frames(folder.checkpoints / name, f"checkpoints/{name}")
    expected = f"{data.fingerprint} {data.title}" if data else ""
    yield encode("go", run=folder.id, attempt=attempt, edition=installed_version(), data=expected)


def kept_files(folder: RunFolder) -> list[Path]:
    """The files that an experiment wrote into the run folder."""
    with os.scandir(folder.path) as entries:
        names = [entry.name for entry in entries if entry.is_file(follow_symlinks=False)]
    return [
        folder.path / name for name in sorted(names) if name not in LOCAL_FILES and not name.startswith(".")
    ]


def installed_version() -> str:
    """The version of dltui; it has to be the same at both ends."""
    return VERSION


def _json_file(name: str, data: object) -> Iterator[bytes]:
    yield encode("file", json.dumps(data).encode(), path=name, offset=0)
    yield encode("placed", path=name)
