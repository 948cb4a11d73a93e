"""The checkpoint that predictions of a run use: that of its best epoch where one is kept, else the newest.

The manifest of a checkpoint holds (in `env`) the best step at the time of writing and the steps per epoch, so
the newest readable manifest names the best checkpoint, whether or not the run has ended.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from checkpoints import folder as checkpoint_folder
from checkpoints.errors import DamagedCheckpoint
from checkpoints.folder import Verified

MODEL = "model.safetensors"
BEST_STEP, EPOCH_STEPS = "best_step", "epoch_steps"
"""keys of `env`; a best step of 0: no checkpoint of a best epoch is kept"""
TRIES = 3
"""to read a checkpoint: a run that trains removes old ones at the same time"""


@dataclass(frozen=True, slots=True)
class ServedStep:
    """`is_last`: the newest, and no step was requested. `epoch_steps`: steps per epoch, 0 where unknown."""

    step: int
    is_best: bool
    is_last: bool
    epoch_steps: int = 0

    @property
    def epoch(self) -> int | None:
        """The epoch of its last update, from 1; None where unknown."""
        return -(-self.step // self.epoch_steps) if self.epoch_steps else None

    @property
    def description(self) -> str:
        """Such as `best epoch's weights (epoch 3, step 1,233)` or `last weights (step 40)`."""
        where = f"step {self.step:,}" if self.epoch is None else f"epoch {self.epoch:,}, step {self.step:,}"
        whose = "best epoch's " if self.is_best else "last " if self.is_last else ""
        return f"{whose}weights ({where})"


@dataclass(frozen=True, slots=True)
class ServedCheckpoint:
    """A checkpoint that was read. `damaged`: the preferred ones, which could not be."""

    which: ServedStep
    verified: Verified
    damaged: tuple[DamagedCheckpoint, ...] = ()

    @property
    def notice(self) -> str:
        """The damage of the checkpoints that were skipped; empty where there are none."""
        return " ".join(damage.message for damage in self.damaged)


def served_step(checkpoints: Path) -> ServedStep | None:
    """The checkpoint to use, damaged or not: only manifests are read. Raises CheckpointError."""
    there = checkpoint_folder.steps(checkpoints)
    if not there:
        return None
    best, epoch_steps = _best_step_and_epoch_steps(checkpoints, there)
    step = best if best in there else there[-1]
    return ServedStep(step, step == best, step == there[-1], epoch_steps)


def holds_last(checkpoints: Path) -> bool:
    """Whether the newest checkpoint holds the last weights, with those of the best epoch in another one.

    False where the newest holds the best weights, or where none can be read. Raises CheckpointError.
    """
    return _best_step_and_epoch_steps(checkpoints, checkpoint_folder.steps(checkpoints))[0] > 0


def read_served(
    checkpoints: Path, step: int | None = None, *, only: Collection[str] = (MODEL,)
) -> ServedCheckpoint | None:
    """Read the checkpoint to use, or the one of `step`; where it is damaged, the newest other one, or the
    newest before `step`.

    None where there is none. Raises DamagedCheckpoint where all are damaged, and CheckpointError.
    """
    found, damaged = None, list[DamagedCheckpoint]()
    for _ in range(TRIES):
        found, damaged = _read(checkpoints, step, only)
        if all(damage.path.exists() for damage in damaged):
            break
    if found is None and damaged:
        raise damaged[0]
    return found


def _read(
    checkpoints: Path, step: int | None, only: Collection[str]
) -> tuple[ServedCheckpoint | None, list[DamagedCheckpoint]]:
    there, damaged = checkpoint_folder.steps(checkpoints), list[DamagedCheckpoint]()
    best, epoch_steps = _best_step_and_epoch_steps(checkpoints, there)
    first = best if step is None and best in there else step
    older = [one for one in reversed(there) if one != first and (step is None or one <= step)]
    for one in [*([first] if first in there else []), *older]:
        try:
            verified = checkpoint_folder.read(checkpoints / checkpoint_folder.name_of(one), only=only)
        except DamagedCheckpoint as damage:
            damaged.append(damage)
            continue
        which = ServedStep(one, one == best, step is None and one == there[-1], epoch_steps)
        still = tuple(damage for damage in damaged if damage.path.exists())
        return ServedCheckpoint(which, verified, still), damaged
    return None, damaged


def _best_step_and_epoch_steps(checkpoints: Path, there: list[int]) -> tuple[int, int]:
    """(best step, steps per epoch) of the newest readable manifest; 0: unknown."""
    for step in reversed(there):
        try:
            env = checkpoint_folder.manifest_of(checkpoints / checkpoint_folder.name_of(step)).env
        except DamagedCheckpoint:
            continue
        best, size = (env.get(name, 0) for name in (BEST_STEP, EPOCH_STEPS))
        return best if type(best) is int else 0, size if type(size) is int and size > 0 else 0
    return 0, 0
