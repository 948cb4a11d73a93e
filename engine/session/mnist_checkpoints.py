"""Loads the network of an MNIST run's checkpoint as a NumPy network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from checkpoints import folder as checkpoint_folder
from checkpoints import tensors
from checkpoints.errors import DamagedCheckpoint
from checkpoints.manifest import NAME as MANIFEST
from engine import files, store, trained_on
from engine.errors import CorruptRun, DltuiError, RunNotFound, RunRefused
from engine.models.images import architecture
from engine.models.images.conv_net import ConvNet
from engine.protocol import Spec
from engine.served_checkpoint import MODEL, ServedCheckpoint, read_served, served_step
from engine.session.cache import SessionCache
from engine.store import RunFolder
from engine.trained_on import TrainedOn

EXPERIMENT = "mnist"
NOT_RECORDED = TrainedOn("", "")


CLASSES = 10


@dataclass(frozen=True, slots=True, eq=False)
class OpenNet:
    """`words` describe which weights these are; `warning`, when it is not empty, why they are not those that
    were requested."""

    folder: RunFolder
    spec: Spec
    step: int
    weights_sha256: str
    net: ConvNet
    words: str = ""
    warning: str = ""
    trained_on: TrainedOn = NOT_RECORDED

    @property
    def id(self) -> str:
        return self.folder.id


def folder_of(session_cache: SessionCache, run: str) -> tuple[RunFolder, Spec]:
    """Raises RunNotFound, RunRefused for a run of something else, and CorruptRun."""
    folder = store.folder_of(session_cache.places, run)
    if not run or run.startswith(".") or "/" in run or "\0" in run or not folder.path.is_dir():
        raise RunNotFound(f"There is no run {run[:80]!r}.", "Choose one of the table.")
    spec = store.read_spec(folder)
    if not spec.experiment.startswith(EXPERIMENT):
        raise RunRefused(
            f"{run} is a run of {spec.experiment[:40]}, expected one of {EXPERIMENT}.", "Choose another run."
        )
    return folder, spec


def all_runs(session_cache: SessionCache) -> list[tuple[RunFolder, Spec]]:
    """Newest first; runs of other experiments and those that cannot be read are left out."""
    found = []
    for run in store.list_ids(session_cache.places):
        try:
            found.append(folder_of(session_cache, run))
        except DltuiError:
            continue  # the run table shows what is wrong with it
    return sorted(found, key=lambda one: one[1].order, reverse=True)


def steps(folder: RunFolder) -> list[int]:
    """Steps of its checkpoints, oldest first; whether they are intact is checked when one is opened."""
    return checkpoint_folder.steps(folder.checkpoints)


def open_net(session_cache: SessionCache, run: str, step: int | None = None) -> OpenNet:
    """The network of a checkpoint, by default the one that is served (engine.served_checkpoint); for a
    damaged one the newest older one, with a warning.

    Raises RunNotFound, RunRefused when there is no such checkpoint, and CorruptRun.
    """
    folder, spec = folder_of(session_cache, run)
    there = steps(folder)
    if not there:
        raise RunRefused(
            f"{run} has no checkpoint yet.", "The first one comes after some seconds of training."
        )
    if step is not None and step not in there:
        known = ", ".join(map(str, there[-8:]))
        raise RunRefused(f"{run} has no checkpoint of step {step}.", f"There are those of steps {known}.")
    which = served_step(folder.checkpoints) if step is None else None
    wanted = which.step if which else there[-1] if step is None else step
    mark = _modified_ns(folder.checkpoints / checkpoint_folder.name_of(wanted) / MANIFEST)
    return session_cache.get(
        ("mnist.net", run, wanted, mark, step is None), lambda: _open(folder, spec, step)
    )


def _open(folder: RunFolder, spec: Spec, step: int | None) -> OpenNet:
    found = _read(folder, step)
    verified = found.verified
    warning = f"{found.damaged[0]} This is step {found.which.step}." if found.damaged else ""
    try:
        weights = tensors.loads(verified.files[MODEL])
        net = architecture.build(weights, _plan(folder, weights))
        if net.shapes()[-1] != (CLASSES,):
            raise ValueError(f"it ends in {net.shapes()[-1][0]} numbers, expected {CLASSES}")
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise CorruptRun(f"{verified.path / MODEL} cannot be used: {error}.") from error
    which, sha256 = found.which, verified.manifest.weights_sha256
    return OpenNet(
        folder,
        spec,
        which.step,
        sha256,
        net,
        which.description,
        warning,
        trained_on.from_checkpoint_env(verified.manifest.env),
    )


def _read(folder: RunFolder, step: int | None) -> ServedCheckpoint:
    try:
        found = read_served(folder.checkpoints, step)
    except DamagedCheckpoint as damage:
        raise RunRefused(
            f"Every checkpoint of {folder.id} is damaged, the newest: {damage.fault}.", "Train it again."
        ) from damage
    if found is None:
        raise RunRefused(f"{folder.id} has just removed that checkpoint.", "Choose a newer one.")
    return found


def _plan(folder: RunFolder, weights: tensors.Arrays) -> architecture.Architecture:
    path = folder.path / "model.json"
    written = files.read_json(path)
    if written is None:
        return architecture.infer(weights)
    try:
        return architecture.read(written)
    except ValueError as error:
        raise CorruptRun(f"{path}: {error}.") from error


def _modified_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0  # reading it will raise
