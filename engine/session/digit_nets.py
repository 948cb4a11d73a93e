"""The trained networks a session opens: from a run's checkpoint to a NumPy network."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from checkpoints import folder as shelf
from checkpoints import tensors
from checkpoints.captured import MODEL
from checkpoints.errors import DamagedCheckpoint
from checkpoints.folder import Verified
from checkpoints.manifest import NAME as MANIFEST
from engine import store
from engine.errors import CorruptRun, DltuiError, RunNotFound, RunRefused
from engine.models import blueprint
from engine.models.conv_net import ConvNet
from engine.protocol import Spec
from engine.session.desk import Desk
from engine.store import RunFolder

EXPERIMENT = "mnist"


@dataclass(frozen=True, slots=True, eq=False)
class OpenNet:
    """`warning` says, when it is not empty, why this is not the checkpoint that was asked for."""

    folder: RunFolder
    spec: Spec
    step: int
    weights_sha256: str
    net: ConvNet
    warning: str = ""

    @property
    def id(self) -> str:
        return self.folder.id


def folder_of(desk: Desk, run: str) -> tuple[RunFolder, Spec]:
    """Raises RunNotFound, RunRefused for a run of something else, and CorruptRun."""
    folder = store.folder_of(desk.places, run)
    if not run or run.startswith(".") or "/" in run or "\0" in run or not folder.path.is_dir():
        raise RunNotFound(f"There is no run {run[:80]!r}.", "Choose one of the table.")
    spec = store.read_spec(folder)
    if not spec.experiment.startswith(EXPERIMENT):
        raise RunRefused(
            f"{run} is a run of {spec.experiment[:40]}, expected one of {EXPERIMENT}.", "Choose another run."
        )
    return folder, spec


def all_runs(desk: Desk) -> list[tuple[RunFolder, Spec]]:
    """Newest first; what is of something else or cannot be read is left out."""
    found = []
    for run in store.list_ids(desk.places):
        try:
            found.append(folder_of(desk, run))
        except DltuiError:
            continue  # the run table says what is wrong with it
    return sorted(found, key=lambda one: one[1].order, reverse=True)


def steps(folder: RunFolder) -> list[int]:
    """Of its checkpoints, oldest first; whether they are whole shows when one is opened."""
    try:
        names = os.listdir(folder.checkpoints)
    except FileNotFoundError:
        return []
    return sorted(step for name in names if (step := shelf.step_of(name)) is not None)


def open_net(desk: Desk, run: str, step: int | None = None) -> OpenNet:
    """The network of a checkpoint, by default the newest; for a damaged one the next older, with a warning.

    Raises RunNotFound, RunRefused when there is no such checkpoint, and CorruptRun.
    """
    folder, spec = folder_of(desk, run)
    there = steps(folder)
    if not there:
        raise RunRefused(
            f"{run} has no checkpoint yet.", "The first one comes after some seconds of training."
        )
    if step is not None and step not in there:
        known = ", ".join(map(str, there[-8:]))
        raise RunRefused(f"{run} has no checkpoint of step {step}.", f"There are those of steps {known}.")
    wanted = there[-1] if step is None else step
    mark = _changed(folder.checkpoints / shelf.name_of(wanted) / MANIFEST)
    return desk.keep(
        ("mnist.net", run, wanted, mark), lambda: _open(folder, spec, [one for one in there if one <= wanted])
    )


def _open(folder: RunFolder, spec: Spec, older: list[int]) -> OpenNet:
    verified, damaged = _newest_whole(folder, older)
    warning = f"{damaged[0]} This is step {verified.manifest.step}." if damaged else ""
    try:
        weights = tensors.loads(verified.files[MODEL])
        net = blueprint.build(weights, _plan(folder, weights))
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise CorruptRun(f"{verified.path / MODEL} cannot be used: {error}.") from error
    return OpenNet(folder, spec, verified.manifest.step, verified.manifest.weights_sha256, net, warning)


def _newest_whole(folder: RunFolder, older: list[int]) -> tuple[Verified, list[DamagedCheckpoint]]:
    damaged: list[DamagedCheckpoint] = []
    for step in reversed(older):
        path = folder.checkpoints / shelf.name_of(step)
        try:
            return shelf.read(path), damaged
        except DamagedCheckpoint as damage:
            if path.exists():  # a run that trains removes its old ones
                damaged.append(damage)
    if not damaged:
        raise RunRefused(f"{folder.id} has just removed that checkpoint.", "Choose a newer one.")
    why = damaged[0].offence
    raise RunRefused(f"Every checkpoint of {folder.id} is damaged, the newest: {why}.", "Train it again.")


def _plan(folder: RunFolder, weights: tensors.Arrays) -> blueprint.Blueprint:
    path = folder.path / "model.json"
    written = store.read_json(path)
    if written is None:
        return blueprint.guess(weights)
    try:
        return blueprint.read(written)
    except ValueError as error:
        raise CorruptRun(f"{path}: {error}.") from error


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0  # reading it will say what is wrong
