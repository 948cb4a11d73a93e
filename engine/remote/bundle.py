"""Everything a run needs to go on somewhere else: its spec, its events, its checkpoints, what it kept."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from checkpoints import folder as checkpoint_folder
from engine import store
from engine.remote.frames import encode
from engine.remote.incoming import OWN, pieces
from engine.store import RunFolder
from engine.trained_on import TrainedOn
from engine.version import VERSION


def packed(folder: RunFolder, attempt: int, data: TrainedOn | None = None) -> Iterator[bytes]:
    """The frames, `go` last; `data` is what the node has to train on, where that is known.

    Raises OSError and CorruptRun.
    """
    mode = store.read_wanted(folder).mode
    there = {"executor": "local", "data": None}  # a node looks for data sets where its own machine says
    yield from _text("spec.json", {**(store.read_json(folder.spec) or {}), **there})
    yield from _text("wanted.json", {"attempt": attempt, "mode": mode})
    for path in (folder.amended, folder.events, *kept(folder)):
        if path.exists():
            yield from pieces(path, path.name)
    for step in checkpoint_folder.steps(folder.checkpoints):
        name = checkpoint_folder.name_of(step)
        yield from pieces(folder.checkpoints / name, f"checkpoints/{name}")
    expected = f"{data.fingerprint} {data.title}" if data else ""
    yield encode("go", run=folder.id, attempt=attempt, edition=edition(), data=expected)


def kept(folder: RunFolder) -> list[Path]:
    """The files an experiment put beside its events."""
    with os.scandir(folder.path) as entries:
        names = [entry.name for entry in entries if entry.is_file(follow_symlinks=False)]
    return [folder.path / name for name in sorted(names) if name not in OWN and not name.startswith(".")]


def edition() -> str:
    """Of dltui: both ends have to have the same."""
    return VERSION


def _text(name: str, data: object) -> Iterator[bytes]:
    yield encode("file", json.dumps(data).encode(), path=name, offset=0)
    yield encode("placed", path=name)
