"""Verify runs: hash checkpoints, read events line by line, other files, and the data folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

from checkpoints import folder as checkpoint_folder
from checkpoints.errors import DamagedCheckpoint
from checkpoints.folder import CheckpointInfo
from engine import events, store
from engine.best_checkpoint import best_saved
from engine.errors import CorruptRun
from engine.experiment_files import source_store
from engine.experiment_files.description import SOURCE
from engine.metric_goal import goal_of
from engine.places import Places
from engine.protocol import CheckpointFacts, Json, RunSummary, Spec
from engine.served_checkpoint import served_step
from engine.service.runs import read_run_folder
from engine.store import RunFolder

LIMIT = 10_000
"""rows of one response; the damaged ones come first"""
MAX_LINES = 20
"""damaged lines of one run that are listed"""


def checkpoints(folder: Path, spec: Spec) -> tuple[CheckpointFacts, ...]:
    """Those in the folder of a run, oldest first; none where there is no folder."""
    if not os.path.isdir(folder):
        return ()
    which, parent = served_step(folder), spec.parent
    best = best_saved(folder, goal_of(spec), after=parent.step if parent else -1)
    return tuple(
        CheckpointFacts(
            found.step, str(found.path), found.weights_sha256, found.size,
            answers=which.description if which and which.step == found.step else "",
            best=best.value if best and best.step == found.step else None,
        )
        for found in checkpoint_folder.listing(folder)
    )  # fmt: skip


def check(places: Places, run_ids: Iterable[str]) -> list[Json]:
    """{run, step, path, ok, text} of each checkpoint, oldest first, and of all else that is damaged."""
    rows = [row for run_id in run_ids for row in _of_run(places, run_id)]
    if len(rows) > LIMIT:
        rows.sort(key=lambda row: bool(row["ok"]))
    return rows[:LIMIT]


def _of_run(places: Places, run_id: str) -> list[Json]:
    folder = store.folder_of(places, run_id)
    wrong = [damaged(run_id, path, text) for path, text in _damaged_files(places, folder)]
    wrong += [damaged(run_id, folder.events, text) for text in _damaged_lines(folder.events)]
    wrong += [damaged(run_id, folder.events, text) for text in _missing_end(places, run_id)]
    path = folder.checkpoints
    return wrong + (
        [_row(run_id, row) for row in checkpoint_folder.verify(path)] if os.path.isdir(path) else []
    )


def _damaged_files(places: Places, folder: RunFolder) -> Iterator[tuple[Path, str]]:
    files: tuple[tuple[Path, Callable[[], object]], ...] = (
        (folder.spec, lambda: read_run_folder.load(places, folder.id)),
        (folder.wanted, lambda: store.read_wanted(folder)),
        (folder.keeper, lambda: store.read_keeper(folder)),
        (folder.exit, lambda: store.read_exit(folder)),
        (folder.path / SOURCE, lambda: _read_source(folder)),
    )
    for path, read in files:
        try:
            read()
        except CorruptRun as error:
            yield path, error.message


def _read_source(folder: RunFolder) -> None:
    """Raises CorruptRun where the code that the run keeps is damaged; a damaged spec is reported already."""
    try:
        file = store.read_spec(folder).file
    except CorruptRun:
        return
    if file is not None:
        kept = source_store.folder_in(folder.path, file)
        source_store.read_texts(kept, source_store.read_facts(kept))


def _damaged_lines(path: Path) -> list[str]:
    try:
        found = list(islice(events.damaged_lines(path), MAX_LINES + 1))
    except CorruptRun as error:
        return [error.message]
    more = [f"and more than {MAX_LINES} damaged lines"] if len(found) > MAX_LINES else []
    return [f"byte {line.offset}: {line.text}" for line in found[:MAX_LINES]] + more


def _missing_end(places: Places, run_id: str) -> list[str]:
    try:
        run = read_run_folder.read(places, run_id)
    except CorruptRun:
        return []  # reported by _damaged_files
    return [run.damages["end"]] if "end" in run.damages else []


def damaged(run_id: str, path: Path, text: str) -> Json:
    return {"run": run_id, "step": 0, "path": str(path), "ok": False, "text": text}


def _row(run_id: str, found: CheckpointInfo | DamagedCheckpoint) -> Json:
    if isinstance(found, DamagedCheckpoint):
        step = checkpoint_folder.step_of(found.path.name) or 0
        return {"run": run_id, "step": step, "path": str(found.path), "ok": False, "text": found.fault}
    return {
        "run": run_id, "step": found.step, "path": str(found.path), "ok": True, "text": found.weights_sha256,
    }  # fmt: skip


# --- the data folder --------------------------------------------------------------------------------------


def data_warning(places: Places, run: RunSummary) -> str:
    """One line where the data folder of the run is missing or holds other data; else empty.

    Also empty for a run without a named folder or without a fingerprint of its data.
    """
    from engine.remote.data_fingerprint import named_data

    folder = run.spec.data
    if not folder or not run.data_fingerprint:
        return ""
    if not Path(folder).is_dir():
        return f"{folder} does not exist any more: what it was trained on cannot be read."
    found = named_data(places, run.spec)
    if found is None:
        return f"{folder} does not hold what it was trained on any more."
    if found.fingerprint != run.data_fingerprint:
        return f"{folder} holds other data now: {found.description}."
    return ""
